// The page: header, one view by the address's hash, footer.
import { AnchorsView } from "./anchors.js";
import { Compare } from "./compare.js";
import { compare } from "./comparing.js";
import { Cull } from "./cull.js";
import { ExportDialog, KeysDialog } from "./dialogs.js";
import { html, render, useEffect, useReducer } from "./html.js";
import { Moon, Sun } from "./icons.js";
import { open, press } from "./keys.js";
import { OneImage } from "./one.js";
import { begin, change, isDark, listen, marks, photos, progress, remember, state } from "./store.js";
import { Taste } from "./taste.js";
import { count, counted } from "./text.js";

const VIEWS = { cull: "Cull", one: "One image", anchors: "Anchors", compare: "Compare", taste: "Taste" };
const SHOWN = { cull: Cull, one: OneImage, anchors: AnchorsView, compare: Compare, taste: Taste };

function route() {
  const [name, id] = location.hash.slice(1).split("/");
  const row = id ? photos.rows.get(Number(id)) : undefined;
  if (row !== undefined) change({ current: row, moved: true });
  change({
    view: VIEWS[name]
      ? { name, id: id && name === "one" ? Number(id) : null, ids: id?.split(",").map(Number) }
      : { name: "cull", id: null },
    large: false,
    dialog: "",
  });
}

/** Go to a view with the photograph that is current in Cull; returns whether there is one. */
function enter(name) {
  if (state.current < 0 || state.view.name === name) return false;
  if (name === "one") open("one", photos.id[state.current]);
  else if (name === "compare") compare();
  else return false;
  return true;
}

function dress() {
  const { theme } = state;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function Header() {
  const { server, view } = state;
  const index = server?.index;
  const going = progress();
  const dark = isDark();
  const have = `${counted(photos.n, "photograph")}${photos.unlike ? ` · ${count(photos.unlike)} unlike the anchors` : ""}`;
  return html`<header class="top">
    <a class="skip" href="#content" onClick=${skip}>Skip to the content</a>
    <h1>quasar-index</h1>
    ${index && html`<p class="pill" title=${index.description}>${index.name} · ${index.method} · ${counted(index.n_good + index.n_bad, "anchor")}</p>`}
    <nav aria-label="Views">
      ${Object.entries(VIEWS).map(
        ([name, label]) =>
          html`<a
            key=${name}
            href=${`#${name}`}
            aria-current=${view.name === name ? "page" : undefined}
            onClick=${(event) => enter(name) && event.preventDefault()}
            >${label}</a
          >`,
      )}
    </nav>
    ${
      going &&
      html`<div class="progress">
        <progress max="1" value=${going.share} aria-label="Scoring"></progress><span>${going.text}</span>
      </div>`
    }
    <div class="right">
      ${!going && server && html`<p class="pill counts">${have}</p>`}
      <button type="button" onClick=${() => change({ dialog: "export" })}>Export…</button>
      <button
        type="button"
        class="round"
        aria-label="All keys"
        title="All keys (?)"
        onClick=${() => change({ dialog: "keys" })}
      >
        ?
      </button>
      <button
        type="button"
        class="round"
        aria-label=${dark ? "Light colours" : "Dark colours"}
        title=${dark ? "Light colours" : "Dark colours"}
        onClick=${() => remember("theme", dark ? "light" : "dark")}
      >
        <${dark ? Sun : Moon} />
      </button>
    </div>
  </header>`;
}

function skip(event) {
  event.preventDefault();
  (document.getElementById("grid") ?? document.getElementById("content")).focus();
}

function Problem() {
  const waiting = marks.queue.length;
  if (!state.problem) return null;
  return html`<div class="problem" role="alert">
    <p>
      ${state.problem}${waiting ? ` ${counted(waiting, "change")} of marks ${waiting === 1 ? "is" : "are"} not kept yet.` : ""}
    </p>
    <button type="button" onClick=${() => change({ problem: "" })}>Dismiss</button>
  </div>`;
}

const HINTS = {
  cull: [
    ["move", "←", "→"],
    ["pick", "P"],
    ["reject", "X"],
    ["undo", "U"],
    ["stars", "1", "–", "5"],
    ["large", "Space"],
    ["burst", "B"],
    ["why", "Enter"],
    ["all keys", "?"],
  ],
  one: [
    ["move", "←", "→"],
    ["pick", "P"],
    ["reject", "X"],
    ["anchors a side", "[", "]"],
    ["back", "Esc"],
    ["all keys", "?"],
  ],
  anchors: [
    ["lasso or move", "L"],
    ["zoom", "+", "−"],
    ["the whole map", "Home"],
    ["back", "Esc"],
    ["all keys", "?"],
  ],
  compare: [
    ["the one beside", "←", "→"],
    ["next candidate", "↓"],
    ["pick", "P"],
    ["reject", "X"],
    ["zoom", "+", "−"],
    ["every pixel", "Z"],
    ["back", "Esc"],
    ["all keys", "?"],
  ],
  taste: [
    ["stars", "1", "–", "5"],
    ["left, right", "←", "→"],
    ["pass over", "S"],
    ["take back", "U"],
    ["back", "Esc"],
    ["all keys", "?"],
  ],
};

function Footer() {
  const hint = (text, ...keys) =>
    html`<span>${keys.map((key) => (key === "–" ? "–" : html`<kbd>${key}</kbd>`))} ${text}</span>`;
  return html`<footer>
    <p class="hints">${HINTS[state.view.name].map(([text, ...keys]) => hint(text, ...keys))}</p>
    <p class="store">
      Nothing is ever
      deleted${state.server && html` · marks are kept in <span class="path">${state.server.store}</span>`}
    </p>
  </footer>`;
}

function App() {
  const [, draw] = useReducer((n) => n + 1, 0);
  useEffect(() => listen(draw), []);
  useEffect(dress, [state.theme]);
  return html`<${Header} /><${Problem} />
    <${SHOWN[state.view.name]} id=${state.view.id} />
    <${Footer} />
    ${state.dialog === "keys" && html`<${KeysDialog} />`} ${state.dialog === "export" && html`<${ExportDialog} />`}
    <p class="hidden" role="status" aria-live="polite" id="said">${state.said}</p>`;
}

dress();
route();
addEventListener("hashchange", route);
addEventListener("keydown", press);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => change());
addEventListener("beforeunload", (event) => marks.queue.length && event.preventDefault());
render(html`<${App} />`, document.getElementById("app"));
begin();
