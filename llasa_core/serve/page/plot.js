// The signal above, a row for each activity below; the same colours as the picture that `llasa timeline` draws.

import * as api from "./api.js";
import { clock } from "./words.js";

const UNKNOWN = "unknown";
const MOST_SHADES = 400;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800];
const LEAST_S = 2;
const FETCH_AFTER_MS = 120;

let library;
function loadPlotly() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/static/plotly.min.js";
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => reject(new Error("plotly.js cannot be loaded"));
    document.head.append(script);
  });
  return library;
}

const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

export class Picture {
  constructor(place, { onMoment, onZoom }) {
    this.place = place;
    this.onMoment = onMoment;
    this.onZoom = onZoom;
    this.moment = null;
    this.shown = null;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.timeline && this.draw());
    this.watchClicks();
    new ResizeObserver(() => this.timeline && this.plotly?.Plots.resize(this.place)).observe(place);
  }

  async open(timeline, signalName) {
    this.timeline = timeline;
    this.signalName = signalName;
    this.range = [timeline.start_s, timeline.end_s];
    this.moment = this.shown = null;
    [this.plotly] = await Promise.all([loadPlotly(), this.fetch()]);
    this.place.setAttribute("aria-label", this.described());
    await this.draw();
  }

  described() {
    const parts = Object.entries(this.timeline.totals_s).map(([name, s]) => `${name} ${Math.round(s)} seconds`);
    return `Signal with ${this.timeline.segments.length} coloured segments: ${parts.join(", ")}`;
  }

  colour(name) {
    const found = this.timeline.colours[name] ?? this.timeline.colours[UNKNOWN];
    return isDark() && found === "#1b1f24" ? "#c9ced3" : found;
  }

  async select(signalName) {
    this.signalName = signalName;
    await this.fetch();
    await this.draw();
  }

  segmentAt(seconds) {
    return this.timeline.segments.find((one) => one.start_s <= seconds && seconds < one.end_s);
  }

  async fetch() {
    this.fetching?.abort();
    const fetching = (this.fetching = new AbortController());
    const [start, end] = this.range;
    const pad = (end - start) * 0.25; // so that a small pan shows something at once
    const [from, to] = [Math.max(this.timeline.start_s, start - pad), Math.min(this.timeline.end_s, end + pad)];
    try {
      this.data = await api.signal(this.timeline.upload, this.signalName, from, to, 3000, fetching.signal);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  ticks() {
    const [start, end] = this.range;
    const most = Math.max(3, Math.floor(this.place.clientWidth / 95));
    const step = STEPS.find((one) => (end - start) / one <= most) ?? 86400;
    const values = [];
    for (let at = Math.ceil(start / step) * step; at <= end; at += step) values.push(at);
    return { tickvals: values, ticktext: values.map((at) => clock(at)) };
  }

  shapes() {
    const { segments, gaps } = this.timeline;
    const shade = Number(colourOf("--shade"));
    const box = (one, yref, more) => ({
      type: "rect", xref: "x", x0: one.start_s, x1: one.end_s, yref, y0: 0, y1: 1, line: { width: 0 }, layer: "below", ...more,
    });
    const shades = segments.length > MOST_SHADES ? [] : segments.map((one) =>
      box(one, "y domain", { fillcolor: this.colour(one.activity), opacity: shade }));
    const empty = gaps.map((one) => box(one, "paper", { fillcolor: colourOf("--rule"), opacity: 0.6 }));
    const shown = this.shown
      ? [box({ start_s: this.shown[0], end_s: this.shown[1] }, "paper", { layer: "above", fillcolor: "rgba(0,0,0,0)", line: { width: 2, color: colourOf("--accent") } })]
      : [];
    const moment = this.moment === null ? [] : [{
      type: "line", xref: "x", yref: "paper", x0: this.moment, x1: this.moment, y0: 0, y1: 1,
      line: { color: colourOf("--accent"), width: 2, dash: "dot" },
    }];
    return [...shades, ...empty, ...shown, ...moment];
  }

  traces() {
    const { t, y, unit } = this.data;
    const told = t.map((at) => {
      const one = this.segmentAt(at);
      return clock(at, 2) + (one ? `<br>${one.activity}, ${Math.round(100 * one.confidence)} % sure` : "");
    });
    const signal = {
      type: "scatter", mode: "lines", x: t, y, customdata: told, connectgaps: false,
      line: { color: colourOf("--ink"), width: 1 },
      hovertemplate: `%{y:.2f} ${unit}<br>%{customdata}<extra></extra>`,
    };
    const names = this.names();
    const rows = names.map((name) => {
      const own = this.timeline.segments.filter((one) => one.activity === name);
      return {
        type: "bar", orientation: "h", yaxis: "y2", hoverinfo: "skip", width: 0.72,
        y: own.map(() => name), base: own.map((one) => one.start_s), x: own.map((one) => one.end_s - one.start_s),
        marker: { color: this.colour(name), line: { width: 0 } },
      };
    });
    return [signal, ...rows];
  }

  names() {
    return Object.keys(this.timeline.totals_s);
  }

  layout() {
    const names = this.names();
    const [rowsHeight, signalHeight, between] = [24 * names.length, this.place.clientWidth < 500 ? 190 : 250, 14];
    const height = 16 + signalHeight + between + rowsHeight + 36;
    const inner = signalHeight + between + rowsHeight;
    const isNarrow = this.place.clientWidth < 500;
    const faint = { gridcolor: colourOf("--rule"), zeroline: false, linecolor: colourOf("--rule") };
    return {
      height,
      margin: { l: isNarrow ? 106 : 132, r: 20, t: 16, b: 36 },
      paper_bgcolor: colourOf("--card"), plot_bgcolor: colourOf("--card"),
      font: { family: colourOf("--sans"), size: isNarrow ? 11 : 12.5, color: colourOf("--ink") },
      showlegend: false, barmode: "overlay", hovermode: "x",
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      hoverlabel: { bgcolor: colourOf("--card"), bordercolor: colourOf("--rule"), font: { color: colourOf("--ink") }, align: "left" },
      xaxis: { ...faint, ...this.ticks(), range: this.range, tickmode: "array", anchor: "y2", showgrid: false, ticks: "outside", tickcolor: colourOf("--rule"), showspikes: false },
      yaxis: { ...faint, domain: [(rowsHeight + between) / inner, 1], fixedrange: true, nticks: 5, title: { text: isNarrow ? this.data.unit : `${this.signalName} (${this.data.unit})`, standoff: 8 } },
      yaxis2: { domain: [0, rowsHeight / inner], fixedrange: true, type: "category", categoryorder: "array", categoryarray: [...names].reverse(), range: [-0.5, names.length - 0.5], showgrid: false, zeroline: false, ticksuffix: " " },
      shapes: this.shapes(),
    };
  }

  async draw() {
    const config = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false };
    await this.plotly.react(this.place, this.traces(), this.layout(), config);
    if (!this.isWatched) {
      this.isWatched = true;
      this.place.on("plotly_relayout", (change) => {
        if ("xaxis.range[0]" in change) this.zoom([change["xaxis.range[0]"], change["xaxis.range[1]"]]);
        else if (change["xaxis.autorange"]) this.zoom(null);
      });
      this.place.on("plotly_doubleclick", () => this.zoom(null));
    }
  }

  zoom(range) {
    const { start_s: first, end_s: last } = this.timeline;
    let [start, end] = range ?? [first, last];
    const width = Math.min(Math.max(end - start, LEAST_S), last - first);
    const middle = (start + end) / 2;
    start = Math.min(Math.max(middle - width / 2, first), last - width);
    this.range = [start, start + width];
    this.onZoom?.(this.range);
    clearTimeout(this.waiting);
    this.draw();
    return new Promise((resolve) => {
      this.waiting = setTimeout(async () => {
        await this.fetch();
        await this.draw();
        resolve();
      }, FETCH_AFTER_MS);
    });
  }

  scale(factor) {
    const [start, end] = this.range;
    const middle = this.moment !== null && this.moment > start && this.moment < end ? this.moment : (start + end) / 2;
    return this.zoom([middle - ((end - start) * factor) / 2, middle + ((end - start) * factor) / 2]);
  }

  pan(share) {
    const by = (this.range[1] - this.range[0]) * share;
    return this.zoom([this.range[0] + by, this.range[1] + by]);
  }

  mark(seconds) {
    this.moment = seconds;
    this.shown = null;
    return this.draw();
  }

  // Shows a stretch with a little around it.
  show(start, end) {
    this.shown = [start, end];
    this.moment = null;
    const [first, last] = this.range;
    if (start >= first && end <= last && (end - start) > (last - first) / 12) return this.draw();
    const around = Math.max(2, (end - start) * 0.4);
    return this.zoom([start - around, end + around]);
  }

  watchClicks() {
    let down = null;
    this.place.addEventListener("pointerdown", (event) => { down = [event.clientX, event.clientY]; }, true);
    addEventListener("pointerup", (event) => { // on the window, since plotly lays a cover over the page meanwhile
      const from = down;
      down = null;
      if (!from || !this.timeline || Math.hypot(event.clientX - from[0], event.clientY - from[1]) > 5) return;
      const area = this.place.querySelector(".nsewdrag")?.getBoundingClientRect();
      if (!area || event.clientX < area.left || event.clientX > area.right) return;
      const [start, end] = this.range;
      this.onMoment(start + ((event.clientX - area.left) / area.width) * (end - start));
    }, true);
  }

  async png() {
    return this.plotly.toImage(this.place, { format: "png", width: 1200, height: this.layout().height, scale: 2 });
  }
}
