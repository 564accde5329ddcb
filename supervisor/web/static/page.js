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
// A form that was answered is done; what is sent next from it is another act, under another key. One that got no answer
// keeps its key: sent again it is the same act.
document.addEventListener("htmx:afterRequest", (event) => {
  const key = event.detail.successful && event.target.querySelector?.("input[name=key]");
  if (!key) return;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  key.value = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
});
