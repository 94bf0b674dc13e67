// The page: open a recording, look at it, ask about it.

import * as api from "./api.js";
import { Picture } from "./plot.js";
import { Talk } from "./talk.js";
import { clock, dot, element, length, save } from "./words.js";

const at = (id) => document.getElementById(id);
let timeline = null;

const picture = new Picture(at("plot"), { onMoment: showMoment });
const talk = new Talk({ onStretch: showStretch, colour: colourOfFact });

function colourOfFact(fact) {
  const name = fact.activity ?? Object.keys(timeline.totals_s).find((one) => fact.text.startsWith(one));
  return name ? picture.colour(name) : null;
}

// ---- opening a recording

function fields() {
  const said = Object.fromEntries(new FormData(at("reading-form")));
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== ""));
}

async function open(begin, words) {
  at("error").hidden = true;
  at("status").textContent = words;
  at("status").classList.add("is-busy");
  try {
    const upload = await begin();
    at("status").textContent = "Drawing…";
    timeline = await api.timeline(upload.id);
    await show();
    at("status").textContent = "";
    at("view-title").focus();
  } catch (error) {
    at("status").textContent = "";
    document.body.classList.toggle("is-choosing", document.body.classList.contains("has-recording"));
    showError(error);
  } finally {
    at("status").classList.remove("is-busy");
  }
}

function showError(error) {
  const parts = [element("p", {}, element("b", {}, `${error.shown ?? error.message}.`))];
  if (error.where) parts.push(element("p", {}, `Where: ${error.where}`));
  if (error.fix) parts.push(element("p", {}, `What to do: ${error.fix}`));
  at("error").replaceChildren(...parts);
  at("error").hidden = false;
}

const openFile = (file) => open(() => api.upload(file, fields()), `Reading ${file.name}…`);

at("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) openFile(file);
});
let dragged = 0;
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => {
  if (hasFiles(event) && ++dragged) document.body.classList.add("is-dragging");
});
addEventListener("dragleave", (event) => {
  if (hasFiles(event) && --dragged <= 0) endDrag();
});
addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  endDrag();
  const [file] = event.dataTransfer.files;
  if (file) openFile(file);
});
function endDrag() {
  dragged = 0;
  document.body.classList.remove("is-dragging");
}

at("another").addEventListener("click", () => {
  const isChoosing = document.body.classList.toggle("is-choosing");
  if (isChoosing) {
    at("load").scrollIntoView({ block: "start" });
    at("file").focus();
  }
});

api.examples().then((found) => {
  at("examples").hidden = !found.length;
  at("examples").querySelector("ul").replaceChildren(...found.map((one) =>
    element("li", {}, element("button", {
      type: "button", onclick: () => open(() => api.openExample(one.name), `Reading ${one.name}…`),
    }, one.title))));
}).catch(showError);

// ---- looking at it

async function show() {
  document.body.classList.add("has-recording");
  document.body.classList.remove("is-choosing");
  at("view").hidden = at("talk").hidden = false;
  at("moment").hidden = true;
  document.title = `${timeline.file_name}: LLaSA`;
  at("view-title").replaceChildren(timeline.file_name, " ", element("small", {}, length(timeline.end_s - timeline.start_s)));
  at("view-warnings").hidden = !timeline.warnings.length;
  at("view-warnings").textContent = timeline.warnings.join("; ");
  const chosen = at("signal").value || timeline.signals[0].name;
  at("signal").replaceChildren(...timeline.signals.map(({ name }) => element("option", {}, name)));
  at("signal").value = chosen;
  showTotals();
  showSegments();
  at("notes").querySelector("ul").replaceChildren(...timeline.notes.map((note) => element("li", {}, note)));
  talk.begin(timeline.upload, suggestions());
  await picture.open(timeline, chosen);
}

function showTotals() {
  at("totals").replaceChildren(...Object.entries(timeline.totals_s).map(([name, seconds]) =>
    element("li", {}, dot(timeline.colours[name]), element("span", {}, `${name} `, element("b", {}, length(seconds))))));
}

