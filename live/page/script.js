// SPDX-License-Identifier: MPL-2.0
// The page of `steerlens live`: shows what the server says of the newest frame, and posts what the user changes.
"use strict";

const $ = (id) => document.getElementById(id);
const element = (name, what) => Object.assign(document.createElement(name), what);
const post = async (path, what) => {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify(what) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
};
const percent = (share) => (share == null ? "–" : `${(100 * share).toFixed(1)} %`);
const ms = (time) => (time == null ? "–" : `${Math.round(time)} ms`);
const number = (value, digits) => (value == null ? "–" : value.toFixed(digits));
const write = (id, text) => {
  if ($(id).textContent !== text) $(id).textContent = text;
};

let newest = null; // the last state
let refused = ""; // why the last change was not taken

// Changes are posted one after the other; of a slider that moves on meanwhile only the last place.
let waiting = null;
let busy = false;
async function change(what) {
  waiting = { ...waiting, ...what };
  if (busy) return;
  busy = true;
  while (waiting) {
    const now = waiting;
    waiting = null;
    try {
      await post("settings", now);
      refused = "";
    } catch (error) {
      refused = error.message;
    }
  }
  busy = false;
  showTrouble();
}

function showTrouble() {
  write("trouble", [refused, newest?.error, newest?.warning, newest?.judge?.error].filter(Boolean).join(" "));
}

// A control follows the settings in force, unless it is being used.
const SLIDERS = ["magnification", "scale-weight", "samples"];
for (const id of SLIDERS) {
  $(id).addEventListener("input", () => {
    showSlider(id);
    change({ [id]: Number($(id).value) });
  });
}
function showSlider(id) {
  const value = Number($(id).value);
  write(`${id}-value`, id === "samples" ? String(value) : value.toFixed(2));
}
for (const id of SLIDERS) document.querySelector(`output[for=${id}]`).id = `${id}-value`;
for (const id of ["target-label", "source-label"]) {
  $(id).addEventListener("change", () => change({ [id]: $(id).value || null }));
}
$("display-mode").addEventListener("change", () => change({ "display-mode": $("display-mode").value }));
$("hold").addEventListener("change", () => change({ "gradient-mode": $("hold").checked ? "held" : "sync" }));
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());

const ROI = ["x", "y", "width", "height"].map((side) => $(`roi-${side}`));
for (const field of ROI) {
  field.addEventListener("change", () => {
    if (ROI.every((field) => field.value !== "")) change({ roi: ROI.map((field) => Number(field.value)) });
  });
}
$("whole").addEventListener("click", () => {
  for (const field of ROI) field.value = "";
  change({ roi: null });
});

function showSettings(settings) {
  const using = document.activeElement;
  for (const id of [...SLIDERS, "target-label", "source-label", "display-mode"]) {
    const value = settings[id] ?? "";
    if (using === $(id) || busy) continue;
    if (SLIDERS.includes(id)) {
      // A value that was set elsewhere may lie beyond the slider's ends.
      $(id).min = Math.min($(id).min, value);
      $(id).max = Math.max($(id).max, value);
    }
    if (String($(id).value) !== String(value)) $(id).value = value;
    if (SLIDERS.includes(id)) showSlider(id);
  }
  if (using !== $("hold")) $("hold").checked = settings["gradient-mode"] === "held";
  if (!ROI.includes(using)) ROI.forEach((field, i) => (field.value = settings.roi?.[i] ?? ""));
}

// Where in the element the frames lie: one, or two beside each other.
function places() {
  const box = $("picture").getBoundingClientRect();
  const both = newest?.settings["display-mode"] === "side-by-side" ? 2 : 1;
  const [width, height] = newest?.frame ?? [1, 1];
  const scale = Math.min(box.width / (both * width), box.height / height);
  const left = (box.width - both * width * scale) / 2;
  const top = (box.height - height * scale) / 2;
  return { box, both, width, height, scale, left, top };
}

let from = null; // where the mouse went down, in the frame's pixels
function pixel(event, half) {
  const { box, both, width, height, scale, left, top } = places();
  const x = (event.clientX - box.left - left) / scale;
  const y = (event.clientY - box.top - top) / scale;
  half ??= both === 2 && x >= width ? 1 : 0;
  const within = (value, most) => Math.round(Math.min(Math.max(value, 0), most));
  return { x: within(x - half * width, width), y: within(y, height), half };
}
function drawn(event) {
  const to = pixel(event, from.half);
  const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
  return [x, y, Math.abs(from.x - to.x), Math.abs(from.y - to.y)];
}
$("frame").addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !newest) return;
  from = pixel(event);
  $("frame").setPointerCapture(event.pointerId);
  event.preventDefault();
});
$("frame").addEventListener("pointermove", (event) => {
  if (from) showRegion(drawn(event), from.half);
});
$("frame").addEventListener("pointerup", (event) => {
  if (!from) return;
  const roi = drawn(event);
  from = null;
  // A click is no region.
  if (roi[2] >= 8 && roi[3] >= 8) change({ roi });
  else showRegion(newest?.settings.roi);
});
$("frame").addEventListener("pointercancel", () => (from = null));

