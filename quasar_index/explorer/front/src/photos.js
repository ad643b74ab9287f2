// All photographs as columns, in the order in which they were scored; a "row" is a place in these columns.

const COLUMNS = [
  "id",
  "name",
  "folder",
  "score",
  "familiarity",
  "opinion",
  "low",
  "high",
  "taken",
  "width",
  "height",
  "burst",
  "error",
];
/** Familiarity below which a photograph counts as unlike all anchors, as in the command. */
export const UNLIKE = 0.05;

export class Photos {
  constructor() {
    this.n = 0;
    this.version = 0;
    this.rows = new Map(); // id -> row
    this.scored = 0;
    this.unlike = 0;
    this.broken = 0;
    this.taste = []; // scores by an index that was made in Taste; none before
    this.bursts = new Map(); // id of the best -> rows of its burst, best first; only of two and more
    for (const column of COLUMNS) this[column] = [];
  }

  /** Take what /api/photos answered; returns the places of its new rows. */
  append(part) {
    const places = [];
    for (let i = 0; i < part.id.length; i++) {
      if (this.rows.has(part.id[i])) continue;
      places.push(i);
      this.rows.set(part.id[i], this.n);
      for (const column of COLUMNS) this[column].push(part[column]?.[i] ?? null);
      if (this.error[this.n] || this.score[this.n] === null) this.broken += 1;
      else this.scored += 1;
      const known = this.familiarity[this.n];
      if (known !== null && known < UNLIKE) this.unlike += 1;
      this.n += 1;
    }
    if (places.length) this.version += 1;
    return places;
  }

  /** Take the bursts: for each id, the id of the best of its burst. */
  group(best) {
    for (let row = 0; row < this.n; row++) this.burst[row] = best[this.id[row]];
    const members = new Map();
    for (let row = 0; row < this.n; row++) {
      const key = this.burst[row];
      if (key === null || key === undefined) continue;
      if (members.has(key)) members.get(key).push(row);
      else members.set(key, [row]);
    }
    this.bursts = new Map([...members].filter(([, rows]) => rows.length > 1));
    for (const rows of this.bursts.values())
      rows.sort((a, b) => (this.score[b] ?? -1) - (this.score[a] ?? -1) || a - b);
    this.version += 1;
  }

  /** Rows of the burst of a row; none if it stands alone. */
  burstOf(row) {
    return this.bursts.get(this.burst[row]) ?? [];
  }

  file(row) {
    const name = this.name[row] ?? "";
    return name.slice(name.lastIndexOf("/") + 1);
  }
}
