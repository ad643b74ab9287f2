// Other ways to score one image: curves over k and offset, with sliders that read them.
import { nearest, path, placeOf, scoreAtK, scoreAtOffset, scoreOfMean, stepOf, WIDE } from "./curves.js";
import { html, useEffect, useMemo, useState } from "./html.js";
import { Command } from "./one.js";
import { count, four, two } from "./text.js";

const HIGH = 300;

export function Ways({ why }) {
  const { curves, commands } = why;
  const [way, choose] = useState(curves?.kind || "top_k");
  const [k, setK] = useState(() => (curves?.top_k ? nearest(curves.top_k.k, curves.at?.k ?? Math.min(16, curves.top_k.k.length)) : 0));
  const [offset, setOffset] = useState(() => (curves?.offset ? nearest(curves.offset.offset, curves.at?.offset ?? 0.2) : 0));
  const [blend, setBlend] = useState(curves?.at?.blend ?? 1);
  useEffect(() => {
    const press = (event) => {
      if ((event.key !== "[" && event.key !== "]") || !curves?.top_k || event.target.matches("input:not([type=range]), textarea")) return;
      choose("top_k");
      setK((place) => Math.max(0, Math.min(curves.top_k.k.length - 1, place + (event.key === "]" ? 1 : -1))));
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [curves]);
  const drawn = useMemo(() => (curves ? lines(curves, blend) : null), [curves, blend]);
  if (!curves || !drawn) return html`<section class="ways"><p class="dim">This way to score has no curves.</p></section>`;

  const scores = {
    top_k: curves.top_k && scoreAtK(curves, k, blend),
    offset: curves.offset && scoreAtOffset(curves, offset),
    mean: curves.mean && scoreOfMean(curves),
  };
  const number = curves.top_k?.k[k];
  const share = curves.offset?.offset[offset];
  const names = { mean: "mean of all", top_k: `the ${count(number ?? 0)} nearest a side`, offset: `offset ${two(share ?? 0)}` };
  const fill = (text) => text?.replace("{k}", number).replace("{offset}", String(share)).replace("{blend}", String(blend));
  const command = { mean: commands?.mean, offset: fill(commands?.offset), top_k: fill(blend < 1 ? commands?.blend : commands?.top_k) }[way];
  const mine = (name) => curves.kind === name;
  return html`<section class="ways" aria-labelledby="h-ways"><h2 id="h-ways">Other ways to score</h2>
    <div class="number"><p class="score"><b id="way-score">${four(scores[way])}</b> <span class="dim">${names[way]}${way === "top_k" && blend < 1 ? `, blend ${two(blend)}` : ""}</span></p></div>
    <fieldset class="choices"><legend class="hidden">Way</legend>${Object.keys(names).filter((name) => scores[name] !== null && scores[name] !== undefined).map((name) =>
      html`<label key=${name} class=${way === name ? "line chosen" : "line"}><input type="radio" class="hidden" name="way" checked=${way === name} onChange=${() => choose(name)} />
        <span>${names[name]}${mine(name) ? " (this index)" : ""}</span><b>${four(scores[name])}</b></label>`)}</fieldset>
    ${curves.top_k && html`<${Curve} title="Anchors a side (k)" kind="top_k" d=${drawn.top_k} drawn=${drawn} at=${stepOf(k, curves.top_k.k.length)} score=${scores.top_k}
      ends=${[1, count(curves.top_k.k.at(-1))]} text=${`k = ${number}, score ${four(scores.top_k)}`}
      onStep=${(step) => { choose("top_k"); setK(placeOf(step, curves.top_k.k.length)); }}
      onKey=${(by) => { choose("top_k"); setK(Math.max(0, Math.min(curves.top_k.k.length - 1, k + by))); }} />`}
    ${curves.top_k?.good_mean && html`<label class="field"><span class="line"><span>Blend with the mean</span><b>${two(blend)}</b></span>
      <input type="range" id="blend" min="0" max="1" step="0.01" value=${blend} aria-valuetext=${`${two(blend)}, score ${four(scores.top_k)}`}
        onInput=${(event) => { choose("top_k"); setBlend(Number(event.target.value)); }} /><span class="line dim"><span>the mean</span><span>the nearest alone</span></span></label>`}
    ${curves.offset && html`<${Curve} title="Offset: share left out next to the median" kind="offset" d=${drawn.offset} drawn=${drawn} at=${(offset / Math.max(1, curves.offset.offset.length - 1)) * WIDE} score=${scores.offset}
      ends=${[two(curves.offset.offset[0]), two(curves.offset.offset.at(-1))]} text=${`offset = ${share}, score ${four(scores.offset)}`}
      onStep=${(step) => { choose("offset"); setOffset(Math.round((step / WIDE) * (curves.offset.offset.length - 1))); }}
      onKey=${(by) => { choose("offset"); setOffset(Math.max(0, Math.min(curves.offset.offset.length - 1, offset + by))); }} />`}
    <${Command} text=${command} label="The command that gives this number" id="way-command" />
  </section>`;
}

/** Paths of both curves in one scale of scores, so that they can be compared. */
function lines(curves, blend) {
  const { top_k: near, offset } = curves;
  const nK = near?.k.length ?? 0;
  const nO = offset?.offset.length ?? 0;
  const all = [];
  for (let i = 0; i < nK; i++) all.push(scoreAtK(curves, i, blend));
  for (let i = 0; i < nO; i++) all.push(scoreAtOffset(curves, i));
  if (curves.mean) all.push(scoreOfMean(curves));
  let low = Math.min(...all);
  let up = Math.max(...all);
  const middle = (low + up) / 2;
  const half = Math.max((up - low) * 0.55, 0.05); // a flat curve looks flat
  low = middle - half;
  up = middle + half;
  return {
    low,
    up,
    top_k: nK ? path(nK, (i) => stepOf(i, nK), (i) => all[i], low, up, HIGH) : "",
    offset: nO ? path(nO, (i) => (i / Math.max(1, nO - 1)) * WIDE, (i) => all[nK + i], low, up, HIGH) : "",
  };
}

function Curve({ title, kind, d, drawn, at, score, ends, text, onStep, onKey }) {
  const y = HIGH - ((score - drawn.low) / (drawn.up - drawn.low)) * HIGH;
  const keys = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
  const press = (event) => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    onKey(keys[event.key]);
  };
  return html`<div class=${`curve ${kind}`}><label for=${`slide-${kind}`}>${title}</label>
    <svg viewBox=${`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="rule" x1="0" x2=${WIDE} y1="0" y2="0" /><line class="rule" x1="0" x2=${WIDE} y1=${HIGH} y2=${HIGH} />
      <path d=${d} /><line class="cursor" x1=${at} x2=${at} y1="0" y2=${HIGH} /><line class="level" x1="0" x2=${at} y1=${y} y2=${y} />
    </svg>
    <span class="up dim">${two(drawn.up)}</span><span class="low dim">${two(drawn.low)}</span>
    <input type="range" id=${`slide-${kind}`} min="0" max=${WIDE} step="any" value=${at} aria-valuetext=${text} onInput=${(event) => onStep(Number(event.target.value))} onKeyDown=${press} />
    <p class="line dim"><span>${ends[0]}</span><b>${text.replace(", score", " →")}</b><span>${ends[1]}</span></p></div>`;
}
