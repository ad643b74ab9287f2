// Taste: photographs are judged one or two at a time, and an index is made of what was said.
import { Command } from "./command.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Photograph } from "./panel.js";
import { picture } from "./pictures.js";
import { get, post } from "./server.js";
import { change, fail, photos, remember, say, state } from "./store.js";
import { counted, stars as inStars, two } from "./text.js";

const KINDS = { stars: "Stars", pairs: "Pairs" };
const WANTED = 20; // judgements of a first round
const FEW = 40; // up to here the page says that they say little

/** What the view shows; kept here, so that keys reach it and it is there again when the person comes back. */
const taste = {
  kind: remembered(),
  server: null,
  queue: [],
  waiting: 0,
  sent: new Set(),
  made: null,
  agreement: null,
  error: "",
};
function remembered() {
  return state.tasteKind === "pairs" ? "pairs" : "stars";
}
function set(part) {
  Object.assign(taste, part);
  change();
}

const n = () => (taste.kind === "stars" ? taste.server?.stars : taste.server?.pairs) ?? 0;
const same = (a, b) => String(a) === String(b);

/** Take an answer of the server; what the person looks at stays, and what was answered since then does not come again. */
function take(server, shown = []) {
  const more = server.next.filter((one) => !same(one, shown[0]) && !taste.sent.has(String(one)));
  set({ server, queue: [...shown, ...more], error: "" });
  for (const one of taste.queue.slice(0, 2)) for (const id of [one].flat()) picture(id);
}

async function load(kind = taste.kind) {
  try {
    const server = await get(`/api/taste/${kind}`);
    if (kind === taste.kind) take(server);
  } catch (failure) {
    report(failure);
  }
}
function report(failure) {
  if (failure.gone) fail(failure);
  set({ error: failure.message });
}

let turn = Promise.resolve(); // judgements are sent one after the other, in their order

function send(what, question) {
  const { kind } = taste;
  set({ waiting: taste.waiting + 1 });
  turn = turn
    .then(() => post(`/api/taste/${kind}/${what}`, question))
    .then((server) => {
      taste.waiting -= 1;
      if (kind !== taste.kind) return change();
      const back = server.back ?? [];
      if (!back.length) return take(server, taste.queue.slice(0, 1));
      const again = kind === "stars" ? back[0] : back;
      for (const one of [again, [...back].reverse()]) taste.sent.delete(String(one));
      take(server, [again]);
    })
    .catch(async (failure) => {
      taste.waiting -= 1;
      taste.sent.clear();
      report(failure);
      if (!failure.gone) await load();
    });
  return turn;
}

function judge(ids, stars, text) {
  taste.sent.add(String(taste.queue[0]));
  set({ queue: taste.queue.slice(1), agreement: null, made: null });
  say(text);
  send("judge", { ids, stars });
}
export function rateThis(stars) {
  const id = taste.queue[0];
  if (!isThere() || taste.kind !== "stars") return false;
  judge([id], stars, stars ? `${inStars(stars)}. Next photograph.` : "Passed over.");
}
export function prefer(side) {
  const pair = taste.queue[0];
  if (!isThere() || taste.kind !== "pairs") return false;
  if (side === null) return judge(pair, 0, "Passed over.");
  judge(side ? [pair[1], pair[0]] : pair, 1, `The ${side ? "right" : "left"} one. Next two.`);
}
export function passOver() {
  return taste.kind === "stars" ? rateThis(0) : prefer(null);
}
export function takeBack() {
  set({ agreement: null, made: null });
  say("The last judgement is taken back.");
  send("undo", {});
}
function choose(kind) {
  if (kind === taste.kind) return;
  remember("tasteKind", kind);
  set({ kind, server: null, queue: [], sent: new Set(), made: null, agreement: null, error: "" });
  load(kind);
}

