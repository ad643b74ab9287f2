// The command whose numbers are shown, to be copied.
import { html, useState } from "./html.js";
import { Copy } from "./icons.js";
import { say } from "./store.js";

/** A command line with a button that copies it. */
export function Command({ text, label, id }) {
  const [done, set] = useState(false);
  if (!text) return null;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      set(true);
      say("Copied.");
      setTimeout(() => set(false), 1500);
    } catch {
      getSelection().selectAllChildren(document.getElementById(id)); // the person copies it by hand
      say("Selected: copy it with the keys of your system.");
    }
  };
  return html`<div class="command">
    <p class="dim">${label}</p>
    <div>
      <code id=${id}>${text}</code>
      <button
        type="button"
        class="round"
        aria-label="Copy the command"
        title=${done ? "Copied" : "Copy"}
        onClick=${copy}
      >
        <${Copy} />
      </button>
    </div>
  </div>`;
}
