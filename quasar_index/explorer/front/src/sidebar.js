// Left of the grid: scores, how many to keep, what to show, in which order.
import { Command } from "./command.js";
import { html, useRef } from "./html.js";
import { Filter } from "./icons.js";
import { ORDERS, SHOWS } from "./order.js";
import {
  BINS,
  bins,
  change,
  counts,
  filter,
  isFiltered,
  photos,
  pickProposed,
  remember,
  state,
  view,
} from "./store.js";
import { count, counted, two } from "./text.js";

export function Sidebar() {
  const n = counts();
  return html`<aside class="filters" aria-label="Filters">
    <button
      type="button"
      class="opener"
      aria-expanded=${state.filters ? "true" : "false"}
      aria-controls="filter-parts"
      onClick=${() => change({ filters: !state.filters })}
    >
      <${Filter} />Filter, order, keep
      <span class="pill"
        >${isFiltered() ? `${count(view().rows.length)} shown` : `${counted(n.pick, "pick")}, ${counted(n.reject, "reject")}`}</span
      >
    </button>
    <div class="parts" id="filter-parts">
      <${Scores} /><${Keep} /><${Show} /><${Order} />
      <${Command} text=${state.server?.command} label="The command that gives these scores" id="all-command" />
    </div>
  </aside>`;
}

function Scores() {
  const bars = useRef(null);
  const from = useRef(null);
  const { low, high, counts: n } = bins();
  const most = Math.max(1, ...n);
  const step = (high - low) / BINS;
  const left = state.low ?? low;
  const right = state.high ?? high;
  const edge = (bin) => (bin <= 0 ? null : bin >= BINS ? null : low + bin * step);
  const bin = (event) => {
    const { left: x, width } = bars.current.getBoundingClientRect();
    return Math.max(0, Math.min(BINS - 1, Math.floor(((event.clientX - x) / width) * BINS)));
  };
  const drag = (event) => {
    if (event.type === "pointerdown") {
      event.currentTarget.setPointerCapture(event.pointerId);
      from.current = bin(event);
    }
    if (from.current === null) return;
    const [a, b] = [from.current, bin(event)].sort((x, y) => x - y);
    change({ low: edge(a), high: edge(b + 1) });
    if (event.type === "pointerup") {
      from.current = null;
      filter({});
    }
  };
  // The ends of the sliders are no limits, so that photographs that come later are shown.
  const limit = (name, value) => {
    const place = Number(value);
    if (name === "low") filter({ low: place <= 0 ? null : Math.min(low + place * step, right) });
    else filter({ high: place >= BINS ? null : Math.max(low + place * step, left) });
  };
  const slider = (name, value, label) =>
    html`<input
      type="range"
      class=${name}
      min="0"
      max=${BINS}
      step="0.25"
      value=${(value - low) / (step || 1)}
      aria-label=${label}
      aria-valuetext=${two(value)}
      onInput=${(event) => limit(name, event.target.value)}
    />`;
  return html`<section aria-labelledby="h-score">
    <h2 id="h-score">Score</h2>
    <div
      class="bars"
      ref=${bars}
      aria-hidden="true"
      title="Drag over the bars to show these scores alone"
      onPointerDown=${drag}
      onPointerMove=${(event) => from.current !== null && drag(event)}
      onPointerUp=${drag}
      onPointerCancel=${() => (from.current = null)}
    >
      ${Array.from(
        n,
        (value, i) =>
          html`<i
            key=${i}
            class=${low + (i + 0.5) * step >= left && low + (i + 0.5) * step <= right ? "in" : ""}
            style=${{ height: value ? `${Math.max(4, (100 * value) / most)}%` : "0" }}
          ></i>`,
      )}
    </div>
    <div class="limits">
      ${slider("low", left, "Lowest score shown")}${slider("high", right, "Highest score shown")}
    </div>
    <p class="line">
      <span>${two(left)}</span>
      ${
        state.low !== null || state.high !== null
          ? html`<button type="button" class="link" onClick=${() => filter({ low: null, high: null })}>
              all scores
            </button>`
          : html`<span class="dim">to</span>`
      }
      <span>${two(right)}</span>
    </p>
  </section>`;
}