function showRegion(roi, half = 0) {
  const { scale, left, top, width, height } = places();
  // A region may reach beyond the frame; what lies there is not part of it.
  const [x, y, across, down] = roi ?? [0, 0, 0, 0];
  const [wide, high] = [Math.min(x + across, width) - x, Math.min(y + down, height) - y];
  $("region").hidden = wide <= 0 || high <= 0;
  const style = $("region").style;
  style.left = `${$("picture").offsetLeft + left + (x + half * width) * scale}px`;
  style.top = `${$("picture").offsetTop + top + y * scale}px`;
  style.width = `${Math.max(wide, 0) * scale}px`;
  style.height = `${Math.max(high, 0) * scale}px`;
}

function showBars(table, classes, prefix) {
  const body = $(table).tBodies[0];
  while (body.rows.length > classes.length) body.deleteRow(-1);
  classes.forEach((of, i) => {
    const row = body.rows[i] ?? newRow(body);
    row.className = i === 0 ? "source" : i === 1 ? "target" : "";
    const [label, before, after] = row.cells;
    const role = ["away from", "towards"][i];
    const parts = role ? [of.label, " ", element("small", { textContent: role })] : [of.label];
    if (label.textContent !== of.label + (role ? ` ${role}` : "")) label.replaceChildren(...parts);
    bar(before, of[`${prefix}before`]);
    bar(after, of[`${prefix}after`]);
  });
}
function showJudge(state) {
  $("judge").hidden = !state.judge;
  if (!state.judge) return;
  write("judge-age", `${ms(state.judge.age)} ago`);
  showBars("judge", state.classes, "judge-");
}
function newRow(body) {
  const row = body.insertRow();
  row.append(element("th", { scope: "row" }));
  for (let i = 0; i < 2; i++) row.insertCell().append(element("span"), element("i"));
  return row;
}
function bar(cell, share) {
  cell.firstChild.textContent = percent(share);
  cell.lastChild.hidden = share == null;
  cell.lastChild.style.setProperty("--share", `${100 * (share ?? 0)}%`);
}

// A screen reader hears of changes, and not of every frame.
let spokenAt = 0;
function speak(state) {
  const now = performance.now();
  const [source, target] = state.classes;
  if (!target || now - spokenAt < 5000) return;
  const said = (of) => `${of.label} ${Math.round(100 * of.before)} percent`;
  const after = target.after == null ? "" : `, in the morph ${Math.round(100 * target.after)} percent`;
  const text = `${said(source)}; ${said(target)}${after}`;
  if ($("spoken").textContent !== text) {
    write("spoken", text);
    spokenAt = now;
  }
}

function showCaption(state) {
  const mode = state.settings["display-mode"];
  const morph = state.target ? `morph: ${state.source} → ${state.target}` : "morph";
  const parts = mode === "side-by-side" ? ["frame", morph] : [mode === "morph" ? morph : mode];
  const caption = $("caption");
  if (caption.textContent === parts.join("")) return;
  caption.replaceChildren(...parts.map((textContent) => element("span", { textContent })));
  $("picture").alt = `The newest ${parts.join(" beside its ")}`;
}

function show(state) {
  newest = state;
  if (!state.settings) return;
  showSettings(state.settings);
  showCaption(state);
  showBars("bars", state.classes, "");
  showJudge(state);
  speak(state);
  write("agreement", state.agreement == null ? "–" : state.agreement.toFixed(2));
  write("distance", number(state.l2, 1));
  write("age", state.held == null ? "–" : ms(state.age));
  write("rate", number(state.rate, 1));
  write("dropped", String(state.dropped));
  write("latency-p50", ms(state["latency-p50"]));
  write("latency-p95", ms(state["latency-p95"]));
  $("record").setAttribute("aria-pressed", String(state.recording));
  write("record", state.recording ? "Stop recording" : "Record");
  showTrouble();
  if (!from) showRegion(state.settings.roi);
}

$("record").addEventListener("click", async () => {
  const on = $("record").getAttribute("aria-pressed") !== "true";
  try {
    await post("record", { on });
    if (!on) $("recording").hidden = false;
    refused = "";
  } catch (error) {
    refused = error.message;
  }
  showTrouble();
});

// Paused, the page shows one frame; so it begins where the system asks for less motion.
let paused = matchMedia("(prefers-reduced-motion: reduce)").matches;
function play() {
  // A new query lets the browser begin anew after a pause.
  $("picture").src = paused ? `frame.jpg?${Date.now()}` : `picture?${Date.now()}`;
  write("pause", paused ? "Play" : "Pause");
}
$("pause").addEventListener("click", () => {
  paused = !paused;
  play();
});

const events = new EventSource("events");
events.onmessage = (event) => show(JSON.parse(event.data));
events.onopen = () => {
  write("health", "");
  play();
};
events.onerror = () => write("health", "The program has ended, or does not answer.");

fetch("labels")
  .then((answer) => answer.json())
  .then(({ model, judge, labels, views }) => {
    for (const id of ["model", "driver"]) write(id, model);
    write("judge-model", judge ?? "");
    document.title = `${model} – steerlens live`;
    $("labels").replaceChildren(...labels.map((value) => element("option", { value })));
    const option = ([value, title]) => element("option", { value, title, textContent: value.replaceAll("-", " ") });
    $("display-mode").replaceChildren(...views.map(option));
    if (newest) showSettings(newest.settings);
  });
