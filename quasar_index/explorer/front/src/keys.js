// All keys, once: what acts on them and the list that ? shows are the same table.
import { COMPARE_KEYS } from "./comparing.js";
import { map, toggleLasso } from "./anchors.js";
import { change, filter, go, mark, marks, photos, rate, remember, state, step, toggleBurst, view } from "./store.js";
import { columns, perPage } from "./grid.js";
import { passOver, prefer, rateThis, takeBack } from "./taste.js";

/** Keys of a photograph: in Cull, and in One image where it shows one of them. */
const both = (run) => (key, shift) =>
  ["cull", "compare"].includes(state.view.name) || photos.rows.get(state.view.id) === state.current
    ? run(key, shift)
    : false;
const cull = (run) => (key, shift) => (state.view.name === "cull" ? run(key, shift) : false);
const onMap = (run) => (key) => (state.view.name === "anchors" ? run(key) : false);
export function open(view, id = null) {
  location.hash = id === null ? `#${view}` : `#${view}/${id}`;
}
const edge = (last) => () => {
  const { rows } = view();
  if (rows.length) go(rows[last ? rows.length - 1 : 0]);
};
function back() {
  if (state.zoomed) return change({ zoomed: false });
  if (state.large) return change({ large: false });
  if (state.details || state.filters) return change({ details: false, filters: false });
  if (state.view.name !== "cull") return open("cull");
  return false;
}

export const KEYS = [
  {
    group: "Move",
    keys: ["ArrowLeft", "ArrowRight"],
    label: ["←", "→"],
    text: "the photograph before, the next",
    run: both((key) => step(key === "ArrowLeft" ? -1 : 1)),
  },
  {
    group: "Move",
    keys: ["ArrowUp", "ArrowDown"],
    label: ["↑", "↓"],
    text: "the row above, below",
    run: cull((key) => step(state.large ? (key === "ArrowUp" ? -1 : 1) : (key === "ArrowUp" ? -1 : 1) * columns())),
  },
  {
    group: "Move",
    keys: ["PageUp", "PageDown"],
    label: ["PgUp", "PgDn"],
    text: "a page up, down",
    run: cull((key) => step((key === "PageUp" ? -1 : 1) * perPage())),
  },
  { group: "Move", keys: ["Home"], label: ["Home"], text: "the first", run: cull(edge(false)) },
  { group: "Move", keys: ["End"], label: ["End"], text: "the last", run: cull(edge(true)) },
  {
    group: "Mark",
    keys: ["p"],
    label: ["P"],
    text: "pick; again: no mark",
    run: both((key, shift) => mark("pick", shift ? { next: true } : {})),
  },
  {
    group: "Mark",
    keys: ["x"],
    label: ["X"],
    text: "reject; again: no mark",
    run: both((key, shift) => mark("reject", shift ? { next: true } : {})),
  },
  {
    group: "Mark",
    keys: ["1", "2", "3", "4", "5"],
    label: ["1", "…", "5"],
    text: "stars",
    run: both((key) => rate(Number(key))),
  },
  { group: "Mark", keys: ["0"], label: ["0"], text: "no stars", run: both(() => rate(0)) },
  { group: "Mark", keys: ["u"], label: ["U"], text: "undo the last change of marks", run: both(() => marks.undo()) },
  {
    group: "Mark",
    keys: ["a"],
    label: ["A"],
    text: "go on to the next after a mark: on or off (Shift+P, Shift+X do it once)",
    run: cull(() => remember("advance", !state.advance)),
  },
  {
    group: "Look",
    keys: [" "],
    label: ["Space"],
    text: "large; again: back to the grid",
    run: cull(() => change({ large: !state.large, zoomed: false })),
  },
  {
    group: "Look",
    keys: ["z"],
    label: ["Z"],
    text: "every pixel; again: the whole photograph",
    run: cull(() => change({ large: true, zoomed: !(state.large && state.zoomed) })),
  },
  { group: "Look", keys: ["b"], label: ["B"], text: "unfold or fold this burst", run: cull(toggleBurst) },
  {
    group: "Look",
    keys: ["+", "=", "-"],
    label: ["+", "−"],
    text: "larger, smaller pictures in the grid",
    run: cull((key) =>
      remember("size", Math.max(110, Math.min(420, Math.round(state.size * (key === "-" ? 1 / 1.2 : 1.2))))),
    ),
  },
  {
    group: "Look",
    keys: ["Enter"],
    label: ["Enter"],
    text: "why this score: One image",
    run: cull(() => state.current >= 0 && open("one", photos.id[state.current])),
  },
  {
    group: "Find",
    keys: ["/"],
    label: ["/"],
    text: "filter by name",
    run: cull(() => {
      change({ filters: true, large: false });
      setTimeout(() => document.getElementById("query")?.focus());
    }),
  },
  {
    group: "Find",
    keys: ["f"],
    label: ["F"],
    text: "show all, picks, rejects, undecided in turn",
    run: cull(() => filter({ show: { all: "pick", pick: "reject", reject: "none" }[state.show] ?? "all" })),
  },
  {
    group: "Find",
    keys: ["o"],
    label: ["O"],
    text: "order: best, worst, name, time in turn",
    run: cull(() => filter({ order: { best: "worst", worst: "name", name: "time" }[state.order] ?? "best" })),
  },
  { group: "Page", keys: ["e"], label: ["E"], text: "export", run: () => change({ dialog: "export", large: false }) },
  { group: "Page", keys: ["?"], label: ["?"], text: "this list", run: () => change({ dialog: "keys" }) },
  { group: "Page", keys: ["Escape"], label: ["Esc"], text: "back", run: back },
  {
    group: "One image",
    keys: ["[", "]"],
    label: ["[", "]"],
    text: "one anchor fewer, more a side (k)",
    run: () => false,
  },
  ...COMPARE_KEYS,
  { group: "Anchors", keys: ["l"], label: ["L"], text: "lasso or move", run: onMap(toggleLasso) },
  {
    group: "Anchors",
    keys: ["+", "=", "-"],
    label: ["+", "−"],
    text: "zoom the map",
    run: onMap((key) => map.scatter?.zoomBy(key === "-" ? 1 / 1.3 : 1.3)),
  },
  {
    group: "Anchors",
    keys: ["Home"],
    label: ["Home"],
    text: "the whole map",
    run: onMap(() => map.scatter?.fit(true)),
  },
];

