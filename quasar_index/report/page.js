"use strict";
// Sorting, filtering and the grid. Without this script the page is a plain list in the order of the run.
(() => {
  const root = document.documentElement;
  const list = document.getElementById("images");
  const sort = document.getElementById("sort");
  const direction = document.getElementById("direction");
  const filter = document.getElementById("filter");
  const view = document.getElementById("view");
  const bins = [...document.querySelectorAll(".bin")];
  const collator = new Intl.Collator(undefined, { numeric: true });
  const items = [...list.children].map((element) => ({
    element,
    name: element.dataset.name,
    text: (element.dataset.name + " " + (element.querySelector(".error")?.textContent ?? "")).toLowerCase(),
    order: Number(element.dataset.order),
    ...Object.fromEntries(
      ["score", "mos", "familiarity"].map((key) => [key, element.dataset[key] === "" ? NaN : Number(element.dataset[key])])
    ),
  }));
  let rising = true;

  function compare(a, b) {
    const key = sort.value;
    if (key !== "name") {
      // What has no figure, as an image that could not be scored, comes last in both directions.
      const missing = Number.isNaN(a[key]) - Number.isNaN(b[key]);
      if (missing) return missing;
    }
    const difference = key === "name" ? collator.compare(a.name, b.name) : a[key] - b[key];
    return (rising ? difference : -difference) || a.order - b.order;
  }

  function arrange() {
    items.sort(compare);
    list.append(...items.map((item) => item.element));
    direction.textContent = rising ? "↑" : "↓";
    direction.title = rising ? "Lowest first" : "Highest first";
  }

  function select() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const ranges = bins
      .filter((bin) => bin.getAttribute("aria-pressed") === "true")
      .map((bin) => [Number(bin.dataset.low), Number(bin.dataset.high), bin === bins[bins.length - 1]]);
    let shown = 0;
    for (const item of items) {
      const named = words.every((word) => item.text.includes(word));
      const scored = ranges.length === 0 || ranges.some(
        ([low, high, last]) => item.score >= low && (item.score < high || (last && item.score <= high))
      );
      item.element.hidden = !(named && scored);
      shown += named && scored;
    }
    root.classList.toggle("picked", ranges.length > 0);
    document.getElementById("none").hidden = shown > 0;
    document.getElementById("count").textContent =
      shown === items.length ? `${shown} images` : `${shown} of ${items.length} images`;
  }

  sort.addEventListener("change", () => {
    rising = sort.value === "order" || sort.value === "name"; // the best first
    if (sort.value === "familiarity") rising = true; // what the index knows least first
    arrange();
  });
  direction.addEventListener("click", () => {
    rising = !rising;
    arrange();
  });
  filter.addEventListener("input", select);
  for (const bin of bins) {
    bin.addEventListener("click", () => {
      bin.setAttribute("aria-pressed", String(bin.getAttribute("aria-pressed") !== "true"));
      select();
    });
  }
  document.getElementById("clear").addEventListener("click", () => {
    filter.value = "";
    for (const bin of bins) bin.setAttribute("aria-pressed", "false");
    select();
  });
  view.addEventListener("click", () => {
    const grid = root.classList.toggle("grid");
    view.setAttribute("aria-pressed", String(grid));
    view.textContent = grid ? "List" : "Grid";
  });
  document.getElementById("tools").addEventListener("submit", (event) => event.preventDefault());
  select();
})();
