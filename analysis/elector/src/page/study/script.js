"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const { axes, points, more } = data;
const NS = document.querySelector("svg").namespaceURI;
const kept = new Uint8Array(points.length).fill(1);
const brushes = new Map();
let chosen = -1;
// Those of the front last, so that they lie on top.
const order = points.map((_, i) => i).sort((a, b) => (points[a].front ? 1 : 0) - (points[b].front ? 1 : 0) || a - b);

const make = (name, attributes, parent) => {
  const element = document.createElementNS(NS, name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (parent) parent.append(element);
  return element;
};
const tag = (name, text, parent) => {
  const element = document.createElement(name);
  element.textContent = text;
  if (parent) parent.append(element);
  return element;
};

// Where a value is on its axis, from 0 to 1.
const place = (axis, value) => {
  if (value === null) return NaN;
  if (axis.names.length) return (value + 0.5) / axis.names.length;
  const share = axis.log ? Math.log(value / axis.least) / Math.log(axis.greatest / axis.least)
    : (value - axis.least) / (axis.greatest - axis.least);
  return Math.min(1, Math.max(0, share));
};
const places = points.map(point => axes.map((axis, k) => place(axis, point.values[k])));

// A value as people read it.
const PREFIXES = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"]];
const text = (value, axis) => {
  if (value === null || value === undefined) return "-";
  if (axis.names && axis.names.length) return axis.names[value];
  if (["s", "J", "W"].includes(axis.unit) && value) {
    const [scale, prefix] = PREFIXES.find(([scale]) => Math.abs(value) >= scale) || [1e-12, "p"];
    return (value / scale).toPrecision(4) + " " + prefix + axis.unit;
  }
  const size = Math.abs(value);
  const number = size >= 1e6 ? (value / 1e6).toPrecision(4) + "M" : size >= 1e4 ? value.toLocaleString("en") : String(+value.toPrecision(4));
  return number + (axis.unit ? " " + axis.unit : "");
};

// What is known of a design, as a list.
const facts = (i, all, parent) => {
  const point = points[i];
  tag("b", point.id, parent);
  parent.append(" " + (point.how === "run" ? "simulated" : "estimated") + (point.front ? ", on the front" : ""));
  tag("div", point.is, parent);
  const list = tag("dl", "", parent);
  const fact = (name, value) => { tag("dt", name, list); tag("dd", value, list); };
  axes.forEach((axis, k) => { if (axis.figure) fact(axis.name, text(point.values[k], axis)); });
  if (point.objective !== undefined) fact("objective", point.objective.toPrecision(4));
  if (point.ratios) fact("sim/est latency, energy", point.ratios.map(ratio => ratio.toFixed(3)).join(", "));
  if (all) more.forEach((axis, k) => fact(axis.name, text(point.more[k], axis)));
  if (point.note) tag("div", point.note, parent).className = "bad";
};

// The folder of the study: where the page lies, if it is the study's own.
const folder = document.getElementById("folder");
const quoted = path => /^[\w.\/~+-]+$/.test(path) ? path : "'" + path.replaceAll("'", "'\\''") + "'";
const own = decodeURIComponent(location.pathname).match(/^(.*)\/page\.html$/);
if (own && location.protocol === "file:") folder.value = own[1] || "/";
const name_folder = () => document.querySelectorAll(".dir").forEach(span => { span.textContent = quoted(folder.value || "DIR"); });
folder.addEventListener("input", name_folder);
name_folder();
const command = i => {
  const point = points[i];
  return "elector search show " + quoted(folder.value || "DIR") + " " + (point.again || point.id) + " --scenario | elector " + point.how + " -";
};
const copy = async (button, words, element) => {
  try {
    await navigator.clipboard.writeText(words);
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1200);
  } catch {
    getSelection().selectAllChildren(element);
  }
};