function showSegments() {
  const rows = [...timeline.segments, ...timeline.gaps.map((gap) => ({ ...gap, activity: "gap" }))]
    .sort((one, other) => one.start_s - other.start_s);
  at("segments").querySelector("tbody").replaceChildren(...rows.map((one) => {
    const isGap = one.activity === "gap";
    const ask = element("button", {
      type: "button", "aria-label": `Ask about ${one.activity} at ${clock(one.start_s)}`,
      onclick: () => { showMoment((one.start_s + one.end_s) / 2); at("ask-moment").focus(); },
    }, "Ask");
    const row = element("tr", {},
      element("td", {}, clock(one.start_s, 1)), element("td", {}, clock(one.end_s, 1)),
      element("td", {}, ...(isGap ? [] : [dot(timeline.colours[one.activity])]), isGap ? "gap: not recorded" : one.activity),
      element("td", {}, isGap ? "" : `${Math.round(100 * one.confidence)} %`),
      element("td", {}, one.cadence_spm ? String(Math.round(one.cadence_spm)) : ""),
      element("td", {}, one.intensity_mg === null || isGap ? "" : `${Math.round(one.intensity_mg)} mg`),
      element("td", {}, isGap ? "" : ask));
    row.dataset.start = one.start_s;
    row.dataset.end = one.end_s;
    return row;
  }));
}

function markRows(start, end) {
  for (const row of at("segments").querySelectorAll("tbody tr")) {
    row.classList.toggle("is-shown", row.dataset.start < end - 1e-6 && row.dataset.end > start + 1e-6);
  }
}

function showMoment(seconds) {
  const one = picture.segmentAt(seconds);
  const told = one
    ? `${clock(seconds)}: ${one.activity}, ${Math.round(100 * one.confidence)} % sure`
      + (one.cadence_spm ? `, ${Math.round(one.cadence_spm)} steps a minute` : "")
    : `${clock(seconds)}: not recorded`;
  at("moment").querySelector("span").textContent = told;
  at("ask-moment").textContent = `Ask about ${clock(seconds)}`;
  at("ask-moment").onclick = () => {
    talk.ask(`What happened at ${clock(seconds)}?`);
    at("talk").scrollIntoView({ block: "nearest" });
  };
  at("moment").hidden = false;
  picture.mark(seconds);
  if (one) markRows(one.start_s, one.end_s);
}

function showStretch(start, end) {
  at("moment").hidden = true;
  picture.show(start, end);
  markRows(start, end);
  if (at("plot").getBoundingClientRect().bottom < 80 || at("plot").getBoundingClientRect().top > innerHeight - 80) {
    at("plot").scrollIntoView({ block: "center" });
  }
}

at("signal").addEventListener("change", () => picture.select(at("signal").value));
at("zoom-in").addEventListener("click", () => picture.scale(0.5));
at("zoom-out").addEventListener("click", () => picture.scale(2));
at("pan-left").addEventListener("click", () => picture.pan(-0.5));
at("pan-right").addEventListener("click", () => picture.pan(0.5));
at("zoom-all").addEventListener("click", () => picture.zoom(null));
const stem = () => timeline.file_name.replace(/\.[^.]*$/, "") || timeline.file_name;
at("save-csv").addEventListener("click", async () => save(await api.timelineCsv(timeline.upload), `${stem()}-timeline.csv`));
at("save-png").addEventListener("click", async () => save(await picture.png(), `${stem()}-timeline.png`));

// ---- asking about it

function suggestions() {
  const names = Object.keys(timeline.totals_s).filter((name) => name !== "unknown");
  const middle = (timeline.start_s + timeline.end_s) / 2;
  return [
    ...(names.length > 1 ? ["What did the person do?"] : ["What is the person doing?"]),
    ...(names.length ? [`How long was the person ${names.includes("walking") ? "walking" : names[0]}?`] : []),
    `What happened at ${clock(middle)}?`,
  ];
}
