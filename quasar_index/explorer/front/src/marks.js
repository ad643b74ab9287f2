// Picks, rejects and stars: shown at once, sent one change after the other, and shown as not kept until the server says so.
import { get, post, wait } from "./server.js";

const NONE = Object.freeze({ mark: "", stars: 0 });

export class Marks {
  /** `on` is told of changes: changed(), failed(failure), isBack(), undone(ids, states). */
  constructor(on) {
    this.on = on;
    this.states = new Map(); // id -> {mark, stars}
    this.queue = []; // changes that the server has not acknowledged: {path, body, ids, before}
    this.busy = false;
    this.version = 0;
    this.counts = { pick: 0, reject: 0, stars: 0 };
    this.unkept = new Set();
  }

  of(id) {
    return this.states.get(id) ?? NONE;
  }

  isKept(id) {
    return !this.unkept.has(id);
  }

  async load() {
    this._take((await get("/api/marks")).marks, true);
  }

  /** Take the marks of rows that are new: those at some places of what /api/photos answered. */
  arrive(part, places) {
    let found = false;
    for (const i of places) {
      const id = part.id[i];
      if ((!part.mark?.[i] && !part.stars?.[i]) || this.unkept.has(id)) continue;
      this.states.set(id, { mark: part.mark[i], stars: part.stars[i] });
      found = true;
    }
    if (found) this._changed();
  }

  /** What was not acknowledged, with names for ids, to be sent to a server with other ids. */
  waitingFor(name) {
    return this.queue.filter((change) => change.before).map(({ ids, body }) => ({ names: ids.map(name), body }));
  }

  async resend(changes, ids) {
    for (const { names, body } of changes) {
      const known = names.map((name) => ids.get(name)).filter((id) => id !== undefined);
      if (known.length) await post("/api/marks", { ...body, ids: known });
    }
  }

  /** Change marks or stars of photographs: shown now, kept as soon as the server answers. */
  set(ids, change) {
    const before = ids.map((id) => [id, this.of(id)]);
    for (const id of ids) this.states.set(id, { ...this.of(id), ...change });
    this.queue.push({ path: "/api/marks", body: { ids, ...change }, ids, before });
    this._changed();
    this._pump();
  }

  /** Take back the last change: here, if it has not left; else the server says what it was. */
  undo() {
    const last = this.queue.at(-1);
    if (last?.before && !(this.busy && this.queue.length === 1 && !this.waiting)) {
      this.queue.pop();
      for (const [id, state] of last.before) this.states.set(id, state);
      this._changed();
      this.on.undone(last.ids);
      return;
    }
    this.queue.push({ path: "/api/undo", body: {}, ids: [], before: null });
    this._pump();
  }

  async _pump() {
    if (this.busy) return;
    this.busy = true;
    while (this.queue.length) {
      const change = this.queue[0];
      try {
        const { marks } = await post(change.path, change.body);
        this._done(change);
        // What waits behind is newer than this answer.
        const newer = new Set(this.queue.flatMap((one) => one.ids));
        this._take(Object.fromEntries(Object.entries(marks ?? {}).filter(([id]) => !newer.has(Number(id)))), false);
        if (change.path === "/api/undo") this.on.undone(Object.keys(marks ?? {}).map(Number));
      } catch (failure) {
        this.on.failed(failure);
        if (failure.gone) {
          this.waiting = true; // for a server that comes back
          while (!this.on.isBack()) await wait(300);
          this.waiting = false;
          continue;
        }
        this._done(change);
        try {
          await this.load();
        } catch {
          /* said above */
        }
      }
    }
    this.busy = false;
    this._changed();
  }

  _done(change) {
    const at = this.queue.indexOf(change);
    if (at >= 0) this.queue.splice(at, 1);
  }

  _take(marks, all) {
    if (all) this.states = new Map();
    for (const [id, { mark, stars }] of Object.entries(marks ?? {})) {
      this.states.set(Number(id), { mark: mark ?? "", stars: stars ?? 0 });
    }
    if (all) for (const change of this.queue) this._again(change);
    this._changed();
  }

  _again({ ids, body }) {
    const { mark, stars } = body;
    for (const id of ids) {
      this.states.set(id, { mark: mark ?? this.of(id).mark, stars: stars ?? this.of(id).stars });
    }
  }

  _changed() {
    const counts = { pick: 0, reject: 0, stars: 0 };
    for (const { mark, stars } of this.states.values()) {
      if (mark) counts[mark] += 1;
      if (stars) counts.stars += 1;
    }
    this.counts = counts;
    this.unkept = new Set(this.queue.flatMap((change) => change.ids));
    this.version += 1;
    this.on.changed();
  }
}
