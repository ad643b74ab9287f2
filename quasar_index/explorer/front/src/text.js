// Numbers and sentences as people read them.
import { UNLIKE } from "./photos.js";

export const two = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));
export const four = (value) => (value === null || value === undefined ? "–" : value.toFixed(4));
export const one = (value) => (value === null || value === undefined ? "–" : value.toFixed(1));

const whole = new Intl.NumberFormat("en");
export const count = (n) => whole.format(n);
export const counted = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;

export function ordinal(n) {
  const ending = { one: "st", two: "nd", few: "rd", other: "th" }[ordinals.select(n)];
  return `${count(n)}${ending}`;
}
const ordinals = new Intl.PluralRules("en", { type: "ordinal" });

export function duration(seconds) {
  if (!(seconds >= 1)) return "a moment";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** What a familiarity says of the score beside it. */
export function familiar(value) {
  if (value === null || value === undefined) return "";
  if (value < UNLIKE) return "Unlike all anchors: the score says little, judge yourself.";
  if (value < 0.25) return "Not much like the anchors: take the score with care.";
  return "Like the anchors: the score stands on known ground.";
}

// The clock of the camera, which knows no zone: the server counts it as if it were UTC.
const dates = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
export const date = (seconds) =>
  seconds === null || seconds === undefined ? "" : dates.format(new Date(seconds * 1000));

export const stars = (n) => (n ? counted(n, "star") : "no stars");
