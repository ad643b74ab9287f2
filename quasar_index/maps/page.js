// The map: draws the points, and shows the card of the anchor under the pointer. `scatter.js` stands before it.
// Whatever others wrote (paths, labels) goes to the screen as textContent, never as HTML.
const element = (id) => document.getElementById(id);
const read = (id) => JSON.parse(element(id).textContent);
const data = read("map-data");
const cards = read("card-data");
const asked = cards.asked.length ? new Set(cards.asked) : null;
const card = element("card");
const { colours } = data;
const sides = unpacked(data.sides, Uint8Array);
if (colours.codes) colours.codes = unpacked(colours.codes, Uint8Array);
else colours.values = unpacked(colours.values, Float32Array);
let kept = false;

function fill(row) {
  const path = cards.paths[row];
  const uri = cards.thumbnails[row];
  element("picture").hidden = !uri;
  if (uri) element("picture").src = uri;
  element("no-picture").hidden = Boolean(uri);
  element("no-picture").textContent =
    asked && !asked.has(row) ? "no picture: more anchors than --thumbnails" : "the image cannot be read";
  element("file").textContent = path.split(/[\\/]/).pop();
  element("path").textContent = path;
  element("facts").replaceChildren(
    ...cards.facts
      .filter(([, values]) => values[row] !== null)
      .flatMap(([name, values]) => {
        const term = document.createElement("dt");
        const said = document.createElement("dd");
        term.textContent = name;
        said.textContent = values[row];
        return [term, said];
      }),
  );
}

function place(event) {
  // Beside the pointer, on the side where there is room.
  const gap = 16;
  const { width, height } = card.getBoundingClientRect();
  const right = event.clientX + gap + width < window.innerWidth;
  const below = event.clientY + gap + height < window.innerHeight;
  card.style.left = `${Math.max(4, right ? event.clientX + gap : event.clientX - gap - width)}px`;
  card.style.top = `${Math.max(4, below ? event.clientY + gap : event.clientY - gap - height)}px`;
}

function show(row, event) {
  fill(row);
  card.hidden = false;
  place(event);
}

function keep(value) {
  kept = value;
  card.classList.toggle("kept", kept);
  if (!kept) card.hidden = true;
}

const scatter = new Scatter(element("points"), element("over"), {
  x: unpacked(data.x, Float32Array),
  y: unpacked(data.y, Float32Array),
  on: {
    hover(row, event) {
      if (kept) return;
      if (row < 0) card.hidden = true;
      else show(row, event);
    },
    click(row, event) {
      keep(row >= 0);
      if (row >= 0) show(row, event);
    },
  },
});
scatter.rings = Uint32Array.from(data.marked);

function labelled(kind, text, colour, edge = colour) {
  const item = document.createElement(kind);
  const dot = document.createElement("i");
  dot.style.background = colour;
  dot.style.borderColor = edge;
  const name = document.createElement("span");
  name.textContent = text;
  item.append(dot, name);
  element("legend").append(item);
  return item;
}

const comma = new Intl.NumberFormat("en");
const title = document.createElement("b");
title.textContent = colours.title;
element("legend").append(title);
if (colours.kind === "groups") {
  const off = new Set();
  colours.groups.forEach(([name, colour, n], code) => {
    if (!n) return;
    const button = labelled("button", `${name} (${comma.format(n)})`, colour);
    button.ariaPressed = "true";
    button.addEventListener("click", () => {
      if (!off.delete(code)) off.add(code);
      button.ariaPressed = String(!off.has(code));
      scatter.hide(off.size ? Uint8Array.from(colours.codes, (one) => Number(off.has(one))) : null);
    });
  });
} else {
  const ramp = labelled("span", "", "none").firstChild;
  const steps = Array.from({ length: 11 }, (_, i) => `rgb(${onScale(i / 10).join(" ")})`);
  ramp.className = "ramp";
  ramp.style.background = `linear-gradient(to right, ${steps.join(", ")})`;
  ramp.before(String(Number(colours.low.toPrecision(4))));
  ramp.after(String(Number(colours.high.toPrecision(4))));
  if (colours.n_unknown) labelled("span", `none (${comma.format(colours.n_unknown)})`, "rgb(138 138 138)");
}
if (data.mark) labelled("span", data.mark, "none", "black");
element("axes").textContent = `→ ${data.axes[0]}   ↑ ${data.axes[1]}`;
document.addEventListener("keydown", (event) => event.key === "Escape" && keep(false));
scatter.paint(painted(colours, sides.length), smallestLast(colours.codes ?? sides));
element("map").place = (row) => scatter.at(row); // for tests
document.body.dataset.ready = "yes";
