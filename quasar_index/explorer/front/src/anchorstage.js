// What is staged, the one press that writes it, and the versions there were.
import { anchors, restore, stage, unstage, write } from "./anchorstore.js";
import { html, useState } from "./html.js";
import { count, counted } from "./text.js";

export function Stage({ data }) {
  const [rating, rate] = useState("");
  const { chosen, staged, busy, said, failed } = anchors;
  const of = (what) => [...staged.values()].filter((one) => one.do === what).length;
  const parts = [
    of("rating") && `${count(of("rating"))} rated`,
    of("side") && `${count(of("side"))} to another side`,
    of("remove") && `${count(of("remove"))} removed`,
  ].filter(Boolean);
  const status = html`${said && html`<p role="status" id="written">${said}</p>`}
  ${failed && html`<p class="warn" role="alert">${failed}</p>`}`;
  if (data.read_only)
    return html`<section aria-label="Changes">
      <h2>Changes</h2>
      <p class="dim" id="read-only">This index cannot be changed: ${data.read_only}.</p>
      ${status}
    </section>`;
  const none = !chosen.length || busy;
  const give = (event) => {
    event.preventDefault();
    if (rating !== "" && Number.isFinite(Number(rating))) stage("rating", Number(rating));
  };
  return html`<section class="changes" aria-labelledby="h-changes">
    <h2 id="h-changes">Change the chosen</h2>
    <form class="line" onSubmit=${give}>
      <input
        id="new-rating"
        type="number"
        step="any"
        aria-label=${`New rating${data.scale ? `, ${data.scale}` : ""}`}
        placeholder="rating"
        title=${data.scale}
        value=${rating}
        onInput=${(event) => rate(event.target.value)}
      />
      <button type="submit" disabled=${none || rating === ""}>Rate</button>
      <button type="button" disabled=${none} onClick=${() => stage("side", "good")}>Good</button>
      <button type="button" disabled=${none} onClick=${() => stage("side", "bad")}>Bad</button>
      <button type="button" id="remove" disabled=${none} onClick=${() => stage("remove")}>Remove</button>
    </form>
    <p class="line">
      <span>${parts.length ? `Staged: ${parts.join(", ")}` : "Nothing is staged."}</span>
      ${staged.size > 0 && html`<button type="button" disabled=${busy} onClick=${unstage}>Discard</button>`}
    </p>
    <button type="button" class="main wide" id="write" disabled=${busy || !staged.size} onClick=${write}>
      ${busy ? "Writing…" : staged.size ? `Write ${counted(staged.size, "change")} as version ${data.version + 1}` : "Write"}
    </button>
    ${status}
    ${
      data.version !== data.scores_version &&
      html`<p class="dim">
        The photographs are scored by version ${data.scores_version}; run the command again for this one.
      </p>`
    }
  </section>`;
}

export function History({ data }) {
  if (!data.history.length) return null;
  const open = !data.read_only && !anchors.busy;
  return html`<section class="versions" aria-labelledby="h-versions">
    <h2 id="h-versions">Versions</h2>
    <ol>
      ${data.history.map(
        (one) =>
          html`<li key=${one.version} aria-current=${one.current ? "true" : undefined}>
            <b>${one.version}</b>
            <span>${one.action}<span class="dim">${about(one)}</span></span>
            ${one.current ? html`<span class="tag">now</span>` : html`<${Back} one=${one} disabled=${!open || one.forgotten} />`}
          </li>`,
      )}
    </ol>
  </section>`;
}

const about = ({ time, n_good: good, n_bad: bad, tags }) =>
  [` ${time.slice(0, 16).replace("T", " ")}`, `${count(good)} good, ${count(bad)} bad`, ...tags].join(" · ");

function Back({ one, disabled }) {
  const label = `Restore version ${one.version}`;
  return html`<button type="button" disabled=${disabled} aria-label=${label} onClick=${() => restore(one.version)}>
    Restore
  </button>`;
}