/** In Taste keys judge; those that are not here are what they are elsewhere. */
const TASTE = [
  {
    keys: ["1", "2", "3", "4", "5"],
    label: ["1", "…", "5"],
    text: "stars of this photograph",
    run: (key) => rateThis(Number(key)),
  },
  {
    keys: ["ArrowLeft", "ArrowRight"],
    label: ["←", "→"],
    text: "the left one, the right one is better",
    run: (key) => prefer(key === "ArrowLeft" ? 0 : 1),
  },
  { keys: ["s"], label: ["S"], text: "pass over", run: passOver },
  { keys: ["u"], label: ["U"], text: "take the last judgement back", run: takeBack },
].map(({ run, ...entry }) => ({
  group: "Taste",
  ...entry,
  run: (key) => (state.view.name === "taste" ? run(key) : false),
}));
KEYS.push(...TASTE);

/** Key -> entries: those of a view before those of several. */
const table = new Map();
for (const entry of [...TASTE, ...COMPARE_KEYS, ...KEYS])
  for (const key of entry.keys) table.set(key, [...(table.get(key) ?? []), entry]);
const CONTROLS = "button, a[href], summary, input, select, textarea";

/** Whether the element that has the focus wants this key for itself. */
function isTaken(target, key) {
  if (key === "Escape") return false;
  if (target.matches("select, textarea, input:not([type=range], [type=checkbox], [type=radio])")) return true;
  if (target.matches("input") && /^(Arrow|Home|End|Page)/.test(key)) return true;
  return (key === " " || key === "Enter") && target.matches(CONTROLS);
}

export function press(event) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    if (event.key !== "z" || state.view.name !== "cull" || isTaken(event.target, "z")) return;
    event.preventDefault();
    marks.undo();
    return;
  }
  if (state.dialog) return; // a dialog of the browser closes itself on Esc
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const entries = table.get(key);
  if (!entries || isTaken(event.target, key)) return;
  if (!state.letters && /^[a-z0-9/+=?[\]-]$/.test(key)) return;
  if (entries.some((entry) => entry.run(key, event.shiftKey) !== false)) event.preventDefault();
}
