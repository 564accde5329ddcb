// A live page: takes what changed from the server, and veils itself when nothing new comes. A frozen screen is a hazard.
"use strict";
(() => {
  const url = document.body.dataset.live;
  if (!url) return;
  const LOOK_MS = 250;
  const SLEPT_MS = 3000;      // a gap between two looks that only sleep or a throttled background tab explains
  const frame = document.querySelector(".frame");
  const veil = document.getElementById("veil");
  const why = document.getElementById("veil-why");
  const age = document.getElementById("veil-age");
  let source = null;
  let sequence = null;        // of the newest cycle seen
  let allowedMs = 8000;       // until the server says how long a cycle takes here
  let advancedAt = performance.now();
  let heardAt = performance.now();
  let lookedAt = performance.now();
  let wallAt = Date.now();
  let cause = "silent";
  let frozen = false;
  let had = null;             // what had the focus when the page froze
  let whole = "";             // which parts the page has

  const freeze = (reason) => {
    cause = reason;
    why.textContent = why.dataset[reason];
    age.textContent = `${Math.round((performance.now() - advancedAt) / 1000)} s`;
    if (frozen) return;
    frozen = true;
    veil.hidden = false;
    had = document.activeElement;
    frame.inert = true;       // links and whatever comes into the page later too, for the mouse, keys and screen readers
    document.body.classList.add("frozen");
    document.dispatchEvent(new CustomEvent("setwise:frozen"));
  };

  const thaw = () => {
    if (!frozen) return;
    frozen = false;
    veil.hidden = true;
    frame.inert = false;
    if (document.activeElement === document.body) had?.focus();
    document.body.classList.remove("frozen");
    document.dispatchEvent(new CustomEvent("setwise:thawed"));
  };

  // New content for a live part; who is there with the keyboard stays there, and what was ticked stays ticked.
  const put = (place, html) => {
    const key = (each) => each.id || each.getAttribute("href");
    const held = place.contains(document.activeElement) ? key(document.activeElement) : null;
    const ticks = new Map([...place.querySelectorAll("input[id]")].map((each) => [each.id, each.checked]));
    place.innerHTML = html;
    for (const each of place.querySelectorAll("a, button, input")) {
      if (ticks.has(each.id)) each.checked = ticks.get(each.id);
      if (held && key(each) === held) each.focus();
    }
    if (window.htmx) window.htmx.process(place);
  };

  const beat = (event) => {
    const said = JSON.parse(event.data);
    const now = performance.now();
    heardAt = now;
    allowedMs = said.frozen_after_s * 1000;
    // The server knows for how long it has seen no new cycle; a page that was asleep must not count from its waking.
    advancedAt = now - said.quiet_s * 1000;
    const parts = said.whole ? Object.keys(said.patch).sort().join() : whole;
    if (said.reload || (whole && parts !== whole)) { location.reload(); return; }
    whole = parts;
    for (const [id, html] of Object.entries(said.patch)) {
      const place = document.getElementById(id);
      if (place) put(place, html);
    }
    // What a form says was seen is the cycle that the page shows now; a form that was opened shows what it showed then.
    if (said.cycle !== null) for (const each of document.querySelectorAll("main > :not(.sidepanel) [data-cycle]")) each.value = said.cycle;
    const isNew = sequence !== null && said.sequence !== sequence;
    sequence = said.sequence;
    if (!said.running) freeze("stopped");
    else if (said.quiet_s * 1000 > allowedMs) freeze("silent");
    else thaw();
    document.dispatchEvent(new CustomEvent("setwise:beat", { detail: { ...said, isNew } }));
  };

  const connect = () => {
    if (source) source.close();
    source = new EventSource(url);
    source.addEventListener("beat", beat);
    source.addEventListener("ended", () => {
      source.close();
      clearInterval(looking);
      freeze("ended");
      document.getElementById("veil-what").hidden = true;
      document.getElementById("veil-enter").hidden = false;
    });
  };

  const look = () => {
    const now = performance.now(), wall = Date.now();
    const slept = Math.max(now - lookedAt, Math.abs(wall - wallAt)) > LOOK_MS + SLEPT_MS;
    lookedAt = now;
    wallAt = wall;
    if (slept) { freeze("slept"); connect(); return; }  // also after a change of the machine's clock: ask anew
    // A half-open line reports no error: the server speaks every second, so silence is the sign.
    if (now - heardAt > 5000) { freeze("lost"); heardAt = now - 2000; connect(); return; }
    if (now - advancedAt > allowedMs) freeze(cause === "stopped" ? "stopped" : "silent");
    else if (frozen) age.textContent = `${Math.round((now - advancedAt) / 1000)} s`;
  };

  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  connect();
  const looking = setInterval(look, LOOK_MS);
})();
