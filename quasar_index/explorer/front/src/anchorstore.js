// What the view of anchors knows: one version of the index, the chosen rows, and what is staged.
import { unpacked } from "../../../maps/scatter.js";
import { get, post } from "./server.js";
import { change, fail, say } from "./store.js";
import { counted } from "./text.js";

const BLOCK = 100; // rows of one question
const KEPT = 20_000;

export const anchors = {
  data: null, // of /api/anchors, unpacked
  by: "",
  colours: null,
  chosen: new Uint32Array(0),
  mode: "lasso",
  table: false, // the chosen as a table, else as pictures
  staged: new Map(), // row -> {do: "remove" | "rating" | "side", value}
  busy: false,
  said: "", // of the last change
  failed: "", // one line
  problem: "", // why this version cannot be changed any more
  known: new Map(), // row -> what /api/anchors/rows said; null while it is asked
  set(part) {
    Object.assign(anchors, part);
    change();
  },
  /** What is known of a row; it is asked for where it is not. */
  row(row) {
    if (!anchors.known.has(row)) ask(row);
    return anchors.known.get(row) ?? null;
  },
  picture: (row) => `/anchor/${row}?version=${anchors.data.version}`,
};

let wanted = new Set();

function ask(row) {
  anchors.known.set(row, null);
  if (!wanted.size) setTimeout(fetchRows, 30);
  wanted.add(row);
}

async function fetchRows() {
  const rows = [...wanted];
  wanted = new Set();
  const { version } = anchors.data;
  for (let at = 0; at < rows.length; at += BLOCK) {
    try {
      const found = await get(`/api/anchors/rows?version=${version}&rows=${rows.slice(at, at + BLOCK)}`);
      if (anchors.data.version !== version) return;
      if (anchors.known.size > KEPT) anchors.known.clear();
      for (const one of found.rows) anchors.known.set(one.row, one);
    } catch (failure) {
      return refused(failure);
    }
    change();
  }
}

function refused(failure) {
  if (failure.status === 412) anchors.set({ problem: failure.message, busy: false });
  else if (failure.gone) fail(failure);
  else anchors.set({ failed: failure.message, busy: false });
}

/** Read the current version; again only where it is asked for. */
export async function load(again = false) {
  if (anchors.data && !again) return;
  try {
    const data = await get("/api/anchors");
    for (const name of ["x", "y"]) data[name] = unpacked(data[name], Float32Array);
    data.sides = unpacked(data.sides, Uint8Array);
    const by = data.colours.includes(anchors.by) ? anchors.by : data.colours.includes("rating") ? "rating" : "side";
    Object.assign(anchors, { problem: "", failed: "", busy: false, colours: null, known: new Map(), data });
    anchors.staged = new Map();
    select([]);
    await colour(by);
  } catch (failure) {
    refused(failure);
  }
}

export async function colour(by) {
  anchors.set({ by, failed: "" });
  const { version } = anchors.data;
  try {
    const found = await get(`/api/anchors/colour?version=${version}&by=${encodeURIComponent(by)}`);
    if (anchors.by !== by || anchors.data.version !== version) return;
    if (found.codes) found.codes = unpacked(found.codes, Uint8Array);
    else found.values = unpacked(found.values, Float32Array);
    anchors.set({ colours: found });
  } catch (failure) {
    refused(failure);
  }
}

export function select(rows, more = false) {
  const chosen = Uint32Array.from(more ? new Set([...anchors.chosen, ...rows]) : rows);
  anchors.set({ chosen, said: "" });
  if (chosen.length) say(`${counted(chosen.length, "anchor")} chosen.`);
}

export function selectGroup(code) {
  const { codes } = anchors.colours;
  const rows = [];
  for (let row = 0; row < codes.length; row++) if (codes[row] === code) rows.push(row);
  select(rows);
}

/** Stage a change of all that are chosen; nothing is written yet. */
export function stage(what, value = null) {
  for (const row of anchors.chosen) anchors.staged.set(row, { do: what, value });
  anchors.set({ staged: new Map(anchors.staged), said: "" });
  say(`Staged for ${counted(anchors.chosen.length, "anchor")}; nothing is written yet.`);
}

export function unstage() {
  anchors.set({ staged: new Map() });
}

async function send(path, body) {
  anchors.set({ busy: true, failed: "" });
  try {
    const done = await post(path, { version: anchors.data.version, ...body });
    await load(true);
    anchors.set({ said: `${done.said}: this is version ${done.version} now.` });
    say(anchors.said);
  } catch (failure) {
    refused(failure);
  }
}

/** Write all that is staged: one version. */
export function write() {
  const of = (what) => [...anchors.staged].filter(([, one]) => one.do === what);
  return send("/api/anchors/write", {
    remove: of("remove").map(([row]) => row),
    ratings: of("rating").map(([row, { value }]) => [row, value]),
    sides: of("side").map(([row, { value }]) => [row, value]),
  });
}

export const restore = (to) => send("/api/anchors/restore", { to });
