// Right of the grid (small screens: below it): the current photograph and why it has its score.
import { html, useEffect, useRef } from "./html.js";
import { Check, Cross, Star, Undo, Up } from "./icons.js";
import { open } from "./keys.js";
import { isBroken } from "./order.js";
import { isKept, picture, thumb } from "./pictures.js";
import { change, go, mark, marks, photos, rank, rate, state, view } from "./store.js";
import { count, date, four, ordinal, two } from "./text.js";
import { Anchors, Familiarity, Opinion, useWhy } from "./why.js";

/** A photograph: its small picture at once, the large one as soon as it is there. */
export function Photograph({ id, side = 1600, wait = 90, alt, label }) {
  const box = useRef(null);
  useEffect(() => {
    const put = () => {
      const image = picture(id, side);
      image.alt = alt;
      const show = () => box.current?.dataset.id === String(id) && box.current.replaceChildren(image);
      if (image.done) show();
      else image.ready.then(() => image.done && show());
    };
    if (!box.current) return undefined;
    box.current.dataset.id = id;
    if (isKept(id, side)) return void put();
    const small = new Image();
    small.src = thumb(id);
    small.alt = alt;
    small.className = "small";
    box.current.replaceChildren(small);
    const timer = setTimeout(put, wait);
    return () => clearTimeout(timer);
  }, [id, side]);
  return html`<div class="photograph" ref=${box} aria-label=${label}></div>`;
}

/** After a click of the mouse keys act on the photographs again, not on the button. */
function refocus(event) {
  if (event.detail)
    (document.querySelector("dialog[open]") ?? document.getElementById("grid"))?.focus({ preventScroll: true });
}

export function MarkButtons() {
  const { mark: now } = marks.of(photos.id[state.current]);
  const button = (kind, Icon, key, label) =>
    html`<button
      type="button"
      class=${`mark ${kind}`}
      aria-pressed=${now === kind ? "true" : "false"}
      title=${`${label} (${key})`}
      onClick=${(event) => refocus(event, mark(kind))}
    >
      <${Icon} /><span>${label}</span>
    </button>`;
  return html`<div class="marks">
    ${button("pick", Check, "P", "Pick")}${button("reject", Cross, "X", "Reject")}
    <button
      type="button"
      class="round"
      aria-label="Undo"
      title="Undo the last change of marks (U)"
      onClick=${(event) => refocus(event, marks.undo())}
    >
      <${Undo} />
    </button>
  </div>`;
}

export function Stars() {
  const { stars } = marks.of(photos.id[state.current]);
  return html`<div class="starline" role="group" aria-label="Stars">
    ${[1, 2, 3, 4, 5].map(
      (n) =>
        html`<button
          key=${n}
          type="button"
          class=${n <= stars ? "on" : ""}
          aria-pressed=${n === stars ? "true" : "false"}
          aria-label=${n === 1 ? "1 star" : `${n} stars`}
          title=${`${n} (${n === stars ? 0 : n})`}
          onClick=${(event) => refocus(event, rate(n === stars ? 0 : n))}
        >
          <${Star} />
        </button>`,
    )}
  </div>`;
}

export function Panel() {
  const row = state.current;
  const id = photos.id[row];
  const broken = row >= 0 && isBroken(photos, row);
  const why = useWhy(row < 0 || broken ? null : id);
  if (row < 0) return html`<aside class="panel" aria-label="Current photograph"></aside>`;
  const { where } = view();
  const burst = photos.burstOf(row);
  const place = broken ? "not scored" : `${ordinal(rank(row))} of ${count(photos.scored)}`;
  return html`<aside class="panel" aria-label="Current photograph">
    <div class="short">
      <button
        type="button"
        class="opener"
        aria-expanded=${state.details ? "true" : "false"}
        aria-controls="details"
        onClick=${() => change({ details: !state.details })}
      >
        <span class="file">${photos.file(row)}</span
        ><span><b>${two(photos.score[row])}</b> <span class="dim">${place}</span></span
        ><${Up} class="icon turn" />
      </button>
    </div>
    <div class="whole" id="details">
      <button
        type="button"
        class="preview"
        aria-label="Show large"
        title="Large (Space)"
        onClick=${() => change({ large: true, zoomed: false })}
      >
        ${broken ? html`<span class="blank">no picture</span>` : !state.large && html`<${Photograph} id=${id} alt=${photos.name[row]} />`}
      </button>
      <p class="file" title=${photos.name[row]}>${photos.name[row]}</p>
      ${photos.taken[row] !== null && html`<p class="dim">${date(photos.taken[row])}</p>`}
    </div>
    <div class="number">
      <p class="score" title=${`score ${four(photos.score[row])}`}>
        <b>${two(photos.score[row])}</b> <span class="dim">${place}</span>
      </p>
    </div>
    <div class="doing"><${MarkButtons} /><${Stars} /></div>
    <div class="whole">
      ${broken && html`<p class="warn">Not scored: ${photos.error[row]}</p>`}
      <${Opinion} value=${photos.opinion[row]} low=${photos.low[row]} high=${photos.high[row]} />
      <${Familiarity} value=${photos.familiarity[row]} />
      <${Anchors}
        side="good"
        list=${why?.good}
        most=${5}
        pictures=${why?.anchors_have_pictures}
        title="Nearest good anchors"
      />
      <${Anchors}
        side="bad"
        list=${why?.bad}
        most=${5}
        pictures=${why?.anchors_have_pictures}
        title="Nearest bad anchors"
      />
      ${
        burst.length > 1 &&
        html`<section aria-labelledby="h-burst">
          <h2 id="h-burst">This burst</h2>
          <ul class="strip">
            ${burst.slice(0, 12).map(
              (one) =>
                html`<li key=${one}>
                  <button
                    type="button"
                    aria-label=${`${photos.file(one)}, score ${two(photos.score[one])}`}
                    aria-current=${one === row ? "true" : undefined}
                    onClick=${() => show(one, where)}
                  >
                    <img src=${thumb(photos.id[one])} alt="" /><span>${two(photos.score[one])}</span>
                  </button>
                </li>`,
            )}
          </ul>
          ${burst.length > 12 && html`<p class="dim">and ${count(burst.length - 12)} more</p>`}
        </section>`
      }
      ${!broken && html`<button type="button" class="wide" onClick=${() => open("one", id)}>Why this score: One image</button>`}
    </div>
  </aside>`;
}

/** Go to one of a burst, which unfolds it if it is hidden. */
function show(row, where) {
  if (!where.has(row)) change({ open: new Set(state.open).add(photos.burst[row]) });
  go(row);
}