async function measure() {
  const { kind } = taste;
  await turn;
  try {
    const agreement = await get(`/api/taste/${kind}/agreement`);
    if (kind === taste.kind) set({ agreement });
  } catch (failure) {
    report(failure);
  }
}
/** Sort Cull by the index that was made. */
async function sort() {
  try {
    const { score } = await get(`/api/taste/${taste.kind}/scores?name=${encodeURIComponent(taste.made.name)}`);
    photos.taste = photos.id.map((id) => score[id] ?? null);
    photos.version += 1;
    change({ order: "taste", moved: false });
    location.hash = "#cull";
  } catch (failure) {
    report(failure);
  }
}
async function make(name) {
  await turn;
  try {
    const made = await post(`/api/taste/${taste.kind}/index`, { name });
    set({ made, error: "" });
    say(`The index ${made.name} is there.`);
    measure();
  } catch (failure) {
    report(failure);
  }
}

export function Taste() {
  useEffect(() => {
    load();
    document.getElementById("content").focus({ preventScroll: true });
  }, []);
  // While photographs are scored, more of them can be asked for.
  const waits = taste.server && !taste.queue.length && !state.server?.done;
  useEffect(() => {
    if (waits) load();
  }, [waits, state.server?.n_done]);
  return html`<main id="content" class="taste" tabindex="-1" aria-label="Taste">
    <section class="asked" aria-label="Judge">
      <${!isThere() ? Nothing : taste.kind === "stars" ? One : Two} />
    </section>
    <aside class="told" aria-label="Your taste"><${Told} /></aside>
  </main>`;
}

/** Whether something is asked for, and the page knows the photographs: they come a moment later than the question. */
const isThere = () => taste.queue.length > 0 && [taste.queue[0]].flat().every((id) => photos.rows.has(id));
const nameOf = (id) => photos.name[photos.rows.get(id)];

function Nothing() {
  if (taste.error && !taste.server) return html`<p class="empty warn" role="alert">${taste.error}</p>`;
  if (!taste.server || taste.queue.length || !state.server?.done || taste.waiting)
    return html`<p class="empty" role="status">Choosing…</p>`;
  return html`<p class="empty" role="status">
    ${n() ? "All photographs are judged." : "There are no photographs to judge: start with quasar-index explore PHOTOS."}
  </p>`;
}

function One() {
  const id = taste.queue[0];
  return html`<h2 class="question">How good is it, to you?</h2>
    <div class="stage"><${Photograph} key=${id} id=${id} wait=${0} alt=${nameOf(id)} /></div>
    <div class="answers" role="group" aria-label="Stars">
      ${[1, 2, 3, 4, 5].map(
        (stars) =>
          html`<button type="button" key=${stars} aria-label=${inStars(stars)} onClick=${() => rateThis(stars)}>
            <span class="gold" aria-hidden="true">${"★".repeat(stars)}</span> <kbd>${stars}</kbd>
          </button>`,
      )}
    </div>
    <${Others} />`;
}

function Two() {
  const pair = taste.queue[0];
  return html`<h2 class="question">Which one is better, to you?</h2>
    <div class="two">
      ${pair.map(
        (id, side) =>
          html`<button
            type="button"
            class="choice"
            key=${id}
            aria-label=${`The ${side ? "right" : "left"} one: ${nameOf(id)}`}
            onClick=${() => prefer(side)}
          >
            <span class="stage"><${Photograph} id=${id} wait=${0} alt="" /></span>
            <span>${side ? "right" : "left"} <kbd>${side ? "→" : "←"}</kbd></span>
          </button>`,
      )}
    </div>
    <${Others} />`;
}

function Others() {
  return html`<div class="answers">
    <button type="button" onClick=${passOver}>Pass over <kbd>S</kbd></button>
    <button type="button" disabled=${!n() && !taste.server?.passed} onClick=${takeBack}>Take back <kbd>U</kbd></button>
  </div>`;
}

