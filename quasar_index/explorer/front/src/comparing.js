// What Compare does: two to four photographs under one lens, so that all show the same place at the same zoom.
import { change, go, mark, marks, photos, say, state, view } from "./store.js";

export const MOST = 4;
const CLOSEST = 40;
const STEP = 1.3;
const PAN = 0.15; // of what is seen

/** Zoom over the whole photograph, and the place in the middle, as a share of width and height. */
export const lens = { zoom: 1, x: 0.5, y: 0.5 };

/** Rows that are compared, as the address names them. */
export const compared = () =>
  (state.view.ids ?? []).map((id) => photos.rows.get(id)).filter((row) => row !== undefined);

/** Width and height of a photograph that is shown whole in an element. */
function fitted(element) {
  const image = element.querySelector("img");
  const ratio = image?.naturalWidth ? image.naturalWidth / image.naturalHeight : 1.5;
  const width = Math.min(element.clientWidth, element.clientHeight * ratio);
  return { width, height: width / ratio };
}

/** Put all photographs under the lens. */
export function place() {
  for (const element of document.querySelectorAll(".lens")) {
    const { width, height } = fitted(element);
    const left = (0.5 - lens.x) * width * lens.zoom;
    const top = (0.5 - lens.y) * height * lens.zoom;
    element.style.transform = `translate(${left}px, ${top}px) scale(${lens.zoom})`;
  }
}

function settle(zoom, x, y) {
  const room = Math.max(0, 0.5 - 0.5 / zoom);
  const within = (value) => Math.max(0.5 - room, Math.min(0.5 + room, value));
  const sharper = zoom > 1 !== lens.zoom > 1;
  Object.assign(lens, { zoom, x: within(x), y: within(y) });
  place();
  if (sharper) change(); // larger pictures come, once
}

/** Zoom, and keep what lies so far (pixels) from the middle of an element where it is. */
export function zoomBy(factor, element = document.querySelector(".lens"), across = 0, down = 0) {
  if (!element) return;
  const { width, height } = fitted(element);
  const zoom = Math.max(1, Math.min(CLOSEST, lens.zoom * factor));
  const moved = 1 / lens.zoom - 1 / zoom;
  settle(zoom, lens.x + (across / width) * moved, lens.y + (down / height) * moved);
}

/** Move what is seen by so many pixels of an element. */
export function moveBy(element, across, down) {
  const { width, height } = fitted(element);
  settle(lens.zoom, lens.x - across / (width * lens.zoom), lens.y - down / (height * lens.zoom));
}

/** Every pixel of the current photograph; again: all of it. */
export function everyPixel() {
  const element = document.querySelector(".pane[aria-current] .lens");
  if (!element) return;
  const row = state.current;
  const longest = Math.max(photos.width[row] ?? 0, photos.height[row] ?? 0) || 1600;
  const { width, height } = fitted(element);
  const whole = longest / Math.max(width, height) / devicePixelRatio;
  if (lens.zoom > 1) settle(1, 0.5, 0.5);
  else settle(Math.max(1.01, whole), lens.x, lens.y);
}

const address = (ids) => `#compare/${ids.join(",")}`;

/** Compare those that were chosen; else the burst of the current one, else it and the next. */
export function compare() {
  const { rows, where } = view();
  let chosen = [...state.chosen].map((id) => photos.rows.get(id));
  const current = state.current;
  if (chosen.length === 1 && !state.chosen.has(photos.id[current])) chosen.push(current);
  if (chosen.length < 2 && current >= 0) {
    const burst = photos.burstOf(current).filter((row) => row !== current);
    const at = where.get(current) ?? 0;
    const near = [rows[at + 1] ?? rows[at - 1]].filter((row) => row !== undefined && row !== current);
    chosen = [current, ...(burst.length ? burst : near)].slice(0, MOST);
  }
  if (chosen.length < 2) return say("There is nothing to compare it with.");
  Object.assign(lens, { zoom: 1, x: 0.5, y: 0.5 });
  change({ large: false, current: chosen.includes(current) ? current : chosen[0], moved: true });
  location.hash = address(chosen.map((row) => photos.id[row]));
}

