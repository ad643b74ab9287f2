// What the grid shows, and in which order: pure functions of the columns, the marks and the filters.
import { UNLIKE } from "./photos.js";

export const ORDERS = {
  best: "score, best first",
  worst: "score, worst first",
  name: "name",
  time: "time taken",
  strange: "least familiar first",
  taste: "your taste, best first",
};

export const SHOWS = {
  all: "All",
  pick: "Picks",
  reject: "Rejects",
  none: "Undecided",
  stars: "With stars",
  burst: "Bursts",
  unlike: "Unlike the anchors",
  broken: "Not scored",
};

/** Rows by a number, ascending; what is not known comes last. */
function byNumber(n, key, sign) {
  const keys = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    const value = key[row];
    keys[row] = value === null || value === undefined ? Infinity : sign * value;
  }
  const rows = new Uint32Array(n);
  for (let row = 0; row < n; row++) rows[row] = row;
  return rows.sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b));
}

/** A text whose order is that of people: IMG_9 comes before IMG_10. */
const inWords = (text) => text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, "0"));

/** All rows in one of ORDERS. */
export function sorted(photos, order) {
  const n = photos.n;
  if (order === "name") {
    const keys = photos.name.map(inWords);
    const rows = Uint32Array.from({ length: n }, (_, row) => row);
    const compare = (a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b);
    return rows.sort((a, b) => photos.folder[a] - photos.folder[b] || compare(a, b));
  }
  if (order === "time") return byNumber(n, photos.taken, 1);
  if (order === "taste") return byNumber(n, photos.taste, -1);
  if (order === "strange") return byNumber(n, photos.familiarity, 1);
  return byNumber(n, photos.score, order === "worst" ? 1 : -1);
}

function passes(photos, marks, show) {
  const mark = (row) => marks.of(photos.id[row]);
  return {
    all: () => true,
    pick: (row) => mark(row).mark === "pick",
    reject: (row) => mark(row).mark === "reject",
    none: (row) => mark(row).mark === "" && !isBroken(photos, row),
    stars: (row) => mark(row).stars > 0,
    burst: (row) => photos.burstOf(row).length > 1,
    unlike: (row) => photos.familiarity[row] !== null && photos.familiarity[row] < UNLIKE,
    broken: (row) => isBroken(photos, row),
  }[show];
}

export const isBroken = (photos, row) => Boolean(photos.error[row]) || photos.score[row] === null;

/** Rows that pass the filters, in order; of a folded burst the best that passes. */
export function shown(rows, photos, marks, { show, low, high, query, fold, open }) {
  const pass = passes(photos, marks, show);
  const text = query.trim().toLowerCase();
  const out = [];
  const folds = fold && photos.bursts.size > 0;
  const first = new Map();
  const isIn = (row) => {
    const score = photos.score[row];
    if (low !== null && !(score !== null && score >= low)) return false;
    if (high !== null && !(score !== null && score <= high)) return false;
    if (text && !(photos.name[row] ?? "").toLowerCase().includes(text)) return false;
    return pass(row);
  };
  for (const row of rows) {
    if (!isIn(row)) continue;
    if (folds) {
      const members = photos.burstOf(row);
      if (members.length > 1) {
        const key = photos.burst[row];
        if (!first.has(key)) first.set(key, members.find(isIn));
        const best = first.get(key);
        if (open.has(key)) {
          if (row === best) out.push(...members.filter(isIn)); // an open burst stands together
          continue;
        }
        if (row !== best) continue;
      }
    }
    out.push(row);
  }
  return Uint32Array.from(out);
}

/** The best n by score that nobody rejected; at most one of a burst if `single`. */
export function proposal(best, photos, marks, n, single) {
  const rows = new Set();
  const taken = new Set();
  for (const row of best) {
    if (rows.size >= n) break;
    if (isBroken(photos, row) || marks.of(photos.id[row]).mark === "reject") continue;
    if (single && photos.burstOf(row).length > 1) {
      if (taken.has(photos.burst[row])) continue;
      taken.add(photos.burst[row]);
    }
    rows.add(row);
  }
  return rows;
}

/** Lowest and highest score, and how many photographs fall into each of so many equal steps between them. */
export function histogram(photos, bins) {
  let low = Infinity;
  let high = -Infinity;
  for (let row = 0; row < photos.n; row++) {
    const score = photos.score[row];
    if (score === null) continue;
    if (score < low) low = score;
    if (score > high) high = score;
  }
  const counts = new Uint32Array(bins);
  if (low > high) return { low: 0, high: 1, counts };
  const step = (high - low) / bins || 1;
  for (let row = 0; row < photos.n; row++) {
    const score = photos.score[row];
    if (score !== null) counts[Math.min(bins - 1, Math.floor((score - low) / step))] += 1;
  }
  return { low, high, counts };
}
