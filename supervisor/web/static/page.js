// What every page does besides living: open and close the side panel, say what failed, keep to the keyboard.
"use strict";
(() => {
  let opener = null;          // where the keyboard was when the side panel was opened
  const close = () => {
    const panel = document.querySelector(".sidepanel:not(:empty)");
    if (!panel) return;
    panel.replaceChildren();
    // A live part may have been drawn anew since: then it is its successor that gets the focus.
    const same = (each) => (opener.id ? each.id === opener.id : each.getAttribute("href") === opener.getAttribute("href"));
    if (opener) (opener.isConnected ? opener : [...document.querySelectorAll("a, button")].find(same))?.focus();
  };
  document.addEventListener("click", (event) => { if (event.target.closest("[data-close]")) close(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target?.matches(".sidepanel")) opener = event.detail.elt;
  });
  // Who opens a form for a number types the new one over the old one.
  document.addEventListener("htmx:afterSettle", (event) => event.detail.elt.querySelector("[autofocus]")?.select());
  // A form that got no answer says so: nobody may take silence for "done".
  const failed = (event) => {
    const told = document.createElement("p");
    told.className = "acted error";
    told.setAttribute("role", "alert");
    told.textContent = `✗ ${document.body.dataset.failed}`;
    event.detail.target?.replaceChildren(told);
  };
  for (const each of ["htmx:responseError", "htmx:sendError"]) document.addEventListener(each, failed);
  // The key of a form names one act. Once that has its answer, the form is for another; without one it can be asked again.
  document.addEventListener("htmx:afterSwap", (event) => {
    const key = event.detail.requestConfig?.elt.elements?.namedItem("key");
    if (!key || !event.detail.target.querySelector("[data-answered]")) return;
    key.value = Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
  });
  // A fragment that htmx asks for says which page it is for, so that giving the password leads back there.
  document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-From"] = location.pathname; });
})();
