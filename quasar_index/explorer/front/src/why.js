// Why a score: opinion, familiarity and the nearest anchors; used beside the grid and by One image.
import { html, useEffect, useState } from "./html.js";
import { get } from "./server.js";
import { fail, state } from "./store.js";
import { familiar, four, one, two } from "./text.js";

const KEPT = 200;
const kept = new Map(); // id -> what /api/explain answered

/** Put in what an upload answered. */
export function keep(answer) {
  kept.set(answer.id, answer);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
}

/** The explanation of a photograph: at once if it is known, else a little after the person stays on it. */
export function useWhy(id, delay = 120) {
  const [, found] = useState(null);
  useEffect(() => {
    if (id === null || id === undefined || kept.has(id)) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      get(`/api/explain/${id}`, abort.signal).then((answer) => {
        keep({ ...answer, id });
        found(answer);
      }, fail);
    }, delay);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [id, state.gone]);
  return kept.get(id) ?? null;
}

export function Opinion({ value, low, high }) {
  if (value === null || value === undefined) return null;
  const [from, to] = state.server?.index?.range ?? [low, high];
  const at = (x) => `${Math.max(0, Math.min(100, (100 * (x - from)) / (to - from || 1)))}%`;
  const known = low !== null && low !== undefined;
  return html`<div class="opinion">
    <p class="line">
      <span>opinion</span
      ><span
        ><b>${one(value)}</b>
        ${known && html`<span class="dim">${one(low)} to ${one(high)}, of ${one(from)} to ${one(to)}</span>`}</span
      >
    </p>
    <div class="scale" aria-hidden="true">
      ${known && html`<i class="span" style=${{ left: at(low), right: `calc(100% - ${at(high)})` }}></i>`}<i
        class="dot"
        style=${{ left: at(value) }}
      ></i>
    </div>
  </div>`;
}

export function Familiarity({ value }) {
  if (value === null || value === undefined) return null;
  return html`<div>
    <p class="line"><span>familiarity</span><b>${two(value)}</b></p>
    <p class="dim sentence">${familiar(value)}</p>
  </div>`;
}

/** The nearest anchors of a side: as pictures where there are such, else by name. */
export function Anchors({ side, list, most, title, pictures = true }) {
  if (!list?.length) return null;
  const some = [...list].sort((a, b) => b.weight - a.weight).slice(0, most);
  const top = Math.max(...some.map((anchor) => anchor.weight), 1e-12);
  const has = (anchor) => Boolean(anchor.picture ?? pictures);
  const named = !some.some(has);
  const id = `h-${side}`;
  return html`<section class=${`anchors ${side} ${named ? "named" : ""}`} aria-labelledby=${id}>
    <h2 id=${id}>${title}</h2>
    <ul>
      ${some.map(
        (anchor) =>
          html`<li key=${anchor.anchor} title=${about(anchor)}>
            ${
              named
                ? html`<p class="file">${anchor.name}</p>`
                : html`<div class="tile">
                    ${
                      has(anchor)
                        ? html`<img
                            src=${`/anchor/${anchor.anchor}`}
                            alt=${anchor.name ?? ""}
                            loading="lazy"
                            decoding="async"
                          />`
                        : html`<span class="blank">${anchor.name || "no picture"}</span>`
                    }
                  </div>`
            }
            <p class="figures"><b>${rating(anchor.rating)}</b><span class="dim"> · ${weight(anchor.weight)}</span></p>
            <div class="bar" aria-hidden="true"><i style=${{ transform: `scaleX(${anchor.weight / top})` }}></i></div>
          </li>`,
      )}
    </ul>
  </section>`;
}

const about = (anchor) =>
  `${anchor.name}\nrating ${rating(anchor.rating)}, weight ${four(anchor.weight)}, cosine ${four(anchor.cosine)}`;
const rating = (value) => (value === null || value === undefined ? "–" : String(Math.round(value * 100) / 100));
const weight = (value) => String(Number(value.toPrecision(2)));
