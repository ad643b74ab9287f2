// Small pictures drawn here, since fonts differ in which signs they have.
import { html } from "./html.js";

const icon =
  (path, fill = false) =>
  (props) =>
    html`<svg
      class=${fill ? "icon fill" : "icon"}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
      ...${props}
    >
      <path d=${path} />
    </svg>`;

export const Check = icon("M3 8.5 6.5 12 13 4.5");
export const Cross = icon("M4 4l8 8M12 4l-8 8");
export const Star = icon("M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z", true);
export const Stack = icon("M3 5.5h8v7H3zM5.5 5.5v-2.5h7.5v7h-2");
export const Unlike = icon("M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9.2 8 10M8 12.5v.5");
export const Left = icon("M10 3 5 8l5 5");
export const Right = icon("M6 3l5 5-5 5");
export const Up = icon("M3 10l5-5 5 5");
export const Zoom = icon("M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14M7 5v4M5 7h4");
export const Undo = icon("M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6");
export const Moon = icon("M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z");
export const Sun = icon(
  "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
);
export const Copy = icon("M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3");
export const Filter = icon("M2 4h12M4.5 8h7M6.5 12h3");
