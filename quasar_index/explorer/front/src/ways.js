// Other ways to score one image: curves over k and offset, with sliders that read them.
import {
  begins,
  isWhole,
  path,
  placeOf,
  places,
  scoreAtK,
  scoreAtOffset,
  scoreOfMean,
  stepOf,
  WIDE,
} from "./curves.js";
import { Command } from "./command.js";
import { html, useEffect, useMemo, useState } from "./html.js";
import { count, four, two } from "./text.js";

const HIGH = 300;

export function Ways({ why }) {
  if (!why.curves)
    return html`<section class="ways">
      <p class="dim">This way to score compares no centroids, so it has no curves.</p>
    </section>`;
  return html`<${Sliders} why=${why} />`;
}

function Sliders({ why }) {
  const { curves, commands } = why;
  const [start] = useState(() => begins(curves));
  const [way, choose] = useState(start.kind || "top_k");
  const [k, setK] = useState(start.k);
  const [offset, setOffset] = useState(start.offset);
  const [blend, setBlend] = useState(start.blend);
  const n = places(curves);
  const to = (place) => {
    choose("top_k");
    setK(place);
  };
  // Several keys may come before the next drawing, so each builds on what the last one set.
  const by = (step) => to((place) => Math.max(0, Math.min(n - 1, place + step)));
  useEffect(() => {
    const press = (event) => {
      if (
        (event.key !== "[" && event.key !== "]") ||
        event.target.matches("input:not([type=range], [type=radio]), textarea")
      )
        return;
      by(event.key === "]" ? 1 : -1);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [curves]);
  const drawn = useMemo(() => lines(curves, blend), [curves, blend]);

  const scores = {
    mean: scoreOfMean(curves),
    top_k: scoreAtK(curves, k, blend),
    offset: curves.offset && scoreAtOffset(curves, offset),
  };
  const whole = isWhole(curves, k);
  const number = whole ? "all" : curves.top_k.k[k];
  const share = curves.offset?.offset[offset];
  const names = {
    mean: "mean of all",
    top_k: whole ? "all by likeness" : `the ${count(number)} nearest a side`,
    offset: `offset ${two(share ?? 0)}`,
  };
  const fill = (text) =>
    text?.replace("{k}", number).replace("{offset}", String(share)).replace("{blend}", String(blend));
  const near = `${whole ? "whole" : "top_k"}${blend < 1 ? "_blend" : ""}`;
  const command = { mean: commands.mean, offset: fill(commands.offset), top_k: fill(commands[near]) }[way];
  const mine = {
    mean: start.kind === "mean",
    offset: start.kind === "offset" && offset === start.offset,
    top_k: start.kind === "top_k" && k === start.k && blend === start.blend,
  };
  return html`<section class="ways" aria-labelledby="h-ways">
    <h2 id="h-ways">Other ways to score</h2>
    <div class="number">
      <p class="score">
        <b id="way-score">${four(scores[way])}</b>
        <span class="dim">${names[way]}${way === "top_k" && blend < 1 ? `, blend ${two(blend)}` : ""}</span>
      </p>
    </div>
    <fieldset class="choices">
      <legend class="hidden">Way</legend>
      ${Object.keys(names)
        .filter((name) => scores[name] !== null && scores[name] !== undefined)
        .map(
          (name) =>
            html`<label key=${name} class=${way === name ? "line chosen" : "line"}
              ><input type="radio" class="hidden" name="way" checked=${way === name} onChange=${() => choose(name)} />
              <span>${names[name]}${mine[name] ? " (in force)" : ""}</span><b>${four(scores[name])}</b></label
            >`,
        )}
    </fieldset>
    <${Curve}
      title="Anchors a side (k)"
      kind="top_k"
      d=${drawn.top_k}
      drawn=${drawn}
      at=${stepOf(k, n)}
      score=${scores.top_k}
      ends=${[1, curves.whole ? "all" : count(n)]}
      text=${`k = ${number}, score ${four(scores.top_k)}`}
      onStep=${(step) => to(placeOf(step, n))}
      onKey=${by}
    />
    <label class="field"
      ><span class="line"><span>Blend with the mean</span><b>${two(blend)}</b></span>
      <input
        type="range"
        id="blend"
        min="0"
        max="1"
        step="0.01"
        value=${blend}
        aria-valuetext=${`${two(blend)}, score ${four(scores.top_k)}`}
        onInput=${(event) => {
          choose("top_k");
          setBlend(Number(event.target.value));
        }}
      /><span class="line dim"><span>the mean</span><span>the nearest alone</span></span></label
    >
    ${
      curves.offset &&
      html`<${Curve}
        title="Offset: share left out next to the median"
        kind="offset"
        d=${drawn.offset}
        drawn=${drawn}
        at=${(offset / Math.max(1, curves.offset.offset.length - 1)) * WIDE}
        score=${scores.offset}
        ends=${[two(curves.offset.offset[0]), two(curves.offset.offset.at(-1))]}
        text=${`offset = ${share}, score ${four(scores.offset)}`}
        onStep=${(step) => {
          choose("offset");
          setOffset(Math.round((step / WIDE) * (curves.offset.offset.length - 1)));
        }}
        onKey=${(step) => {
          choose("offset");
          setOffset((place) => Math.max(0, Math.min(curves.offset.offset.length - 1, place + step)));
        }}
      />`
    }
    <${Command} text=${command} label="The command that gives this number" id="way-command" />
  </section>`;
}

/** Paths of both curves in one scale of scores, so that they can be compared. */
function lines(curves, blend) {
  const { offset } = curves;
  const nK = places(curves);
  const nO = offset?.offset.length ?? 0;
  const all = [];
  for (let i = 0; i < nK; i++) all.push(scoreAtK(curves, i, blend));
  for (let i = 0; i < nO; i++) all.push(scoreAtOffset(curves, i));
  all.push(scoreOfMean(curves));
  let low = Math.min(...all);
  let up = Math.max(...all);
  const middle = (low + up) / 2;
  const half = Math.max((up - low) * 0.55, 0.05); // a flat curve looks flat
  low = Math.max(0, middle - half);
  up = Math.min(1, middle + half);
  return {
    low,
    up,
    top_k: nK
      ? path(
          nK,
          (i) => stepOf(i, nK),
          (i) => all[i],
          low,
          up,
          HIGH,
        )
      : "",
    offset: nO
      ? path(
          nO,
          (i) => (i / Math.max(1, nO - 1)) * WIDE,
          (i) => all[nK + i],
          low,
          up,
          HIGH,
        )
      : "",
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
  return html`<div class=${`curve ${kind}`}>
    <label for=${`slide-${kind}`}>${title}</label>
    <svg viewBox=${`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="rule" x1="0" x2=${WIDE} y1="0" y2="0" />
      <line class="rule" x1="0" x2=${WIDE} y1=${HIGH} y2=${HIGH} />
      <path d=${d} />
      <line class="cursor" x1=${at} x2=${at} y1="0" y2=${HIGH} />
      <line class="level" x1="0" x2=${at} y1=${y} y2=${y} />
    </svg>
    <span class="up dim">${two(drawn.up)}</span><span class="low dim">${two(drawn.low)}</span>
    <input
      type="range"
      id=${`slide-${kind}`}
      min="0"
      max=${WIDE}
      step="any"
      value=${at}
      aria-valuetext=${text}
      onInput=${(event) => onStep(Number(event.target.value))}
      onKeyDown=${press}
    />
    <p class="line dim"><span>${ends[0]}</span><b>${text.replace(", score", " →")}</b><span>${ends[1]}</span></p>
  </div>`;
}
