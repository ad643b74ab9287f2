// The chosen anchors: pictures or a table, of which only those in sight are in the page.
import { anchors } from "./anchorstore.js";
import { html, useLayoutEffect, useReducer, useRef } from "./html.js";
import { counted, two } from "./text.js";

const LINE = 30;
const TILE = 104;

const word = (staged) =>
  staged && { remove: "remove", rating: `→ ${staged.value}`, side: `→ ${staged.value}` }[staged.do];

export function Chosen({ data }) {
  const box = useRef(null);
  const port = useRef({ top: 0, width: 340, height: 300 });
  const [, draw] = useReducer((n) => n + 1, 0);
  const { chosen, table } = anchors;
  const columns = table ? 1 : Math.max(1, Math.floor(port.current.width / TILE));
  const height = table ? LINE : TILE + 18;
  const lines = Math.ceil(chosen.length / columns);
  const first = Math.max(0, Math.floor(port.current.top / height) - 1);
  const last = Math.min(lines, first + Math.ceil(port.current.height / height) + 3);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      Object.assign(port.current, { width: box.current.clientWidth, height: box.current.clientHeight });
      draw();
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    box.current.scrollTop = port.current.top = 0;
  }, [chosen, table]);
  const rows = [...chosen.slice(first * columns, last * columns)];
  return html`<section class="chosen" aria-labelledby="h-chosen">
    <div class="line">
      <h2 id="h-chosen">${chosen.length ? `${counted(chosen.length, "anchor")} chosen` : "None chosen"}</h2>
      <button
        type="button"
        aria-pressed=${table ? "true" : "false"}
        disabled=${!chosen.length}
        onClick=${() => anchors.set({ table: !table })}
      >
        Table
      </button>
    </div>
    ${!chosen.length && html`<p class="dim">Draw a lasso around points, click one, or press a name above the map; Ctrl adds to what is chosen.</p>`}
    <div
      class=${table ? "rows table" : "rows"}
      ref=${box}
      tabindex=${chosen.length ? 0 : -1}
      role="list"
      aria-label="Chosen anchors"
      onScroll=${() => {
        port.current.top = box.current.scrollTop;
        draw();
      }}
    >
      <div class="sheet" role="presentation" style=${{ height: `${lines * height}px` }}>
        ${rows.map((row, i) => {
          const place = first * columns + i;
          const style = {
            transform: `translate(${(place % columns) * TILE}px, ${Math.floor(place / columns) * height}px)`,
            width: table ? "100%" : `${TILE - 6}px`,
            height: `${height - 2}px`,
          };
          return html`<${One}
            key=${row}
            row=${row}
            side=${data.sides[row] ? "bad" : "good"}
            table=${table}
            style=${style}
          />`;
        })}
      </div>
    </div>
  </section>`;
}

function One({ row, side, table, style }) {
  const known = anchors.row(row);
  const staged = word(anchors.staged.get(row));
  const rating = known && known.rating !== null ? two(known.rating) : "–";
  const name = known?.name ?? "…";
  return html`<div
    class=${`anchor ${side} ${staged ? "staged" : ""}`}
    role="listitem"
    data-row=${row}
    style=${style}
    title=${known?.path}
  >
    ${
      table
        ? html`<span class="file">${name}</span><span>${side}</span><span>${rating}</span
            ><span class="dim">${known?.dataset}</span>`
        : html`${known?.picture ? html`<img src=${anchors.picture(row)} alt=${name} loading="lazy" />` : html`<span class="blank">${name}</span>`}
            <span class="line"><span>${side}</span><b>${rating}</b></span>`
    }
    ${staged && html`<span class="tag warn">${staged}</span>`}
  </div>`;
}
