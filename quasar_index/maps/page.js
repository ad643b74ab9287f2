"use strict";
// The map: draws the figure, and shows the card of the anchor under the pointer.
// Whatever others wrote (paths, labels) goes to the screen as textContent, never as HTML.
(() => {
  const element = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(element(id).textContent);
  const figure = read("figure-data");
  const cards = read("card-data");
  const asked = cards.asked.length ? new Set(cards.asked) : null;
  const plot = element("map");
  const card = element("card");
  let kept = false;

  function hasWebGl() {
    try {
      return Boolean(document.createElement("canvas").getContext("webgl"));
    } catch {
      return false;
    }
  }

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

  function show(data) {
    fill(data.points[0].customdata);
    card.hidden = false;
    place(data.event);
  }

  function keep(value) {
    kept = value;
    card.classList.toggle("kept", kept);
    if (!kept) card.hidden = true;
  }

  const webGl = figure.data.filter((trace) => trace.type === "scattergl");
  if (webGl.length && !hasWebGl()) for (const trace of webGl) trace.type = "scatter";
  const options = {
    responsive: true,
    scrollZoom: true,
    displaylogo: false,
    // Named one by one: plotly's own choice has a button that sends the figure to its makers' cloud.
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
  };
  Plotly.newPlot(plot, figure.data, figure.layout, options).then(() => {
    plot.on("plotly_hover", (data) => kept || show(data));
    plot.on("plotly_unhover", () => kept || (card.hidden = true));
    plot.on("plotly_click", (data) => {
      show(data);
      keep(true);
    });
    document.addEventListener("keydown", (event) => event.key === "Escape" && keep(false));
    document.body.dataset.ready = "yes";
  });
})();
