// One photograph as large as the window: fitted, or every pixel of it; the next ones are fetched before they are asked for.
import { html, useEffect, useLayoutEffect, useRef } from "./html.js";
import { Cross, Left, Right, Zoom } from "./icons.js";
import { isBroken } from "./order.js";
import { MarkButtons, Photograph, Stars } from "./panel.js";
import { picture } from "./pictures.js";
import { change, marks, photos, state, step, view } from "./store.js";
import { count, two } from "./text.js";

export function Large() {
  const dialog = useRef(null);
  const stage = useRef(null);
  const row = state.current;
  const id = photos.id[row];
  const { rows, where } = view();
  const at = where.get(row) ?? 0;

  useLayoutEffect(() => {
    const element = dialog.current;
    element.showModal();
    element.focus(); // not its first button, which would take Space
    return () => {
      element.close(); // the grid takes no focus behind an open dialog
      document.getElementById("grid")?.focus({ preventScroll: true });
    };
  }, []);
  useEffect(() => {
    for (const place of [at + 1, at - 1, at + 2]) {
      const near = rows[place];
      if (near !== undefined && !isBroken(photos, near)) picture(photos.id[near]);
    }
  }, [id]);
  useLayoutEffect(() => {
    const element = stage.current;
    if (state.zoomed)
      element.scrollTo(
        (element.scrollWidth - element.clientWidth) / 2,
        (element.scrollHeight - element.clientHeight) / 2,
      );
  }, [state.zoomed, id]);

  const grab = useRef(null);
  const drag = (event) => {
    const element = stage.current;
    if (event.type === "pointerdown")
      grab.current = { x: event.clientX + element.scrollLeft, y: event.clientY + element.scrollTop, moved: false };
    else if (event.type === "pointermove" && grab.current && state.zoomed) {
      const left = grab.current.x - event.clientX;
      const top = grab.current.y - event.clientY;
      if (Math.abs(left - element.scrollLeft) + Math.abs(top - element.scrollTop) > 3) grab.current.moved = true;
      element.scrollTo(left, top);
    } else if (event.type === "pointerup") {
      const across = grab.current ? event.clientX + stage.current.scrollLeft - grab.current.x : 0;
      if (!state.zoomed && event.pointerType === "touch" && Math.abs(across) > 40)
        step(across < 0 ? 1 : -1); // a swipe
      else if (grab.current && !grab.current.moved) change({ zoomed: !state.zoomed });
      grab.current = null;
    }
  };
  const kept = marks.isKept(id);
  return html`<dialog
    class="large"
    tabindex="-1"
    ref=${dialog}
    aria-label=${`${photos.name[row]}, large`}
    onCancel=${(event) => {
      event.preventDefault();
      change(state.zoomed ? { zoomed: false } : { large: false });
    }}
  >
    <div
      class=${state.zoomed ? "stage zoomed" : "stage"}
      ref=${stage}
      onPointerDown=${drag}
      onPointerMove=${drag}
      onPointerUp=${drag}
      onPointerLeave=${() => (grab.current = null)}
    >
      ${
        isBroken(photos, row)
          ? html`<p class="blank">Not scored: ${photos.error[row]}</p>`
          : html`<${Photograph}
              key=${state.zoomed}
              id=${id}
              side=${state.zoomed ? 3200 : 1600}
              wait=${0}
              alt=${photos.name[row]}
            />`
      }
    </div>
    <div class="rail">
      <button
        type="button"
        class="round"
        aria-label="The photograph before"
        title="Before (←)"
        disabled=${at === 0}
        onClick=${() => step(-1)}
      >
        <${Left} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="The next photograph"
        title="Next (→)"
        disabled=${at >= rows.length - 1}
        onClick=${() => step(1)}
      >
        <${Right} />
      </button>
      <p class="about">
        <b>${two(photos.score[row])}</b> <span class="file">${photos.file(row)}</span>
        <span class="dim">${count(at + 1)} of ${count(rows.length)}</span
        >${!kept && html` <span class="tag warn">not kept yet</span>`}
      </p>
      <${MarkButtons} /><${Stars} />
      <button
        type="button"
        class="round"
        aria-pressed=${state.zoomed ? "true" : "false"}
        aria-label="Every pixel"
        title="Every pixel (Z)"
        onClick=${() => change({ zoomed: !state.zoomed })}
      >
        <${Zoom} />
      </button>
      <button
        type="button"
        class="round"
        aria-label="Back to the grid"
        title="Back (Space, Esc)"
        onClick=${() => change({ large: false })}
      >
        <${Cross} />
      </button>
    </div>
  </dialog>`;
}
