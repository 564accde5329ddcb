// The mini-trend of the Controller page follows the row that was chosen by click or keyboard.
"use strict";
(() => {
  const rows = [...document.querySelectorAll("tr[data-pen]")];
  const mini = document.querySelector(".trend[data-follows]");
  const choose = (row) => {
    if (!mini) return;
    for (const each of rows) each.classList.toggle("chosen", each === row);
    document.getElementById("mini-name").textContent = row.dataset.pen;
    document.getElementById("mini-link").href = mini.dataset.page + encodeURIComponent(row.dataset.pen);
    mini.trend.pens = [row.dataset.pen];
    mini.trend.again();
  };
  for (const row of rows) {
    row.addEventListener("click", (event) => { if (!event.target.closest("a, button, input")) choose(row); });
    row.querySelector("[data-choose]")?.addEventListener("focus", () => choose(row));
  }
})();
