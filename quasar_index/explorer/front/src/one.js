// One image: its score, why it has it, and what other ways to score would say.
import { Command } from "./command.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { open } from "./keys.js";
import { MarkButtons, Photograph, Stars } from "./panel.js";
import { send } from "./server.js";
import { fail, photos, say, state } from "./store.js";
import { four } from "./text.js";
import { Ways } from "./ways.js";
import { Anchors, Familiarity, keep, Opinion, useWhy } from "./why.js";

const names = new Map(); // of images that were dropped here
const ABOUT =
  "See its score, and why it has it. The image stays on this machine. Enter on a photograph in Cull leads here, too.";
const LARGEST = 64 * 2 ** 20;

export function OneImage({ id }) {
  const [busy, work] = useState("");
  const [error, tell] = useState("");
  const [over, hover] = useState(false);
  const chooser = useRef(null);
  const why = useWhy(id, 0);
  const row = photos.rows.get(id);
  const name = names.get(id) ?? (row === undefined ? "" : photos.name[row]);

  const take = async (file) => {
    if (!file) return;
    if (file.size > LARGEST) return tell("The image is larger than 64 MB: save a smaller one.");
    tell("");
    work(file.name || "the image");
    try {
      const answer = await send("/api/images", file);
      keep(answer);
      names.set(answer.id, file.name || "pasted image");
      open("one", answer.id);
      say(`Score ${four(answer.score)}`);
    } catch (failure) {
      if (failure.gone) fail(failure);
      else tell(failure.message);
    }
    work("");
  };
  useEffect(() => {
    const image = (data) => [...(data?.files ?? [])][0];
    const paste = (event) => {
      const file = image(event.clipboardData);
      if (file) event.preventDefault();
      take(file);
    };
    const drop = (event) => {
      event.preventDefault();
      hover(false);
      take(image(event.dataTransfer));
    };
    const dragover = (event) => {
      event.preventDefault();
      hover(true);
    };
    const dragleave = (event) => event.relatedTarget === null && hover(false);
    const all = { paste, drop, dragover, dragleave };
    for (const [kind, act] of Object.entries(all)) addEventListener(kind, act);
    return () => Object.entries(all).forEach(([kind, act]) => removeEventListener(kind, act));
  }, []);
  useEffect(() => document.getElementById("content").focus({ preventScroll: true }), []);

  return html`<main
    id="content"
    class=${`one ${over ? "over" : ""} ${id === null ? "start" : ""}`}
    tabindex="-1"
    aria-label="One image"
  >
    <section class="subject" aria-label="The image">
      ${id !== null && html`<div class="preview"><${Photograph} id=${id} wait=${0} alt=${name} /></div>`}
      ${name && html`<p class="file">${name}</p>`}
      ${row !== undefined && row === state.current && html`<div class="doing"><${MarkButtons} /><${Stars} /></div>`}
      <div class="drop">
        <p>${busy ? `Scoring ${busy}…` : "Drop or paste an image anywhere, or"}</p>
        <button type="button" disabled=${Boolean(busy)} onClick=${() => chooser.current.click()}>Choose a file…</button>
        <input
          type="file"
          accept="image/*,.heic,.jxl,.dng,.nef,.cr2,.cr3,.arw,.raf,.rw2,.orf"
          class="hidden"
          tabindex="-1"
          aria-label="Image file"
          ref=${chooser}
          onChange=${(event) => {
            take(event.target.files[0]);
            event.target.value = "";
          }}
        />
      </div>
      ${error && html`<p class="warn" role="alert">${error}</p>`}
      ${
        why &&
        html`<div class="number">
            <p class="score"><b id="score">${four(why.score)}</b> <span class="dim">${why.curves?.method}</span></p>
          </div>
          <${Opinion} value=${why.opinion} low=${why.low} high=${why.high} />
          <${Familiarity} value=${why.familiarity} />
          <${Command} text=${why.commands?.now} label="The command that gives this score" id="command" />`
      }
      ${id === null && html`<p class="dim">${ABOUT}</p>`}
    </section>
    ${
      why
        ? html`<section class="neighbours" aria-label="Nearest anchors">
              <${Anchors}
                side="good"
                list=${why.good}
                most=${12}
                pictures=${why.anchors_have_pictures}
                title="Nearest good anchors: rating · weight"
              />
              <${Anchors}
                side="bad"
                list=${why.bad}
                most=${12}
                pictures=${why.anchors_have_pictures}
                title="Nearest bad anchors: rating · weight"
              />
              ${why.scale && html`<p class="dim">Ratings: ${why.scale}.</p>`}
            </section>
            <${Ways} key=${id} why=${why} />`
        : id !== null && html`<p class="empty" role="status">Asking why…</p>`
    }
  </main>`;
}
