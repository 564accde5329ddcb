// The Trends page: what its controls and its address say, told to the one trend on it; and the link to what is seen.
"use strict";
(() => {
  const PENS_MAX = 8;
  const page = (trend) => {
    const at = (id) => document.getElementById(id);
    const asked = new URLSearchParams(location.search);
    if (asked.get("span")) { trend.span = Number(asked.get("span")); at("trend-span").value = asked.get("span"); }
    if (asked.get("from") && asked.get("to")) trend.range = [Number(asked.get("from")), Number(asked.get("to"))];
    trend.share = at("trend-share").checked = asked.get("share") === "1";
    trend.expected = at("trend-expected").value = asked.get("expected") || "";
    for (const name of ["a", "b"]) if (asked.get(name)) trend.marks[name] = Number(asked.get(name));
    trend.onchange = () => {
      const query = trend.query();
      at("trend-csv").href = `${location.pathname}.csv?${query}`;
      if (trend.share) query.set("share", "1");
      for (const name of ["a", "b"]) if (trend.marks[name] !== null) query.set(name, trend.marks[name]);
      at("trend-link").href = `?${query}`;
      const live = at("trend-live");
      live.textContent = trend.range ? live.dataset.live : live.dataset.pause;
      live.setAttribute("aria-pressed", trend.range ? "false" : "true");
    };
    at("trend-add").addEventListener("change", (event) => {
      const name = event.target.value;
      event.target.value = "";
      if (!name || trend.pens.includes(name)) return;
      if (trend.pens.length >= PENS_MAX) { trend.said.textContent = trend.words.full; return; }
      trend.pens.push(name);
      trend.again();
    });
    at("trend-span").addEventListener("change", (event) => { trend.span = Number(event.target.value); trend.range = null; trend.again(); });
    at("trend-live").addEventListener("click", () => {
      if (trend.range) trend.back();
      else if (trend.plot) trend.look(trend.plot.scales.x.min, trend.plot.scales.x.max);
    });
    at("trend-share").addEventListener("change", (event) => { trend.share = event.target.checked; trend.again(); });
    at("trend-expected").addEventListener("change", (event) => { trend.expected = event.target.value.trim(); trend.again(); });
    trend.changed();
    setInterval(() => { if (!trend.range && !document.hidden) trend.load(); }, Number(trend.place.dataset.every));
  };

  const place = document.querySelector(".trend[data-full]");
  if (!place) return;
  page(place.trend);
  place.trend.load();
})();
