// Trends: pens with their limits, modes, events and what is foreseen, drawn by uPlot from the numbers of /trends/data.
"use strict";
(() => {
  const COLOURS = ["#0b3d66", "#8a3b00", "#14532d", "#6b1f7a", "#5e5200", "#005560", "#8a0f2c", "#33373b"];
  // Letters on the canvas grow with those of the page: on a 4K wall they are read from afar.
  const SIZE = parseFloat(getComputedStyle(document.documentElement).fontSize) / 14;
  const FONT = `${Math.round(12 * SIZE)}px sans-serif`;
  const WHOLE_MS = 1800000;
  const BANDS = ["#cfd1d3", "#bcc0c4"];
  const make = (tag, text) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; return e; };
  const put = (pattern, value) => pattern.replace("%s", value);
  const lasting = (s) => s < 120 ? `${Math.round(s)} s` : s < 7200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;

  class Trend {
    constructor(place) {
      this.place = place;
      this.words = JSON.parse(place.dataset.words);
      this.full = "full" in place.dataset;
      this.pens = place.dataset.pens.split(",").filter(Boolean);
      this.span = Number(place.dataset.span || 28800);
      this.range = null;         // [from, to] where the reader looks at a span of his own
      this.marks = { a: null, b: null };
      this.share = false;
      this.expected = "";
      this.plot = null;
      this.asking = false;
      // sv-SE writes 2026-11-28 23:20:45, as all the other pages do.
      this.clock = new Intl.DateTimeFormat("sv-SE", { timeZone: place.dataset.zone, dateStyle: "short", timeStyle: "medium" });
      this.box = make("div");
      this.box.className = "trend-box";
      this.box.tabIndex = 0;
      this.box.setAttribute("role", "img");
      this.box.setAttribute("aria-label", put(this.words.picture, this.pens.join(", ")));
      this.said = make("p");
      this.said.setAttribute("role", "status");
      this.legend = make("table");
      this.legend.className = "grid trend-table";
      place.append(this.said, this.box, this.legend);
      this.box.addEventListener("keydown", (event) => this.key(event));
      new ResizeObserver(() => { if (this.plot) this.plot.setSize(this.size()); }).observe(place);
    }

    size() { return { width: Math.max(this.place.clientWidth, 200), height: this.full ? Math.max(window.innerHeight * 0.52, 260) : 190 * SIZE }; }

    query() {
      const query = new URLSearchParams({ pens: this.pens.join(",") });
      if (this.range) { query.set("from", this.range[0]); query.set("to", this.range[1]); } else query.set("span", this.span);
      if (this.expected) query.set("expected", this.expected);
      return query;
    }

    async load() {
      if (this.asking || !this.pens.length) return;
      this.asking = true;
      try {
        const known = this.growing() ? this.data : null;
        const query = this.query();
        if (known) { query.delete("span"); query.set("from", known.at[known.at.length - 1] + 0.001); }
        const answer = await fetch(`${this.place.dataset.url}?${query}`);
        if (!answer.ok) throw new Error(answer.status);
        const data = await answer.json();
        if (!known) this.wholeAt = performance.now();
        this.show(known ? this.grown(known, data) : data);
      } catch {
        this.said.textContent = this.words.lost;
        this.said.className = "flag flag-2";
      } finally { this.asking = false; }
    }

    // A running trend asks only for what is new; from time to time it begins again, with what was rolled up meanwhile.
    growing() { return this.plot && !this.range && !this.expected && this.data.at.length && performance.now() - this.wholeAt < WHOLE_MS; }

    grown(known, data) {
      const gap = data.at.length && data.at[0] - known.at[known.at.length - 1] > known.gap_s;
      const times = gap ? [(data.at[0] + known.at[known.at.length - 1]) / 2, ...data.at] : data.at;
      const joined = (one, other) => [...one, ...(gap ? [null] : []), ...other];
      known.at.push(...times);
      known.pens.forEach((pen, k) => {
        const fresh = data.pens[k];
        if (known.span_s) { pen.low = joined(pen.low, fresh.low || fresh.mean); pen.high = joined(pen.high, fresh.high || fresh.mean); }
        pen.mean = joined(pen.mean, fresh.mean);
        const held = pen.limits[pen.limits.length - 1] || [];
        pen.limits.push(...fresh.limits.filter(([, lo, hi], n) => n || lo !== held[1] || hi !== held[2]));
      });
      const last = known.modes[known.modes.length - 1];
      known.modes.push(...data.modes.filter(([, word], k) => k || !last || word !== last[1]));
      known.events.push(...data.events);
      const start = data.to - this.span;
      const old = known.at.findIndex((at) => at >= start);
      if (old > 0) {
        known.at.splice(0, old);
        for (const pen of known.pens) for (const column of [pen.mean, pen.low, pen.high]) if (column) column.splice(0, old);
      }
      return { ...known, from: start, to: data.to, newest: data.newest, quiet_s: data.quiet_s, frozen: data.frozen, foreseen: data.foreseen };
    }

    show(data) {
      this.data = data;
      const notes = [data.span_s ? put(this.words.span, lasting(data.span_s)) : this.words.raw];
      if (data.every > 1) notes.push(put(this.words.thinned, data.every));
      if (!data.at.length) notes.unshift(this.words.none);
      const stopped = data.frozen && !this.range;
      this.said.textContent = stopped ? put(this.words.stopped, lasting(data.quiet_s)) : notes.join(" · ");
      this.said.className = stopped ? "flag flag-2" : "quiet";
      const table = this.table(data);
      if (this.plot && this.plot.series.length === table.length && this.shape === this.shapeOf(data)) {
        const scale = this.plot.scales.x;
        this.plot.setData(table, false);
        this.rescale(data, scale);
      } else this.build(data, table);
      this.events(data);
      this.draw();
    }

    shapeOf(data) { return JSON.stringify([data.pens.map((pen) => pen.name), data.span_s > 0, this.share]); }

    // One column of times for all lines: the past, and behind it what is foreseen and was expected.
    table(data) {
      const expected = data.expected ? data.expected.of : {};
      const extra = [...Object.values(data.foreseen), ...Object.values(expected)].flat().map(([at]) => at);
      const times = [...new Set([...data.at, ...extra])].sort((a, b) => a - b);
      const place = new Map(times.map((at, k) => [at, k]));
      const past = new Map(data.at.map((at, k) => [at, k]));
      const columns = [times];
      const fill = (pairs, pen) => {
        const column = new Array(times.length).fill(null);
        for (const [at, value] of pairs) column[place.get(at)] = this.scaled(pen, value);
        return column;
      };
      // A time that only the future has is no gap of the past: undefined is passed over, null breaks the line.
      const line = (values, pen) => times.map((at) => past.has(at) ? this.scaled(pen, values[past.get(at)]) : undefined);
      for (const pen of data.pens) {
        pen.base = pen.scale || this.extent(pen.mean);
        columns.push(line(pen.mean, pen), fill(data.foreseen[pen.name] || [], pen), fill(expected[pen.name] || [], pen));
        if (data.span_s) columns.push(line(pen.low, pen), line(pen.high, pen));
      }
      return columns;
    }

    extent(values) {
      const known = values.filter((value) => value !== null);
      const low = Math.min(...known), high = Math.max(...known);
      return known.length && high > low ? [low, high] : [(known[0] || 0) - 1, (known[0] || 0) + 1];
    }

    scaled(pen, value) {
      if (value === null || !this.share) return value;
      return 100 * (value - pen.base[0]) / (pen.base[1] - pen.base[0]);
    }

    rescale(data) {
      const ends = Object.values(data.foreseen).map((path) => path[path.length - 1][0]);
      const to = this.range ? this.range[1] : Math.max(data.to, ...ends);
      this.plot.setScale("x", { min: data.from, max: to });
    }

    build(data, table) {
      if (this.plot) this.plot.destroy();
      this.shape = this.shapeOf(data);
      const series = [{}], bands = [], scales = { x: { time: true } };
      const axes = [{
        stroke: "#1b1d1f", grid: { stroke: "#cfd1d3" }, font: FONT, label: this.place.dataset.zone, labelFont: FONT, labelSize: 16 * SIZE, size: 38 * SIZE,
        values: (u, ticks, axis, space, step) => ticks.map((at, k) => this.tick(at, ticks[k - 1], step)),
      }];
      data.pens.forEach((pen, k) => {
        const scale = this.share ? "share" : `y${k}`, stroke = COLOURS[k % COLOURS.length], width = k < 4 ? 1.5 : 2.5;
        // The limits in force belong into the picture; what lies far outside of them too.
        scales[scale] = { range: (_, low, high) => this.reach(pen, low, high) };
        const common = { scale, points: { show: false } };
        series.push({ ...common, label: pen.name, stroke, width });
        series.push({ ...common, label: `${pen.name} →`, stroke, width, dash: [6, 4], spanGaps: true });
        series.push({ ...common, label: `${pen.name} ?`, stroke, width: 1, dash: [2, 3], spanGaps: true });
        if (data.span_s) {
          const at = series.length;
          series.push({ ...common, label: "", stroke: "transparent" }, { ...common, label: "", stroke: "transparent" });
          bands.push({ series: [at + 1, at], fill: `${stroke}22` });
        }
        if (k < 2 && !(this.share && k > 0)) {
          axes.push({ scale, side: k ? 1 : 3, stroke: this.share ? "#1b1d1f" : stroke, size: 64 * SIZE, grid: { show: k === 0, stroke: "#cfd1d3" }, label: this.share ? "%" : `${pen.name} [${pen.unit}]`, labelSize: 18 * SIZE, font: FONT, labelFont: FONT });
        }
      });
      const zone = this.place.dataset.zone;
      this.plot = new uPlot({
        ...this.size(), series, bands, scales, axes,
        padding: [8, 12, 0, 0],
        tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), zone),
        legend: { show: false },
        cursor: { drag: { x: this.full, y: false, setScale: false }, points: { size: 5 } },
        hooks: {
          drawClear: [(u) => this.drawBands(u)],
          draw: [(u) => this.drawMarks(u)],
          setCursor: [(u) => this.values(u.cursor.idx)],
          setSelect: [(u) => {
            if (u.select.width < 5) return;
            const from = u.posToVal(u.select.left, "x"), to = u.posToVal(u.select.left + u.select.width, "x");
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            this.look(from, to);
          }],
        },
      }, table, this.box);
      this.plot.over.addEventListener("click", (event) => { if (this.full) this.mark(event.shiftKey ? "b" : "a"); });
      this.plot.over.addEventListener("dblclick", () => this.back());
      this.box.setAttribute("aria-label", put(this.words.picture, this.pens.join(", ")));
      this.rescale(data);
      this.head();
    }

    tick(at, before, step) {
      const [day, time] = this.clock.format(at * 1e3).split(" ");
      const yesterday = before === undefined ? "" : this.clock.format(before * 1e3).split(" ")[0];
      const text = step >= 86400 ? "" : step >= 60 ? time.slice(0, 5) : time;
      return day === yesterday ? text : `${text}\n${day}`;
    }

    reach(pen, low, high) {
      const last = pen.limits.length ? pen.limits[pen.limits.length - 1].slice(1).filter((x) => x !== null) : [];
      const marks = [...last.map((x) => this.scaled(pen, x)), low, high].filter((x) => x !== null && Number.isFinite(x));
      if (this.share) marks.push(0, 100);
      if (!marks.length) return [0, 1];
      const min = Math.min(...marks), max = Math.max(...marks), room = 0.06 * (max - min) || Math.abs(max) * 0.01 || 1;
      return [min - room, max + room];
    }

    drawBands(u) {
      const ctx = u.ctx, { left, top, width, height } = u.bbox, strip = Math.round(14 * SIZE * devicePixelRatio);
      const modes = this.data.modes, clip = (x) => Math.min(Math.max(x, left), left + width);
      ctx.save();
      ctx.font = `${Math.round(10 * SIZE * devicePixelRatio)}px sans-serif`;
      ctx.textAlign = "left";
      modes.forEach(([at, word], k) => {
        const from = clip(u.valToPos(at, "x", true));
        const to = clip(u.valToPos(k + 1 < modes.length ? modes[k + 1][0] : Math.min(this.data.newest || this.data.to, this.data.to), "x", true));
        if (to <= from) return;
        ctx.fillStyle = BANDS[k % 2];
        ctx.fillRect(from, top + height - strip, to - from, strip);
        ctx.fillStyle = "#1b1d1f";
        if (ctx.measureText(word).width + 6 < to - from) ctx.fillText(word, from + 3, top + height - strip / 4);
      });
      ctx.restore();
    }

    drawMarks(u) {
      const ctx = u.ctx, { left, top, width, height } = u.bbox, ratio = devicePixelRatio;
      ctx.save();
      ctx.beginPath(); ctx.rect(left, top, width, height); ctx.clip();
      this.data.pens.forEach((pen, k) => {
        if (this.data.pens.length > 3 && !this.share && k > 1) return;   // limits of scales that nobody can read off
        ctx.strokeStyle = COLOURS[k % COLOURS.length]; ctx.lineWidth = ratio; ctx.setLineDash([8 * ratio, 3 * ratio, 2 * ratio, 3 * ratio]);
        const scale = this.share ? "share" : `y${k}`;
        for (const side of [1, 2]) {
          ctx.beginPath();
          pen.limits.forEach((limit, n) => {
            if (limit[side] === null) return;
            const end = n + 1 < pen.limits.length ? pen.limits[n + 1][0] : u.scales.x.max;
            const y = u.valToPos(this.scaled(pen, limit[side]), scale, true);
            ctx.moveTo(u.valToPos(Math.max(limit[0], u.scales.x.min), "x", true), y);
            ctx.lineTo(u.valToPos(end, "x", true), y);
          });
          ctx.stroke();
        }
      });
      ctx.setLineDash([]);
      const upright = (at, text, colour, dash) => {
        const x = u.valToPos(at, "x", true);
        ctx.strokeStyle = colour; ctx.fillStyle = colour; ctx.lineWidth = ratio; ctx.setLineDash(dash);
        ctx.beginPath(); ctx.moveTo(x, top); ctx.lineTo(x, top + height); ctx.stroke(); ctx.setLineDash([]);
        ctx.font = `${Math.round(11 * SIZE * ratio)}px sans-serif`;
        ctx.textAlign = "left";
        ctx.fillText(text, x + 3 * ratio, top + 11 * SIZE * ratio);
      };
      if (this.data.newest && !this.range) upright(this.data.newest, this.words.now, "#4a4e52", []);
      if (this.data.expected) upright(this.data.expected.at, "?", "#4a4e52", [2, 2]);
      for (const name of ["a", "b"]) if (this.marks[name] !== null) upright(this.marks[name], this.words[name], "#1b1d1f", [4, 3]);
      ctx.fillStyle = "#1b1d1f"; ctx.font = `${Math.round(12 * SIZE * ratio)}px sans-serif`;
      for (const [at, , text] of this.data.events) ctx.fillText(text ? "⚑" : "", u.valToPos(at, "x", true) - 2 * ratio, top + 24 * SIZE * ratio);
      ctx.restore();
    }

    draw() { if (this.plot) { this.plot.redraw(false); this.values(this.plot.cursor.idx); } }

    head() {
      const words = this.words;
      const row = make("tr");
      for (const text of [words.pens, words.value, ...(this.full ? [words.a, words.b, words.difference] : []), words.unit]) {
        const cell = make("th", text); cell.scope = "col"; row.append(cell);
      }
      const head = make("thead"); head.append(row);
      const body = make("tbody");
      this.data.pens.forEach((pen, k) => {
        const line = make("tr"), name = make("th");
        name.scope = "row";
        const key = make("span", "━ "); key.className = `pen pen-${k}`;
        name.append(key, pen.name);
        if (this.full && this.pens.length > 1) {
          const button = make("button", "×");
          button.type = "button"; button.className = "small"; button.setAttribute("aria-label", put(words.remove, pen.name));
          button.addEventListener("click", () => { this.pens = this.pens.filter((each) => each !== pen.name); this.again(); });
          name.append(" ", button);
        }
        line.append(name);
        for (let n = 0; n < (this.full ? 4 : 1); n++) { const cell = make("td", "–"); cell.className = "n"; line.append(cell); }
        line.append(make("td", pen.unit));
        body.append(line);
      });
      this.legend.replaceChildren(head, body);
      this.places = body;
    }

    at(pen, utc) {
      const at = this.data.at;
      let best = null;
      for (let k = 0; k < at.length; k++) if (best === null || Math.abs(at[k] - utc) < Math.abs(at[best] - utc)) best = k;
      return best === null ? null : pen.mean[best];
    }

    values(index) {
      if (!this.places || !this.plot) return;
      const times = this.plot.data[0];
      const here = index === null || index === undefined ? this.data.at[this.data.at.length - 1] : times[index];
      const text = (value) => value === null || value === undefined ? "–" : value.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 5 });
      this.legend.tHead.rows[0].cells[1].textContent = here ? this.clock.format(here * 1e3) : this.words.value;
      this.data.pens.forEach((pen, k) => {
        const cells = this.places.rows[k].cells;
        const future = here > this.data.at[this.data.at.length - 1];
        const value = future ? this.plot.data[2 + k * (this.data.span_s ? 5 : 3)][index] : this.at(pen, here);
        cells[1].textContent = future && value !== null && value !== undefined ? `${text(this.unscaled(pen, value))} (${pen.kind === "MV" ? this.words.planned : this.words.predicted})` : text(future ? null : value);
        if (!this.full) return;
        const a = this.marks.a === null ? null : this.at(pen, this.marks.a), b = this.marks.b === null ? null : this.at(pen, this.marks.b);
        cells[2].textContent = text(a);
        cells[3].textContent = text(b);
        cells[4].textContent = a === null || b === null ? "–" : text(b - a);
      });
    }

    unscaled(pen, value) { return this.share ? pen.base[0] + value * (pen.base[1] - pen.base[0]) / 100 : value; }

    events(data) {
      const list = document.getElementById("trend-events");
      if (!list || !this.full) return;
      const items = data.events.slice(-50).reverse().map(([at, kind, text]) => make("li", `${this.clock.format(at * 1e3)} · ${kind}: ${text}`));
      list.replaceChildren(...(items.length ? items : [make("li", list.dataset.none)]));
    }

    mark(name) {
      const index = this.plot.cursor.idx;
      if (index === null || index === undefined) return;
      this.marks[name] = this.plot.data[0][index];
      this.draw();
      this.changed();
    }

    look(from, to) {
      if (to - from < 10) return;
      this.range = [from.toFixed(1), to.toFixed(1)].map(Number);
      this.again();
    }

    back() { this.range = null; this.again(); }

    again() { this.plot?.destroy(); this.plot = null; this.load(); this.changed(); }

    changed() { this.onchange?.(); }

    key(event) {
      if (!this.plot) return;
      const { min, max } = this.plot.scales.x, width = max - min;
      const does = {
        ArrowLeft: () => this.look(min - 0.2 * width, max - 0.2 * width),
        ArrowRight: () => this.look(min + 0.2 * width, max + 0.2 * width),
        "+": () => this.look(min + 0.25 * width, max - 0.25 * width),
        "-": () => this.look(min - 0.5 * width, max + 0.5 * width),
        Escape: () => this.back(),
        a: () => this.mark("a"),
        b: () => this.mark("b"),
      }[event.key];
      if (!does || !this.full || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      does();
    }
  }

  const start = (place) => {
    const trend = new Trend(place);
    place.trend = trend;
    if (trend.full) return;      // trendpage.js sets it up first
    document.addEventListener("setwise:beat", (event) => { if (event.detail.isNew) trend.load(); });
    trend.load();
  };
  document.querySelectorAll(".trend").forEach(start);
})();
