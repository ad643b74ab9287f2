// Dialogs: all keys, and export.
import { html, useLayoutEffect, useRef, useState } from "./html.js";
import { Cross } from "./icons.js";
import { KEYS } from "./keys.js";
import { post } from "./server.js";
import { change, counts, marks, remember, say, state } from "./store.js";
import { count, counted } from "./text.js";

function Dialog({ title, children }) {
  const box = useRef(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => (before?.isConnected ? before : document.getElementById("grid"))?.focus({ preventScroll: true });
  }, []);
  const close = () => change({ dialog: "" });
  return html`<dialog
    class="box"
    ref=${box}
    aria-labelledby="h-dialog"
    onClose=${close}
    onClick=${(event) => event.target === box.current && close()}
  >
    <div class="inner">
      <div class="head">
        <h2 id="h-dialog">${title}</h2>
        <button type="button" class="round" aria-label="Close" title="Close (Esc)" onClick=${close}>
          <${Cross} />
        </button>
      </div>
      ${children}
    </div>
  </dialog>`;
}

export function KeysDialog() {
  const groups = [...new Set(KEYS.map((entry) => entry.group))];
  return html`<${Dialog} title="All keys">
    <div class="keys">
      ${groups.map(
        (group) =>
          html`<section key=${group} aria-label=${group}>
            <h3>${group}</h3>
            <dl>
              ${KEYS.filter((entry) => entry.group === group).map(
                (entry) =>
                  html`<div key=${entry.text}>
                    <dt>${entry.label.map((label) => (label === "…" ? "–" : html`<kbd>${label}</kbd> `))}</dt>
                    <dd>${entry.text}</dd>
                  </div>`,
              )}
            </dl>
          </section>`,
      )}
    </div>
    <label class="check"
      ><input
        type="checkbox"
        checked=${state.letters}
        onChange=${(event) => remember("letters", event.target.checked)}
      />
      keys of one letter, digit or sign are on</label
    >
    <p class="dim">
      With the mouse: a click chooses, two clicks show a photograph large. Nothing is ever deleted, and no photograph is
      changed.
    </p>
  <//>`;
}

const WHAT = {
  xmp: [
    "XMP sidecars",
    "stars and picks for Lightroom, darktable, digiKam and others, in a small file beside each photograph",
  ],
  csv: ["CSV", "a table of names, scores and marks"],
  parquet: ["Parquet", "the same table for data tools"],
  links: ["Links", "a new folder of links to the photographs"],
  copies: ["Copies", "a new folder of copies of the photographs"],
};
const ONLY = { picks: "picks", rejects: "rejects", marked: "all with a mark or stars", all: "all photographs" };

export function ExportDialog() {
  const [choice, choose] = useState({ what: "xmp", only: "picks", xmp_name: "photo.xmp", folder: "picks" });
  const [answer, tell] = useState(null);
  const [busy, work] = useState(false);
  const set = (part) => {
    choose({ ...choice, ...part });
    tell(null);
  };
  const n = counts();
  const have = { picks: n.pick, rejects: n.reject, all: n.all };
  const thing = { xmp: "sidecar", csv: "row", parquet: "row" }[choice.what] ?? "photograph";
  const shown = (name) => `${ONLY[name]}${have[name] === undefined ? "" : ` (${count(have[name])})`}`;
  const isTable = choice.what === "csv" || choice.what === "parquet";
  const isFolder = choice.what === "links" || choice.what === "copies";
  const write = async (event) => {
    event.preventDefault();
    work(true);
    try {
      const body = { what: choice.what, only: choice.only };
      if (choice.what === "xmp") body.xmp_name = choice.xmp_name;
      if (isFolder) body.folder = choice.folder;
      const done = await post("/api/export", body);
      tell(done);
      say(`Wrote ${done.written} ${isTable || isFolder ? "to " : ""}${done.where}.`);
    } catch (failure) {
      tell({ error: failure.message });
    }
    work(false);
  };
  return html`<${Dialog} title="Export">
    <form onSubmit=${write}>
      <fieldset class="what">
        <legend>What</legend>
        ${Object.entries(WHAT).map(
          ([name, [label, text]]) =>
            html`<label key=${name} class="check">
              <input
                type="radio"
                name="what"
                value=${name}
                checked=${choice.what === name}
                onChange=${() => set({ what: name })}
              /><span><b>${label}</b> <span class="dim">${text}</span></span></label
            >`,
        )}
      </fieldset>
      <label class="field"
        ><span>Of which photographs</span
        ><select value=${choice.only} onChange=${(event) => set({ only: event.target.value })}>
          ${Object.keys(ONLY).map((name) => html`<option key=${name} value=${name} selected=${choice.only === name}>${shown(name)}</option>`)}
        </select></label
      >
      ${
        choice.what === "xmp" &&
        html`<label class="field"
          ><span>Name of each sidecar</span
          ><select value=${choice.xmp_name} onChange=${(event) => set({ xmp_name: event.target.value })}>
            <option value="photo.xmp" selected=${choice.xmp_name === "photo.xmp"}>
              photo.xmp (Lightroom, Capture One)
            </option>
            <option value="photo.jpg.xmp" selected=${choice.xmp_name === "photo.jpg.xmp"}>
              photo.jpg.xmp (darktable, digiKam)
            </option>
          </select></label
        >`
      }
      ${
        isFolder &&
        html`<label class="field"
          ><span>Name of the new folder</span>
          <input type="text" required value=${choice.folder} onInput=${(event) => set({ folder: event.target.value })}
        /></label>`
      }
      <p class="line end">
        ${isTable && html`<a class="button" href=${`/api/export.${choice.what}?only=${choice.only}`} download>Download</a>`}
        <button type="submit" class="main" disabled=${busy || marks.queue.length > 0}>
          ${busy ? "Writing…" : "Write"}
        </button>
      </p>
      ${marks.queue.length > 0 && html`<p class="warn">${counted(marks.queue.length, "change")} of marks not kept yet: wait for the server.</p>`}
    </form>
    ${
      answer &&
      html`<div class="answer" role="status">
        ${
          answer.error
            ? html`<p class="warn">${answer.error}</p>`
            : html`<p>
                  ${`Wrote ${counted(answer.written, thing)} ${isTable || isFolder ? "to " : ""}`}<span class="path"
                    >${answer.where}</span
                  >
                </p>
                ${
                  answer.skipped?.length > 0 &&
                  html`<p>Left as they are:</p>
                    <ul class="skipped">
                      ${answer.skipped.slice(0, 50).map((text) => html`<li key=${text}>${text}</li>`)}
                    </ul>`
                }`
        }
      </div>`
    }
    <p class="dim">Nothing is ever deleted, no photograph is changed, and no file of another program is overwritten.</p>
  <//>`;
}
