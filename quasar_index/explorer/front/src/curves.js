// Scores along a parameter, computed once by the server and read here: moving a slider asks nobody.

export const sigmoid = (good, bad, temperature) => 1 / (1 + Math.exp((bad - good) / temperature));

/** Cosine of a query with the blend of two unit centroids, `between` their cosine; 1 is the first alone. */
export function blended(first, second, between, blend) {
  const rest = 1 - blend;
  const norm = Math.sqrt(blend * blend + rest * rest + 2 * blend * rest * between);
  return norm > 0 ? (blend * first + rest * second) / norm : 0;
}

/** Number of places of the slider over k: every k, then all of a side, weighted by likeness ("whole"). */
export const places = (curves) => curves.top_k.k.length + (curves.whole ? 1 : 0);
export const isWhole = (curves, place) => place >= curves.top_k.k.length;

/** Score of retrieval at a place, blended with the mean; 1 is retrieval alone. */
export function scoreAtK(curves, place, blend = 1) {
  const whole = isWhole(curves, place);
  const side = (name) => {
    const cosine = whole ? curves.whole[name] : curves.top_k[name][place];
    const between = whole ? curves.whole[`${name}_to_mean`] : curves.top_k[`${name}_to_mean`][place];
    return blend >= 1 ? cosine : blended(cosine, curves.mean[name], between, blend);
  };
  return sigmoid(side("good"), side("bad"), curves.temperature);
}

/** Where sliders begin: the parameters of the method in force, as its text says them. */
export function begins(curves) {
  const [name, rest = ""] = curves.method.split(/:(.*)/s);
  const given = Object.fromEntries(rest.split(",").map((part) => part.split("=")));
  const kind = { mean: "mean", offset: "offset", retrieval: "top_k" }[name] ?? "";
  const k = curves.top_k.k;
  const whole = name === "retrieval" && !given.top_k && curves.whole;
  return {
    // The slider knows neighbours of each side; those of both together are another method.
    kind: given.mode === "joint" ? "" : kind,
    k: whole ? k.length : nearest(k, Number(given.top_k ?? Math.min(16, k.length))),
    offset: curves.offset ? nearest(curves.offset.offset, Number(given.offset ?? 0.2)) : 0,
    blend: Number(given.blend ?? 1),
  };
}

export const scoreAtOffset = (curves, place) =>
  sigmoid(curves.offset.good[place], curves.offset.bad[place], curves.temperature);
export const scoreOfMean = (curves) => sigmoid(curves.mean.good, curves.mean.bad, curves.temperature);

/** Place of the value nearest to one that is wanted. */
export function nearest(values, wanted) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i] - wanted) < Math.abs(values[best] - wanted)) best = i;
  return best;
}

export const WIDE = 1000;
/** Small k matter most: a slider of WIDE steps that is even in log k; and back. */
export const placeOf = (step, n) => Math.round(Math.exp((step / WIDE) * Math.log(n)) - 1);
export const stepOf = (place, n) => (n > 1 ? (Math.log(place + 1) / Math.log(n)) * WIDE : 0);

/** A path through the scores of n places, in a box of WIDE by `high`; at most some 300 points of it. */
export function path(n, across, scores, low, up, high) {
  const parts = [];
  let last = -10;
  for (let i = 0; i < n; i++) {
    const x = across(i);
    if (x - last < WIDE / 300 && i < n - 1) continue;
    last = x;
    const y = high - ((scores(i) - low) / (up - low || 1)) * high;
    parts.push(`${parts.length ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`);
  }
  return parts.join("");
}
