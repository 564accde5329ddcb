// A file that is chosen is put into the text field: what is sent is what was seen.
"use strict";
document.addEventListener("change", async (event) => {
  const into = document.getElementById(event.target.dataset?.into ?? "");
  const file = event.target.files?.[0];
  if (into && file) into.value = await file.text();
});