function Told() {
  const done = n();
  const start = `${WANTED} ${taste.kind === "stars" ? "photographs" : "pairs"} are a start; going on later adds`;
  return html`<section aria-labelledby="h-by">
      <h2 id="h-by">Judge by</h2>
      <div class="kinds" role="group" aria-labelledby="h-by">
        ${Object.entries(KINDS).map(
          ([kind, label]) =>
            html`<button
              type="button"
              key=${kind}
              id=${`by-${kind}`}
              aria-pressed=${taste.kind === kind ? "true" : "false"}
              onClick=${() => choose(kind)}
            >
              ${label}
            </button>`,
        )}
      </div>
    </section>
    <section aria-labelledby="h-judged">
      <h2 id="h-judged">Judged</h2>
      <p class="number"><b id="judged">${done}</b> <span class="dim">of ${Math.max(WANTED, done)}</span></p>
      <progress max=${WANTED} value=${Math.min(done, WANTED)} aria-label="Judged"></progress>
      <p class="dim" id="kept">
        ${taste.waiting ? `${counted(taste.waiting, "judgement")} not kept yet` : done ? "all kept" : start}
      </p>
      ${
        taste.kind === "stars" &&
        done > 0 &&
        html`<dl class="spread">
          ${taste.server.counts.map(
            (many, i) =>
              html`<div key=${i}>
                <dt>${inStars(i + 1)}</dt>
                <dd>${many}</dd>
              </div>`,
          )}
        </dl>`
      }
    </section>
    <${Worth} done=${done} />
    <${Make} done=${done} />
    ${taste.error && html`<p class="warn" role="alert" id="taste-error">${taste.error}</p>`}
    <p class="dim">
      Asked for next: photographs unlike those you judged, and those whose score is in
      doubt.${taste.server && html` Kept in <span class="path">${taste.server.store}</span>.`}
    </p>`;
}

function Worth({ done }) {
  const found = taste.agreement;
  if (!done) return null;
  return html`<section aria-labelledby="h-worth">
    <h2 id="h-worth">What it is worth</h2>
    ${found && html`<p id="agreement" role="status">${inWords(found)}</p>`}
    ${found && done < FEW && html`<p class="warn">${counted(done, "judgement")} ${done === 1 ? "says" : "say"} little.</p>`}
    <button type="button" class="wide" onClick=${measure}>Measure: leave each one out</button>
  </section>`;
}

/** An agreement as a sentence. */
export function inWords({ what, value, low, high, n }) {
  if (value === null) return "Too few judgements, or too much alike, for a figure.";
  if (what === "share") {
    const percent = (share) => `${Math.round(100 * share)}%`;
    const range = `95% interval ${percent(low)} to ${percent(high)}; chance: 50%`;
    return `Of ${counted(n, "pair")}, each left out in turn, ${percent(value)} are foretold right (${range}).`;
  }
  const range = low === null ? "no interval of so few" : `95% interval ${two(low)} to ${two(high)}`;
  const of = `${range}; ${counted(n, "photograph")}; chance: 0`;
  return `Rank correlation of your stars with the score of each photograph, left out in turn: ${two(value)} (${of}).`;
}

function Make({ done }) {
  const field = useRef(null);
  const [name, write] = useState("my-taste");
  const { made } = taste;
  return html`<section aria-labelledby="h-make">
    <h2 id="h-make">Your index</h2>
    <form
      onSubmit=${(event) => {
        event.preventDefault();
        make(name.trim());
      }}
    >
      <label class="field"
        ><span>Name</span
        ><input
          type="text"
          id="taste-name"
          ref=${field}
          spellcheck=${false}
          value=${name}
          onInput=${(event) => write(event.target.value)}
      /></label>
      <button type="submit" class="wide main" id="make" disabled=${!taste.server?.divides}>Make the index</button>
    </form>
    ${done > 1 && taste.server && !taste.server.divides && html`<p class="dim">All are the same so far: judge some better than others.</p>`}
    ${
      made &&
      html`<p id="made" role="status">
          <b>${made.name}</b>: ${made.n_good} good and ${made.n_bad} bad, in <span class="path">${made.path}</span>
        </p>
        <button type="button" class="wide" id="sort" onClick=${sort}>Sort Cull by it</button>
        <${Command} text=${made.score} label="Score by it" id="taste-score" />
        <${Command} text=${made.explore} label="Cull by it: start again with" id="taste-explore" />`
    }
  </section>`;
}