// A drawing of all designs: in SVG an element each, on a canvas in one go.
class Layer {
  constructor(group, svg, area, shape) {
    Object.assign(this, { group, svg, area, shape });
    this.ring = null;
    if (data.canvas) {
      this.canvas = document.createElement("canvas");
      svg.parentNode.append(this.canvas);
      this.fit();
    } else {
      this.elements = new Array(points.length);
      for (const i of order) this.elements[i] = shape.element(i, group);
    }
    this.update();
  }
  fit() {
    const box = this.svg.viewBox.baseVal, [left, top, right, bottom] = this.area;
    const share = (part, whole) => (100 * part / whole).toFixed(3) + "%";
    Object.assign(this.canvas.style, {
      left: share(left - 4, box.width), top: share(top - 4, box.height),
      width: share(right - left + 8, box.width), height: share(bottom - top + 8, box.height),
    });
    this.canvas.width = 2 * (right - left + 8);
    this.canvas.height = 2 * (bottom - top + 8);
  }
  update() {
    if (this.canvas) {
      const pen = this.canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
      pen.setTransform(2, 0, 0, 2, 8 - 2 * this.area[0], 8 - 2 * this.area[1]);
      pen.clearRect(this.area[0] - 4, this.area[1] - 4, this.canvas.width, this.canvas.height);
      const colours = [style.getPropertyValue("--c7"), style.getPropertyValue("--c0")];
      for (const i of order) if (kept[i]) this.shape.paint(i, pen, colours[points[i].front ? 1 : 0], points[i].front);
    } else {
      this.elements.forEach((element, i) => { if (element) element.classList.toggle("out", !kept[i]); });
    }
  }
  mark(i) {
    if (this.ring) this.ring.remove();
    this.ring = i < 0 ? null : this.shape.ring(i, this.group);
  }
}
const layers = [];

// Scatter plots.
document.querySelectorAll("g.cloud").forEach(group => {
  const svg = group.ownerSVGElement, area = group.dataset.area.split(" ").map(Number);
  const [left, top, right, bottom] = area, x = +group.dataset.x, y = +group.dataset.y;
  const at = i => [left + places[i][x] * (right - left), bottom - places[i][y] * (bottom - top)];
  const spots = points.map((_, i) => at(i));
  const dot = (i, parent, name, radius) => {
    const [cx, cy] = spots[i];
    return Number.isNaN(cx + cy) ? null : make("circle", { cx: cx.toFixed(1), cy: cy.toFixed(1), r: radius, class: name }, parent);
  };
  layers.push(new Layer(group, svg, area, {
    element: (i, parent) => dot(i, parent, points[i].front ? "dot front" : "dot", points[i].front ? 3.4 : 2.2),
    ring: (i, parent) => dot(i, parent, "ring", 6),
    paint: (i, pen, colour, front) => {
      const [cx, cy] = spots[i];
      pen.globalAlpha = front ? 0.85 : 0.35;
      pen.fillStyle = colour;
      pen.beginPath();
      pen.arc(cx, cy, front ? 2.4 : 1.4, 0, 7);
      pen.fill();
    },
  }));
  const nearest = (px, py) => {
    let best = -1, least = 64;
    for (const i of order) {
      if (!kept[i]) continue;
      const distance = (spots[i][0] - px) ** 2 + (spots[i][1] - py) ** 2 - (points[i].front ? 4 : 0);
      if (distance <= least) { least = distance; best = i; }
    }
    return best;
  };
  watch(svg, nearest);
});

