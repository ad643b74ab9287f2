// The grid: of all photographs only those in sight, and a few rows around them, are in the page.
import { Check, Cross, Stack, Star, Unlike } from "./icons.js";
import { html, memo, useEffect, useLayoutEffect, useReducer, useRef } from "./html.js";
import { isBroken } from "./order.js";
import { UNLIKE } from "./photos.js";
import { thumb } from "./pictures.js";
import { choose } from "./comparing.js";
import { bins, change, described, go, marks, photos, state, view } from "./store.js";
import { two } from "./text.js";

const GAP = 8;
const CAPTION = 34;
const MOST = 320; // pictures in the grid; the rest of the page has its own few
const layout = { columns: 1, visible: 1, row: 100 };

export const columns = () => layout.columns;
export const perPage = () => Math.max(layout.columns, layout.columns * layout.visible);

/** How wide cells are, and how many stand beside each other: at least of a size, and so that MOST fill the window. */
function measure({ width, height }, size) {
  const least = Math.min(size, Math.max(100, (width - GAP) / 2)); // two beside each other on the smallest screen
  for (let n = Math.max(1, Math.floor((width + GAP) / (least + GAP))); ; n--) {
    const cell = (width - GAP * (n - 1)) / n;
    const row = Math.round(cell * 0.6 + CAPTION) + GAP;
    const inSight = Math.ceil(height / row) + 1;
    if (n === 1 || n * inSight <= MOST) return { columns: n, cell, row, inSight };
  }
}

export function Grid() {
  const box = useRef(null);
  const port = useRef({ top: 0, height: 600, width: 800 });
  const [, draw] = useReducer((n) => n + 1, 0);
  const { rows, where, proposed } = view();
  const { columns: n, cell, row: height, inSight } = measure(port.current, state.size);
  const lines = Math.ceil(rows.length / n);
  Object.assign(layout, { columns: n, visible: Math.max(1, inSight - 2), row: height });
  const around = Math.max(0, Math.min(3, Math.floor((MOST / n - inSight) / 2)));
  const first = Math.max(0, Math.min(lines - 1, Math.floor(port.current.top / height)) - around);
  const last = Math.min(lines, first + Math.min(inSight + 2 * around, Math.floor(MOST / n)));
  const at = where.get(state.current) ?? -1;

  useLayoutEffect(() => {
    const element = box.current;
    const read = () => {
      const style = getComputedStyle(element);
      const width = element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      if (width !== port.current.width || element.clientHeight !== port.current.height) {
        Object.assign(port.current, { width, height: element.clientHeight });
        draw();
      }
    };
    const observer = new ResizeObserver(read);
    observer.observe(element);
    read();
    return () => observer.disconnect();
  }, []);

  // The current photograph stays in sight when it changes, and where it is when others come before it.
  const held = useRef({ current: -1, at: -1, key: "" });
  useLayoutEffect(() => {
    const element = box.current;
    const { current, at: stood, key } = held.current;
    const now = `${n} ${height}`;
    held.current = { current: state.current, at, key: now };
    if (at < 0) return;
    const top = Math.floor(at / n) * height;
    const before = Math.floor(stood / n) * height;
    const view = element.clientHeight;
    if (current === state.current && key === now && stood >= 0 && before !== top) {
      if (before >= element.scrollTop - height && before <= element.scrollTop + view) element.scrollTop += top - before;
    } else if (current !== state.current || key !== now) {
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + height > element.scrollTop + view - GAP) element.scrollTop = top + height - view + GAP * 2;
    }
  });

  useEffect(() => box.current.focus({ preventScroll: true }), []);

  const onScroll = () => {
    const top = box.current.scrollTop;
    const moved = Math.floor(top / height) !== Math.floor(port.current.top / height);
    port.current.top = top;
    if (moved) draw();
  };

  const { low, high } = bins();
  const items = [];
  const add = (place) => {
    const row = rows[place];
    const burst = photos.burstOf(row).length;
    items.push(
      html`<${Cell}
        key=${photos.id[row]}
        row=${row}
        place=${place}
        n=${n}
        cell=${cell}
        height=${height}
        total=${rows.length}
        low=${low}
        high=${high}
        proposed=${proposed.has(row)}
        current=${place === at}
        mark=${marks.of(photos.id[row])}
        isKept=${marks.isKept(photos.id[row])}
        isChosen=${state.chosen.has(photos.id[row])}
        burst=${burst}
        isOpen=${burst > 1 && state.fold && state.open.has(photos.burst[row])}
      />`,
    );
  };
  for (let place = first * n; place < Math.min(rows.length, last * n); place++) add(place);
  if (at >= 0 && (at < first * n || at >= last * n)) add(at); // what has the focus is always in the page

  return html`<div
    class="grid"
    id="grid"
    ref=${box}
    role="listbox"
    tabindex="0"
    aria-label="Photographs"
    aria-activedescendant=${at >= 0 ? `photo-${photos.id[state.current]}` : undefined}
    onScroll=${onScroll}
  >
    <div class="sheet" role="presentation" style=${{ height: `${Math.max(0, lines * height)}px` }}>${items}</div>
    ${rows.length === 0 && html`<${Empty} />`}
  </div>`;
}