function Keep() {
  const most = Math.max(1, photos.scored);
  const set = (value) => change({ keep: Math.max(0, Math.min(most, Math.round(Number(value) || 0))) });
  const n = view().proposed.size;
  // Small numbers are chosen more finely: the slider is quadratic.
  return html`<section aria-labelledby="h-keep">
    <h2 id="h-keep">Keep</h2>
    <p class="line">
      <label for="keep">the best</label
      ><input
        type="number"
        id="keep"
        min="0"
        max=${most}
        value=${state.keep}
        onInput=${(event) => set(event.target.value)}
      />
    </p>
    <input
      type="range"
      min="0"
      max="1000"
      value=${Math.round(Math.sqrt(state.keep / most) * 1000)}
      aria-label="Keep the best so many"
      aria-valuetext=${`the best ${state.keep}`}
      onInput=${(event) => set((event.target.value / 1000) ** 2 * most)}
    />
    <label class="line check"
      ><span>one of each burst</span
      ><input type="checkbox" checked=${state.single} onChange=${(event) => remember("single", event.target.checked)}
    /></label>
    <button type="button" class="wide main" disabled=${!n} onClick=${pickProposed}>
      ${n ? `Pick the best ${count(n)}` : "Pick the best"}
    </button>
  </section>`;
}

function Show() {
  const n = counts();
  return html`<section aria-labelledby="h-show">
    <h2 id="h-show">Show</h2>
    <fieldset class="choices">
      <legend class="hidden">Show</legend>
      ${Object.entries(SHOWS).map(
        ([name, label]) =>
          (n[name] > 0 || ["all", "pick", "reject", "none", state.show].includes(name)) &&
          html`<label key=${name} class=${state.show === name ? "line chosen" : "line"}>
            <input
              type="radio"
              name="show"
              class="hidden"
              checked=${state.show === name}
              onChange=${() => filter({ show: name })}
            />
            <span>${label}</span><span class="dim" id=${`n-${name}`}>${count(n[name])}</span></label
          >`,
      )}
    </fieldset>
    <label class="field"
      ><span>Name</span
      ><input
        type="search"
        id="query"
        placeholder="part of a name"
        spellcheck=${false}
        value=${state.query}
        onInput=${(event) => filter({ query: event.target.value })}
        onKeyDown=${(event) => event.key === "Enter" && document.getElementById("grid").focus()}
    /></label>
    <p class="dim shown">${counted(view().rows.length, "photograph")} shown</p>
  </section>`;
}

function Order() {
  return html`<section aria-labelledby="h-order">
    <h2 id="h-order">Order</h2>
    <select
      aria-label="Order"
      id="order"
      value=${state.order}
      onChange=${(event) => filter({ order: event.target.value })}
    >
      ${Object.entries(ORDERS).map(
        ([name, label]) =>
          (name !== "taste" || photos.taste.length > 0) &&
          html`<option key=${name} value=${name} selected=${state.order === name}>${label}</option>`,
      )}
    </select>
    <label class="line check"
      ><span>fold bursts</span
      ><input
        type="checkbox"
        id="fold"
        checked=${state.fold}
        onChange=${(event) => remember("fold", event.target.checked)}
    /></label>
    <label class="line check"
      ><span>go on after a mark</span
      ><input type="checkbox" checked=${state.advance} onChange=${(event) => remember("advance", event.target.checked)}
    /></label>
    <label class="line"
      ><span>size</span
      ><input
        type="range"
        min="110"
        max="420"
        step="10"
        value=${state.size}
        onInput=${(event) => remember("size", Number(event.target.value))}
    /></label>
  </section>`;
}