// Parallel coordinates.
const wide = document.getElementById("coordinates");
const LONGEST = Math.max(...axes.map(axis => axis.name.length + axis.unit.length));
const SIDE = 16, ROOM = 60, TOP = 42 + Math.round(3.8 * Math.min(LONGEST, 48)), BOTTOM = TOP + 270, HEIGHT = BOTTOM + 26;
// Names need room beside their axis.
const steps = axes.map((_, k) => axes.slice(0, k).reduce((sum, axis) => sum + (axis.names.length ? 1.6 : 1), 0));
const STEPS = Math.max(1, steps[axes.length - 1]);
const WIDTH = Math.max(1060, SIDE + ROOM + 44 * STEPS);
const along = k => SIDE + steps[k] * (WIDTH - SIDE - ROOM) / STEPS;
const up = share => BOTTOM - share * (BOTTOM - TOP);
wide.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
if (WIDTH > 1060) wide.style.minWidth = WIDTH + "px";
const threads = make("g", {}, wide);
const path = i => {
  let steps = "", pen = "M";
  places[i].forEach((share, k) => {
    if (Number.isNaN(share)) { pen = "M"; return; }
    steps += pen + along(k).toFixed(1) + " " + up(share).toFixed(1);
    pen = "L";
  });
  return steps;
};
// Of many lines each is fainter.
const faint = Math.min(0.5, Math.max(0.03, 100 / points.filter(point => point.front).length));
const thread = (i, parent, name) => make("path", { d: path(i), class: name }, parent);
layers.push(new Layer(threads, wide, [SIDE, TOP, WIDTH - ROOM, BOTTOM], {
  element: (i, parent) => thread(i, parent, points[i].front ? "thread front" : "thread"),
  ring: (i, parent) => thread(i, parent, "thread ring"),
  paint: (i, pen, colour, front) => {
    pen.globalAlpha = front ? faint : 0.05;
    pen.strokeStyle = colour;
    pen.lineWidth = front ? 1 : 0.7;
    pen.stroke(new Path2D(path(i)));
  },
}));
axes.forEach((axis, k) => {
  const x = along(k);
  make("line", { class: "upright", x1: x, x2: x, y1: TOP, y2: BOTTOM }, wide);
  const name = make("text", { class: "name", transform: `translate(${x} ${TOP - 22}) rotate(-40)` }, wide);
  name.textContent = axis.name + (axis.unit ? ", " + axis.unit : "");
  const label = (value, y) => { make("text", { class: "place", x: x + 4, y }, wide).textContent = value; };
  if (axis.names.length) {
    axis.names.forEach((value, place) => label(value, up((place + 0.5) / axis.names.length) + 3));
  } else {
    const bare = ["s", "J", "W"].includes(axis.unit) ? axis : { unit: "" };
    label(text(axis.greatest, bare), TOP - 6);
    label(text(axis.least, bare), BOTTOM + 14);
  }
  const mark = make("rect", { class: "brush", x: x - 7, width: 14, y: 0, height: 0, visibility: "hidden" }, wide);
  const grip = make("rect", { class: "grip", x: x - 14, width: 28, y: TOP - 8, height: BOTTOM - TOP + 16 }, wide);
  let from = null;
  const share = event => Math.min(1, Math.max(0, (BOTTOM - inside(wide, event)[1]) / (BOTTOM - TOP)));
  const show = () => {
    const range = brushes.get(k);
    mark.setAttribute("visibility", range ? "visible" : "hidden");
    if (range) { mark.setAttribute("y", up(range[1])); mark.setAttribute("height", up(range[0]) - up(range[1])); }
    refresh();
  };
  grip.addEventListener("pointerdown", event => { from = share(event); grip.setPointerCapture(event.pointerId); });
  grip.addEventListener("pointermove", event => {
    if (from === null) return;
    const to = share(event);
    if (Math.abs(to - from) > 0.01) brushes.set(k, [Math.min(from, to), Math.max(from, to)]); else brushes.delete(k);
    show();
  });
  grip.addEventListener("pointerup", event => {
    if (from !== null && Math.abs(share(event) - from) <= 0.01) { brushes.delete(k); show(); }
    from = null;
  });
  axis.show = show;
});
watch(wide, (px, py) => {
  let best = -1, least = 5;
  const k = axes.findIndex((_, k) => k + 1 < axes.length && along(k) <= px && px <= along(k + 1));
  if (k < 0) return best;
  const share = (px - along(k)) / (along(k + 1) - along(k));
  for (const i of order) {
    if (!kept[i]) continue;
    const distance = Math.abs(up(places[i][k] * (1 - share) + places[i][k + 1] * share) - py);
    if (distance <= least) { least = distance; best = i; }
  }
  return best;
});