function Empty() {
  if (!photos.n)
    return html`<p class="empty">
      ${state.server?.done ? "There are no photographs here." : "The first photographs are being scored…"}
    </p>`;
  return html`<p class="empty">
    No photograph passes the filters.
    <button type="button" onClick=${() => change({ show: "all", low: null, high: null, query: "" })}>Show all</button>
  </p>`;
}

/** One photograph; everything that may change what is drawn is a property. */
const Cell = memo(
  ({ row, place, n, cell, height, total, low, high, proposed, current, mark, isKept, isChosen, burst, isOpen }) => {
    const id = photos.id[row];
    const broken = isBroken(photos, row);
    const score = photos.score[row];
    const unlike = photos.familiarity[row] !== null && photos.familiarity[row] < UNLIKE;
    const share = score === null ? 0 : high > low ? (score - low) / (high - low) : 1;
    const names = [
      "cell",
      mark.mark,
      current && "current",
      proposed && "proposed",
      broken && "broken",
      isOpen && "open",
    ];
    const place_ = `translate(${(place % n) * (cell + GAP)}px, ${Math.floor(place / n) * height}px)`;
    const words = [
      photos.name[row],
      described(row),
      proposed && "proposed",
      !isKept && "not kept yet",
      isChosen && "to compare",
    ];
    return html`<div
      class=${names.filter(Boolean).join(" ")}
      id=${`photo-${id}`}
      role="option"
      aria-setsize=${total}
      aria-posinset=${place + 1}
      aria-selected=${current ? "true" : "false"}
      data-id=${id}
      data-score=${score}
      style=${{ transform: place_, width: `${cell}px`, height: `${height - GAP}px` }}
      onClick=${(event) => (event.ctrlKey || event.metaKey ? choose(row) : go(row))}
      onDblClick=${() => change({ large: true, zoomed: false })}
    >
      <span class="hidden">${words.filter(Boolean).join(", ")}</span>
      <div class="picture" aria-hidden="true">
        ${
          broken
            ? html`<span class="blank">${photos.error[row] || "not scored"}</span>`
            : html`<img
                src=${thumb(id)}
                alt=""
                decoding="async"
                draggable=${false}
                onError=${(event) => event.target.classList.add("missing")}
              />`
        }
        <span class="tags">
          ${mark.mark === "pick" && html`<span class="tag good"><${Check} />pick</span>`}
          ${mark.mark === "reject" && html`<span class="tag bad"><${Cross} />reject</span>`}
          ${proposed && mark.mark !== "pick" && html`<span class="tag">proposed</span>`}
          ${!isKept && html`<span class="tag warn">not kept yet</span>`}
          ${isChosen && html`<span class="tag">compare</span>`}
        </span>
        <span class="tags right">
          ${burst > 1 && html`<span class="tag" title=${`a burst of ${burst}`}><${Stack} />${burst}</span>`}
          ${unlike && html`<span class="tag" title="unlike all anchors"><${Unlike} />unlike</span>`}
        </span>
        ${
          mark.stars > 0 &&
          html`<span class="tags bottom">
            <span class="tag stars">${Array.from({ length: mark.stars }, () => html`<${Star} />`)}</span>
          </span>`
        }
      </div>
      <div class="bar" aria-hidden="true"><i style=${{ transform: `scaleX(${share})` }}></i></div>
      <div class="caption" aria-hidden="true">
        <span class="name">${photos.file(row)}</span><b>${broken ? "–" : two(score)}</b>
      </div>
    </div>`;
  },
);
