// Scores along a parameter, computed once by the server and read here: moving a slider asks nobody.

export const sigmoid = (good, bad, temperature) => 1 / (1 + Math.exp((bad - good) / temperature));

/** Cosine of a query with the blend of two unit centroids, `between` their cosine; 1 is the first alone. */
export function blended(first, second, between, blend) {
  const rest = 1 - blend;
  const norm = Math.sqrt(blend * blend + rest * rest + 2 * blend * rest * between);
  return norm > 0 ? (blend * first + rest * second) / norm : 0;
}

/** Score with the place-th k, blended with the mean. */
export function scoreAtK(curves, place, blend = 1) {
  const { good, bad, good_mean: g, bad_mean: b } = curves.top_k;
  if (blend >= 1 || !g || !curves.mean) return sigmoid(good[place], bad[place], curves.temperature);
  return sigmoid(blended(good[place], curves.mean.good, g[place], blend), blended(bad[place], curves.mean.bad, b[place], blend), curves.temperature);
}

export const scoreAtOffset = (curves, place) => sigmoid(curves.offset.good[place], curves.offset.bad[place], curves.temperature);
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
