// Anchors: a map of the index in use, a lasso, and changes that are staged and become one version by one press.
import { History, Stage } from "./anchorstage.js";
import { anchors, colour, load, select, selectGroup } from "./anchorstore.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { Chosen } from "./anchortable.js";
import { onScale, painted, Scatter, smallestLast } from "../../../maps/scatter.js";
import { isDark } from "./store.js";
import { count, counted, two } from "./text.js";

export const map = { scatter: null }; // keys act on it, too

export function AnchorsView() {
  useEffect(() => {
    load();
    document.getElementById("content").focus({ preventScroll: true });
  }, []);
  const { data, problem } = anchors;
  return html`<main class="anchor-view" id="content" tabindex="-1" aria-label="Anchors">
    ${problem && html`<p class="problem" role="alert">${problem} <button type="button" onClick=${() => load(true)}>Load that version</button></p>`}
    ${!data && !problem && html`<p class="empty" role="status">The anchors are being read…</p>`}
    ${
      data &&
      html`<section class="map" aria-label="Map">
          <${Tools} data=${data} /><${Plot} key=${data.version} data=${data} />
        </section>
        <aside class="panel side" aria-label="Chosen anchors">
          <${Chosen} data=${data} /><${Stage} data=${data} /><${History} data=${data} />
        </aside>`
    }
  </main>`;
}

function Tools({ data }) {
  const { colours, mode } = anchors;
  const shown = colours?.kind === "groups" ? colours.groups : [];
  return html`<div class="tools">
    <label class="line"
      ><span>colour</span
      ><select id="colour" onChange=${(event) => colour(event.target.value)}>
        ${data.colours.map((name) => html`<option key=${name} value=${name} selected=${anchors.by === name}>${name}</option>`)}
      </select></label
    >
    <button
      type="button"
      id="lasso"
      aria-pressed=${mode === "lasso" ? "true" : "false"}
      title="Lasso or move (L); Shift does the other"
      onClick=${() => toggleLasso()}
    >
      Lasso
    </button>
    <button type="button" title="Show all (Home)" onClick=${() => map.scatter?.fit(true)}>Show all</button>
    ${
      colours?.kind === "scale" &&
      html`<p class="legend">
        <span>${two(colours.low)}</span><i class="ramp" ref=${ramp}></i><span>${two(colours.high)}</span>
        <span class="dim">${colours.title}</span>
      </p>`
    }
    ${
      shown.length > 0 &&
      html`<p class="legend">
        ${shown.map(
          ([label, shade, n], i) =>
            html`<button
              key=${label}
              type="button"
              class="chip"
              title=${`Choose ${label}`}
              onClick=${() => selectGroup(i)}
            >
              <i style=${{ background: shade }}></i>${label} <span class="dim">${count(n)}</span>
            </button>`,
        )}
      </p>`
    }
    ${anchors.failed && html`<p class="warn" role="alert">${anchors.failed}</p>`}
  </div>`;
}

function ramp(element) {
  const steps = Array.from({ length: 11 }, (_, i) => `rgb(${onScale(i / 10).join(" ")})`);
  if (element) element.style.background = `linear-gradient(to right, ${steps.join(", ")})`;
}

export function toggleLasso() {
  anchors.set({ mode: anchors.mode === "lasso" ? "move" : "lasso" });
}

function Plot({ data }) {
  const canvas = useRef(null);
  const over = useRef(null);
  const [card, show] = useState(null);
  useLayoutEffect(() => {
    const scatter = new Scatter(canvas.current, over.current, {
      x: data.x,
      y: data.y,
      dark: isDark(),
      on: {
        hover: (row, event) => show(row < 0 ? null : { row, x: event.clientX, y: event.clientY }),
        click: (row, event) => select(row < 0 ? [] : [row], event.ctrlKey || event.metaKey),
        lasso: (rows, event) => select(rows, event.ctrlKey || event.metaKey),
      },
    });
    map.scatter = scatter;
    return () => {
      map.scatter = null;
      scatter.close();
    };
  }, []);
  const { colours, chosen, mode } = anchors;
  useLayoutEffect(() => {
    map.scatter.dark = isDark();
    map.scatter.mode = mode;
    over.current.style.cursor = mode === "lasso" ? "crosshair" : "grab";
  });
  useLayoutEffect(() => {
    if (!colours) return;
    map.scatter.paint(painted(colours, data.n), smallestLast(colours.codes ?? data.sides));
    over.current.dataset.painted = colours.title;
  }, [colours]);
  useLayoutEffect(() => {
    const dimmed = chosen.length ? new Uint8Array(data.n).fill(1) : null;
    for (const row of chosen) dimmed[row] = 0;
    map.scatter.rings = chosen.length <= 500 ? chosen : new Uint32Array(0);
    map.scatter.dim(dimmed);
  }, [chosen]);
  return html`<div class="plot">
    <canvas ref=${canvas} aria-hidden="true"></canvas>
    <canvas
      ref=${over}
      id="map"
      role="img"
      aria-label=${`Map of ${counted(data.n, "anchor")}: ${data.axes.join(" across, ")} up. The names above choose anchors without a mouse.`}
    ></canvas>
    ${card && html`<${Card} ...${card} data=${data} />`}
    <p class="axes dim" aria-hidden="true">→ ${data.axes[0]} · ↑ ${data.axes[1]}</p>
  </div>`;
}

function Card({ row, x, y, data }) {
  const known = anchors.row(row);
  const side = data.sides[row] ? "bad" : "good";
  const place = {
    left: `${Math.max(4, x + 210 > innerWidth ? x - 206 : x + 14)}px`,
    top: `${Math.max(4, y + 210 > innerHeight ? y - 200 : y + 14)}px`,
  };
  return html`<div class="card" style=${place} role="status">
    ${known?.picture && html`<img src=${anchors.picture(row)} alt="" />`}
    <p class="file">${known?.name ?? `anchor ${row}`}</p>
    <p class="dim">${side}${known && known.rating !== null ? ` · rating ${two(known.rating)}` : ""}</p>
  </div>`;
}