// Where the pointer is, in units of a drawing.
function inside(svg, event) {
  const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
  return [(event.clientX - box.left) * view.width / box.width, (event.clientY - box.top) * view.height / box.height];
}

// Shows the design under the pointer, and keeps the one that is clicked.
function watch(svg, nearest) {
  const hint = document.getElementById("hint");
  svg.addEventListener("pointermove", event => {
    const i = nearest(...inside(svg, event));
    hint.hidden = i < 0;
    if (i < 0) return;
    hint.replaceChildren();
    facts(i, false, hint);
    const right = event.clientX > innerWidth / 2;
    hint.style.left = event.pageX + (right ? -hint.offsetWidth - 14 : 14) + "px";
    hint.style.top = event.pageY + 14 + "px";
  });
  svg.addEventListener("pointerleave", () => { hint.hidden = true; });
  svg.addEventListener("click", event => { if (!event.target.closest(".grip")) choose(nearest(...inside(svg, event))); });
}

function choose(i) {
  chosen = i;
  layers.forEach(layer => layer.mark(i));
  rows.forEach(row => row.classList.toggle("chosen", i >= 0 && row.dataset.id === points[i].id));
  const aside = document.getElementById("chosen");
  aside.hidden = i < 0;
  aside.replaceChildren();
  if (i < 0) return;
  const close = tag("button", "close", aside);
  close.className = "close";
  close.addEventListener("click", () => choose(-1));
  facts(i, true, aside);
  const code = tag("code", command(i), aside);
  aside.append(" ");
  const button = tag("button", "copy", aside);
  button.addEventListener("click", () => copy(button, command(i), code));
}

// The table.
const table = document.getElementById("front"), body = table.tBodies[0], rows = [...body.rows];
const numbers = new Map(points.map((point, i) => [point.id, i]));
body.addEventListener("click", event => {
  const row = event.target.closest("tr");
  if (event.target.matches("button.copy")) {
    const code = row.querySelector(".again code");
    copy(event.target, code.textContent, code);
  } else if (numbers.has(row.dataset.id)) choose(numbers.get(row.dataset.id));
});
[...table.tHead.rows[0].cells].forEach((head, column) => {
  const sort = () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = row => row.cells[column].dataset.value;
    const compare = (a, b) => key(a) === undefined ? row_text(a).localeCompare(row_text(b))
      : (key(a) === "") - (key(b) === "") || +key(a) - +key(b);
    const row_text = row => row.cells[column].textContent;
    const missing = row => key(row) === "";
    rows.sort((a, b) => missing(a) || missing(b) ? missing(a) - missing(b) : down ? compare(b, a) : compare(a, b));
    body.append(...rows);
  };
  head.tabIndex = 0;
  head.addEventListener("click", sort);
  head.addEventListener("keydown", event => { if (event.key === "Enter") sort(); });
});

// Brushes filter all drawings and the table.
let is_due = false;
function refresh() {
  if (is_due) return;
  is_due = true;
  requestAnimationFrame(() => {
    is_due = false;
    const ranges = [...brushes];
    points.forEach((_, i) => {
      kept[i] = ranges.every(([k, [low, high]]) => places[i][k] >= low - 1e-9 && places[i][k] <= high + 1e-9) ? 1 : 0;
    });
    layers.forEach(layer => layer.update());
    rows.forEach(row => { const i = numbers.get(row.dataset.id); row.classList.toggle("out", i !== undefined && !kept[i]); });
    const left = kept.reduce((sum, one) => sum + one, 0);
    document.getElementById("kept").textContent = brushes.size ? `${left} of ${points.length} designs kept.` : "";
    document.getElementById("all").hidden = !brushes.size;
  });
}
document.getElementById("all").addEventListener("click", () => { brushes.clear(); axes.forEach(axis => axis.show()); });
document.addEventListener("keydown", event => { if (event.key === "Escape") choose(-1); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => layers.forEach(layer => layer.update()));
})();
