// Cull: filters, the grid, and what is known of the current photograph.
import { Grid } from "./grid.js";
import { html } from "./html.js";
import { Large } from "./large.js";
import { Panel } from "./panel.js";
import { Sidebar } from "./sidebar.js";
import { state } from "./store.js";

export function Cull() {
  return html`<div class=${`cull ${state.filters ? "with-filters" : ""} ${state.details ? "with-details" : ""}`}>
    <${Sidebar} />
    <main id="content" tabindex="-1" aria-label="Photographs"><${Grid} /></main>
    <${Panel} />
    ${state.large && html`<${Large} />`}
  </div>`;
}
