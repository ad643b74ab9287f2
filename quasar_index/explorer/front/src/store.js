// The state of the page, and everything that changes it. Views read it and are drawn again after each change.
import { Marks } from "./marks.js";
import { histogram, isBroken, ORDERS, proposal, SHOWS, shown, sorted } from "./order.js";
import { Photos } from "./photos.js";
import { serving } from "./pictures.js";
import { get, running, wait } from "./server.js";
import { count, counted, duration, stars, two } from "./text.js";

export const BINS = 32;
const SORTED = 500; // milliseconds between sortings while photographs arrive

/** What is remembered from one visit to the next; nowhere but in this browser. */
function remembered(name, other) {
  try {
    return JSON.parse(localStorage.getItem(`explorer.${name}`)) ?? other;
  } catch {
    return other;
  }
}
export function remember(name, value) {
  state[name] = value;
  try {
    localStorage.setItem(`explorer.${name}`, JSON.stringify(value));
  } catch {
    /* a browser that keeps nothing */
  }
  change();
}

export const photos = new Photos();

export const state = {
  server: null, // what /api/state answered last
  order: "best",
  show: "all",
  low: null, // lowest and highest score shown; null for all
  high: null,
  query: "",
  open: new Set(), // unfolded bursts, by the id of their best
  current: -1, // row of the current photograph
  moved: false, // whether the person chose it; before, it is the first
  keep: 0, // best so many are proposed
  chosen: new Set(), // ids that are to be compared
  large: false,
  zoomed: false,
  dialog: "", // "keys", "export" or none
  filters: false, // small screens: whether the filters stand above the grid
  details: false, // small screens: whether the panel is open
  problem: "", // one line
  gone: false, // the server does not answer
  said: "", // for screen readers
  view: { name: "cull", id: null },
  fold: remembered("fold", true), // bursts to their best
  single: remembered("single", true), // propose one of a burst
  advance: remembered("advance", false),
  size: remembered("size", innerWidth >= 1900 ? 230 : 190),
  theme: remembered("theme", "auto"),
  letters: remembered("letters", true), // keys of one letter
  tasteKind: remembered("tasteKind", "stars"), // what is judged in Taste
};

export const isDark = () =>
  state.theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : state.theme === "dark";

const listeners = new Set();
let waiting = false;

/** Draw again, once for all changes of a turn. */
export function change(part) {
  if (part) Object.assign(state, part);
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => {
    waiting = false;
    settle();
    for (const listener of listeners) listener();
  });
}
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function say(text) {
  change({ said: text === state.said ? `${text}\u00a0` : text });
}
export function fail(failure) {
  if (failure.name === "AbortError") return;
  change({ problem: failure.message, gone: failure.gone || state.gone });
  if (failure.gone) comeBack();
}

export const marks = new Marks({
  changed: () => change(),
  failed: fail,
  isBack: () => !state.gone,
  undone(ids) {
    if (!ids.length) return say("Nothing to undo.");
    const row = photos.rows.get(ids[0]);
    if (row !== undefined && view().where.has(row)) go(row);
    say(
      ids.length === 1 && row !== undefined
        ? `Undone: ${photos.file(row)} ${described(row)}`
        : `Undone for ${counted(ids.length, "photograph")}.`,
    );
  },
});

/* What is derived, each kept until what it is made of changes. */
function kept(make) {
  let before = null;
  let value;
  return (...parts) => {
    if (!before || parts.some((part, i) => part !== before[i])) {
      before = parts;
      value = make(...parts);
    }
    return value;
  };
}
const inOrder = kept((version, order) => sorted(photos, order));
const bestFirst = kept(() => sorted(photos, "best"));
const ranks = kept((version) => {
  const rank = new Uint32Array(photos.n);
  bestFirst(version).forEach((row, place) => (rank[row] = place + 1));
  return rank;
});
const places = kept((rows) => {
  const where = new Map();
  rows.forEach((row, place) => where.set(row, place));
  return where;
});
const filtered = kept((rows, marked, show, low, high, query, fold, open) =>
  shown(rows, photos, marks, { show, low, high, query, fold, open }),
);
export const bins = () => bars(photos.version);
const bars = kept(() => histogram(photos, BINS));
const proposed = kept((version, marked, keep, single) => proposal(bestFirst(version), photos, marks, keep, single));
const ofMarks = new Set(["pick", "reject", "none", "stars"]);

