// What every page does besides living: close what was opened, keep to the keyboard.
"use strict";
document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-close]");
  if (close) close.closest(".sidepanel").replaceChildren();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector(".sidepanel")?.replaceChildren();
});
// A fragment that htmx asks for says which page it is for, so that giving the password leads back there.
document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-From"] = location.pathname; });
