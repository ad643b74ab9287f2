// Compare: two to four photographs beside each other, all at one zoom and place.
import { candidate, compared, everyPixel, leaveOut, lens, moveBy, place, zoomBy } from "./comparing.js";
import { html, useEffect, useLayoutEffect, useRef } from "./html.js";
import { Check, Cross, Left, Right, Zoom } from "./icons.js";
import { isBroken } from "./order.js";
import { MarkButtons, Stars } from "./panel.js";
import { photo, thumb } from "./pictures.js";
import { change, go, marks, photos, rank, state } from "./store.js";
import { count, four, one, ordinal, stars, two } from "./text.js";

const WHEEL = 0.0018; // of a step of the wheel, in powers of e

export function Compare() {
  const rows = compared();
  const box = useRef(null);
  useEffect(() => {
    if (rows.length && !rows.includes(state.current)) change({ current: rows[0], moved: true });
  });
  useLayoutEffect(place);
  useEffect(() => {
    const observer = new ResizeObserver(place);
    observer.observe(box.current);
    box.current.focus({ preventScroll: true });
    return () => observer.disconnect();
  }, []);
  return html`<main class="compare" id="content" tabindex="-1" aria-label="Compare" ref=${box}>
    ${
      rows.length < 2
        ? html`<p class="empty">
            ${
              photos.n || state.server?.done
                ? html`Choose two to four photographs in Cull (<kbd>S</kbd>), then press <kbd>C</kbd>. Without a choice,
                    <kbd>C</kbd> compares a burst, or a photograph and the next.`
                : "The first photographs are being scored…"
            }
          </p>`
        : html`<div class=${`panes n${rows.length}`}>
              ${rows.map((row) => html`<${Pane} key=${photos.id[row]} row=${row} />`)}
            </div>
            <${Rail} n=${rows.length} />`
    }
  </main>`;
}

function Pane({ row }) {
  const id = photos.id[row];
  const grab = useRef(null);
  const isCurrent = row === state.current;
  const { mark, stars: n } = marks.of(id);
  const onWheel = (event) => {
    event.preventDefault();
    const box = event.currentTarget.getBoundingClientRect();
    const across = event.clientX - box.left - box.width / 2;
    const down = event.clientY - box.top - box.height / 2;
    const lines = event.deltaMode === 1 ? 30 : 1;
    zoomBy(Math.exp(-event.deltaY * lines * WHEEL), event.currentTarget.firstElementChild, across, down);
  };
  const onPointer = (event) => {
    const stage = event.currentTarget;
    if (event.type === "pointerdown") {
      if (event.button !== 0) return;
      stage.setPointerCapture(event.pointerId);
      grab.current = { x: event.clientX, y: event.clientY };
      if (!isCurrent) go(row);
    } else if (event.type === "pointermove" && grab.current) {
      moveBy(stage.firstElementChild, event.clientX - grab.current.x, event.clientY - grab.current.y);
      grab.current = { x: event.clientX, y: event.clientY };
    } else if (event.type !== "pointermove") grab.current = null;
  };
  const missing = (event) => event.target.classList.add("missing");
  return html`<section
    class=${`pane ${mark}`}
    aria-label=${photos.name[row]}
    aria-current=${isCurrent ? "true" : undefined}
    data-id=${id}
  >
    <div
      class="under"
      onWheel=${onWheel}
      onPointerDown=${onPointer}
      onPointerMove=${onPointer}
      onPointerUp=${onPointer}
      onPointerCancel=${onPointer}
      onDblClick=${everyPixel}
    >
      ${
        isBroken(photos, row)
          ? html`<p class="blank">Not scored: ${photos.error[row]}</p>`
          : html`<div class="lens">
              <img src=${thumb(id)} alt=${photos.name[row]} draggable=${false} onLoad=${place} onError=${missing} />
              <img src=${photo(id)} alt="" decoding="async" draggable=${false} onError=${missing} />
              ${lens.zoom > 1 && html`<img src=${photo(id, 3200)} alt="" decoding="async" draggable=${false} onError=${missing} />`}
            </div>`
      }
      <span class="tags">
        ${mark === "pick" && html`<span class="tag good"><${Check} />pick</span>`}
        ${mark === "reject" && html`<span class="tag bad"><${Cross} />reject</span>`}
        ${n > 0 && html`<span class="tag">${stars(n)}</span>`}
        ${!marks.isKept(id) && html`<span class="tag warn">not kept yet</span>`}
      </span>
    </div>
    <div class="caption">
      <button type="button" class="link file" aria-pressed=${isCurrent ? "true" : "false"} onClick=${() => go(row)}>
        ${photos.file(row)}
      </button>
      <p title=${`score ${four(photos.score[row])}`}>
        <b class="score">${two(photos.score[row])}</b>
        <span class="dim">
          ${!isBroken(photos, row) && html` ${ordinal(rank(row))} of ${count(photos.scored)}`}
          ${photos.opinion[row] !== null && html` · opinion ${one(photos.opinion[row])}`}
          ${photos.familiarity[row] !== null && html` · familiarity ${two(photos.familiarity[row])}`}
        </span>
      </p>
    </div>
  </section>`;
}

function Rail({ n }) {
  const button = (label, key, act, icon, disabled = false) =>
    html`<button
      type="button"
      class="round"
      aria-label=${label}
      title=${`${label} (${key})`}
      disabled=${disabled}
      onClick=${act}
    >
      ${icon}
    </button>`;
  return html`<div class="rail" role="toolbar" aria-label="The one with the frame">
    ${button("The candidate before", "↑", () => candidate(-1), html`<${Left} />`)}
    ${button("The next candidate", "↓", () => candidate(1), html`<${Right} />`)}
    <${MarkButtons} /><${Stars} />
    ${button("Every pixel, or whole", "Z", everyPixel, html`<${Zoom} />`)}
    ${button("Closer", "+", () => zoomBy(1.3), "+")} ${button("Farther", "-", () => zoomBy(1 / 1.3), "−")}
    ${button("Leave this one out", "Del", leaveOut, html`<${Cross} />`, n <= 2)}
  </div>`;
}