/** The rows that the grid shows, where each is, and those that "keep best" proposes. */
export function view() {
  const rows = inOrder(photos.version, state.order);
  const marked = ofMarks.has(state.show) ? marks.version : -1; // else marks change nothing of what is shown
  const list = filtered(rows, marked, state.show, state.low, state.high, state.query, state.fold, state.open);
  const keep = state.keep ? proposed(photos.version, marks.version, state.keep, state.single) : new Set();
  return { rows: list, where: places(list), proposed: keep };
}

export const rank = (row) => ranks(photos.version)[row];

export function counts() {
  const { pick, reject, stars: starred } = marks.counts;
  let inBursts = 0;
  for (const rows of photos.bursts.values()) inBursts += rows.length;
  return {
    all: photos.n,
    pick,
    reject,
    none: Math.max(0, photos.scored - pick - reject),
    stars: starred,
    burst: inBursts,
    unlike: photos.unlike,
    broken: photos.broken,
  };
}

/** What is known of a photograph, in words. */
export function described(row) {
  const { mark, stars: n } = marks.of(photos.id[row]);
  const parts = [isBroken(photos, row) ? "not scored" : `score ${two(photos.score[row])}`];
  parts.push({ pick: "pick", reject: "reject", "": "undecided" }[mark]);
  if (n) parts.push(stars(n));
  const burst = photos.burstOf(row).length;
  if (burst) parts.push(`one of a burst of ${burst}`);
  return parts.join(", ");
}

/* Moving. */
export function go(row) {
  change({ current: row, moved: true });
  if (state.view.name !== "one") return;
  state.view = { name: "one", id: photos.id[row] }; // now: the address tells of it later, and the next key may be there
  location.hash = `#one/${photos.id[row]}`;
}

/** Move by so many photographs of what is shown. */
export function step(by) {
  const { rows, where } = view();
  if (!rows.length) return;
  const at = where.get(state.current) ?? place;
  go(rows[Math.max(0, Math.min(rows.length - 1, at + by))]);
}

let place = 0;

/** Keep a current photograph among those shown: after a filter or a mark, the one that took its place. */
function settle() {
  if (!photos.n) return;
  const { rows, where } = view();
  if (!state.moved && rows.length) state.current = rows[0];
  if (rows.length && !where.has(state.current) && state.view.name === "cull") {
    const best = state.current < 0 ? undefined : photos.burstOf(state.current).find((row) => where.has(row));
    state.current = best ?? rows[Math.min(rows.length - 1, place)]; // a burst that folds leaves its best
  }
  place = where.get(state.current) ?? place;
}

/* Marking. */
export function mark(kind, { next = state.advance } = {}) {
  const row = state.current;
  if (row < 0) return;
  const id = photos.id[row];
  const value = marks.of(id).mark === kind ? "" : kind;
  const { rows, where } = view();
  const following = rows[where.get(row) + 1];
  state.moved = true;
  marks.set([id], { mark: value });
  say(`${{ pick: "Picked", reject: "Rejected", "": "Mark removed from" }[value]} ${photos.file(row)}`);
  if (next && value && following !== undefined) go(following);
}
export function rate(n) {
  const row = state.current;
  if (row < 0) return;
  marks.set([photos.id[row]], { stars: n });
  say(`${photos.file(row)}: ${stars(n)}`);
}
export function pickProposed() {
  const ids = [...view().proposed].map((row) => photos.id[row]).filter((id) => marks.of(id).mark !== "pick");
  if (ids.length) marks.set(ids, { mark: "pick" });
  say(`Picked ${counted(ids.length, "photograph")}. U takes it back.`);
  change({ keep: 0 });
}