/** Choose the current photograph, or another, to be compared; again: not. */
export function choose(row = state.current) {
  if (row < 0) return;
  const id = photos.id[row];
  const chosen = new Set(state.chosen);
  if (!chosen.delete(id)) {
    if (chosen.size >= MOST) return say(`At most ${MOST} photographs are compared.`);
    chosen.add(id);
  }
  change({ chosen });
  say(`${photos.file(row)} ${chosen.has(id) ? "chosen" : "not chosen"}: ${chosen.size} to compare.`);
}

/** Another photograph in the place of the current one: the next, or the one before, of those that Cull shows. */
export function candidate(by) {
  const rows = compared();
  const at = rows.indexOf(state.current);
  const { rows: shown, where } = view();
  let place = (where.get(state.current) ?? -1) + by;
  while (shown[place] !== undefined && rows.includes(shown[place])) place += by;
  const row = shown[place];
  if (at < 0 || row === undefined) return say("There is no further candidate.");
  swap(
    rows.map((one, i) => (i === at ? row : one)),
    row,
  );
  say(`Now ${photos.file(row)}`);
}

/** Leave the current photograph out. */
export function leaveOut() {
  const rows = compared();
  if (rows.length <= 2) return say("Two are the fewest to compare.");
  const at = rows.indexOf(state.current);
  const rest = rows.filter((row) => row !== state.current);
  swap(rest, rest[Math.min(at, rest.length - 1)]);
}

function swap(rows, current) {
  const ids = rows.map((row) => photos.id[row]);
  change({ current, moved: true, view: { name: "compare", id: null, ids } });
  history.replaceState(null, "", address(ids)); // Back leads to Cull
}

function beside(by) {
  const rows = compared();
  if (rows.length) go(rows[(rows.indexOf(state.current) + by + rows.length) % rows.length]);
}

const here = (run) => (key, shift) => (state.view.name === "compare" ? run(key, shift) : false);
const cull = (run) => () => (state.view.name === "cull" ? run() : false);
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function arrow(key, shift) {
  const [across, down] = ARROWS[key];
  const element = document.querySelector(".lens");
  if (shift && element) moveBy(element, across * PAN * element.clientWidth, down * PAN * element.clientHeight);
  else if (across) beside(-across);
  else candidate(-down);
}

export const COMPARE_KEYS = [
  { keys: ["c"], label: ["C"], text: "compare those chosen; else the burst, or the next (Cull)", run: cull(compare) },
  { keys: ["s"], label: ["S"], text: "choose to compare, at most 4 (Cull; Ctrl+click)", run: cull(() => choose()) },
  { keys: ["ArrowLeft", "ArrowRight"], label: ["←", "→"], text: "the one beside", run: here(arrow) },
  { keys: ["ArrowUp", "ArrowDown"], label: ["↑", "↓"], text: "another candidate in its place", run: here(arrow) },
  { keys: [], label: ["Shift+←"], text: "move what is seen, with any arrow", run: () => false },
  {
    keys: ["+", "=", "-"],
    label: ["+", "−"],
    text: "zoom all",
    run: here((key) => zoomBy(key === "-" ? 1 / STEP : STEP)),
  },
  { keys: ["z"], label: ["Z"], text: "every pixel; again: whole", run: here(everyPixel) },
  { keys: ["p"], label: ["P"], text: "pick this one", run: here(() => mark("pick", { next: false })) },
  { keys: ["x"], label: ["X"], text: "reject this one", run: here(() => mark("reject", { next: false })) },
  { keys: ["u"], label: ["U"], text: "undo", run: here(() => marks.undo()) },
  { keys: ["Delete", "Backspace"], label: ["Del"], text: "leave this one out", run: here(leaveOut) },
  { keys: ["c"], label: ["C"], text: "back to Cull", run: here(() => (location.hash = "#cull")) },
].map((entry) => ({ group: "Compare", ...entry }));
