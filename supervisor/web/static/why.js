// Copy the decision record as JSON. Where the browser gives no clipboard (plain http), the link beside it does.
"use strict";
(() => {
  const button = document.getElementById("copy");
  const said = document.getElementById("copy-said");
  if (!button) return;
  button.addEventListener("click", async () => {
    try {
      const text = await (await fetch(button.dataset.url)).text();
      await navigator.clipboard.writeText(text);
      said.textContent = button.dataset.done;
    } catch {
      said.textContent = button.dataset.failed;
    }
  });
})();