/* Filters. */
export function filter(part) {
  change(part);
  const { rows } = view();
  say(`${counted(rows.length, "photograph")} shown, ${part.order ? ORDERS[part.order] : SHOWS[state.show]}.`);
}
export function toggleBurst() {
  const row = state.current;
  if (row < 0 || photos.burstOf(row).length < 2) return say("This photograph is in no burst.");
  if (!state.fold) return say("Bursts are not folded.");
  const open = new Set(state.open);
  const key = photos.burst[row];
  const opened = !open.delete(key);
  if (opened) open.add(key);
  change({ open });
  say(opened ? `Burst of ${photos.burstOf(row).length} unfolded.` : "Burst folded.");
}
export const isFiltered = () => state.show !== "all" || state.low !== null || state.high !== null || state.query !== "";

/* Loading. */
async function more() {
  let parts = [];
  let last = 0;
  for (let n = photos.n; ;) {
    const part = await get(`/api/photos?from=${n}`);
    n += part.id.length;
    parts.push(part);
    const over = part.done || !part.id.length;
    // Each taking sorts anew, so many answers in a row are taken together.
    if (over || performance.now() - last > SORTED) {
      // What was marked before is known once a photograph is scored.
      for (const one of parts) marks.arrive(one, photos.append(one));
      parts = [];
      change();
      last = performance.now();
    }
    if (over) return;
  }
}

let following = false;

/** Follow the server until all is scored; called again when it comes back. */
export async function follow() {
  if (following) return;
  following = true;
  try {
    for (;;) {
      const server = await get("/api/state");
      const wasGone = state.gone;
      if (state.server && server.run !== state.server.run) return await begun(server);
      serving(server.run);
      running(server.run);
      change({ server, gone: false, problem: wasGone ? "" : state.problem });
      document.title = server.title ? `${server.title} · quasar-index` : "quasar-index";
      await more();
      if (server.done && server.bursts) {
        photos.group((await get("/api/bursts")).burst);
        change();
        break;
      }
      await wait(700);
    }
  } catch (failure) {
    fail(failure);
  } finally {
    following = false;
  }
}

/** The server was started again: its ids are others. Changes that it does not know are sent once more, by names. */
async function begun(server) {
  const waiting = marks.waitingFor((id) => nameOf(photos, photos.rows.get(id)));
  if (waiting.length) {
    const fresh = new Photos();
    const ids = new Map();
    const wanted = new Set(waiting.flatMap((change) => change.names));
    while (fresh.n < server.n_photos && wanted.size > ids.size) {
      const n = fresh.n;
      fresh.append(await get(`/api/photos?from=${n}`));
      for (let row = n; row < fresh.n; row++)
        if (wanted.has(nameOf(fresh, row))) ids.set(nameOf(fresh, row), fresh.id[row]);
      if (fresh.n === n) await wait(300); // it scores again, mostly from its cache
    }
    running(server.run);
    await marks.resend(waiting, ids);
  }
  marks.queue.length = 0;
  location.reload();
}
const nameOf = (table, row) => `${table.folder[row]}/${table.name[row]}`;

let coming = false;

/** Ask until the server answers again. */
async function comeBack() {
  if (coming) return;
  coming = true;
  while (state.gone) {
    await wait(2500);
    await follow();
  }
  coming = false;
}

export async function begin() {
  follow();
  try {
    await marks.load();
  } catch (failure) {
    fail(failure);
  }
}

export function progress() {
  const server = state.server;
  if (!server || server.done) return null;
  const done = server.n_done + server.n_failed;
  const share = server.n_photos ? done / server.n_photos : 0;
  const rate = server.rate ? ` · ${server.rate.toFixed(1)} a second` : "";
  const left = server.seconds_left !== null && done ? ` · ${duration(server.seconds_left)} left` : "";
  return { share, text: `${count(done)} of ${count(server.n_photos)} scored${rate}${left}` };
}
