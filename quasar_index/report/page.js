"use strict";
// The grid: sorting, filtering, marking and enlarging. Without this script the page is a plain grid, the best first.
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  const list = find("images");
  const large = find("large");
  const sort = find("sort");
  const direction = find("direction");
  const filter = find("filter");
  const onlyMarked = find("marked");
  const bins = [...document.querySelectorAll(".bin")];
  const collator = new Intl.Collator(undefined, { numeric: true });
  const items = [...list.children].map((element) => ({
    element,
    name: element.dataset.name,
    text: (element.dataset.name + " " + (element.querySelector(".error")?.textContent ?? "")).toLowerCase(),
    order: Number(element.dataset.order),
    marked: false,
    ...Object.fromEntries(
      ["score", "mos", "familiarity"].map((key) => [key, element.dataset[key] === "" ? NaN : Number(element.dataset[key])])
    ),
  }));
  const itemOf = new Map(items.map((item) => [item.element, item]));
  let shown = items;
  let rising = false;
  let current = null;
  const data = {};

  // Read when it is needed first: the pictures of the anchors can be most of the page.
  function read(id) {
    data[id] ??= JSON.parse(find(id).textContent);
    return data[id];
  }

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
    select();
  }

  function select() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const ranges = bins
      .filter((bin) => bin.getAttribute("aria-pressed") === "true")
      .map((bin) => [Number(bin.dataset.low), Number(bin.dataset.high), bin === bins[bins.length - 1]]);
    const marks = onlyMarked.getAttribute("aria-pressed") === "true";
    shown = items.filter((item) => {
      const named = words.every((word) => item.text.includes(word));
      const scored = ranges.length === 0 || ranges.some(
        ([low, high, last]) => item.score >= low && (item.score < high || (last && item.score <= high))
      );
      const seen = named && scored && (item.marked || !marks);
      item.element.hidden = !seen;
      return seen;
    });
    root.classList.toggle("picked", ranges.length > 0);
    find("none").hidden = shown.length > 0;
    const all = `${items.length} ${items.length === 1 ? "image" : "images"}`;
    find("count").textContent = shown.length === items.length ? all : `${shown.length} of ${all}`;
    if (!shown.includes(current)) turn(shown[0] ?? null);
  }

  // One card at a time can be reached by Tab; arrow keys go on from there.
  function turn(item, focus = false) {
    if (current) current.element.tabIndex = -1;
    current = item;
    if (!item) return;
    item.element.tabIndex = 0;
    if (focus && !large.open) item.element.focus();
    else if (large.open) item.element.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const place = shown.indexOf(current) + by;
    if (place < 0 || place >= shown.length) return;
    turn(shown[place], true);
    if (large.open) enlarge();
  }

  function columns() {
    return getComputedStyle(list).gridTemplateColumns.split(" ").length;
  }

  // Marks

  const key = `quasar-index ${location.pathname} ${document.querySelector("time")?.textContent ?? ""}`;
  function keep() {
    try {
      localStorage.setItem(key, JSON.stringify(marked().map((item) => item.order)));
    } catch { /* marks then last as long as the page is open */ }
  }

  function marked() {
    return items.filter((item) => item.marked);
  }

  function show(item) {
    item.element.classList.toggle("is-marked", item.marked);
    item.element.querySelector(".mark").setAttribute("aria-pressed", String(item.marked));
    if (item !== current) return;
    find("large-mark").setAttribute("aria-pressed", String(item.marked));
    find("large-mark").textContent = item.marked ? "✓ Marked" : "Mark";
  }

  function count() {
    const n = marked().length;
    find("n-marked").textContent = n;
    find("copy").disabled = find("download").disabled = n === 0;
  }

  function mark(item) {
    if (!item) return;
    item.marked = !item.marked;
    show(item);
    count();
    keep();
    if (!item.marked && !large.open && onlyMarked.getAttribute("aria-pressed") === "true") select();
  }

  function path(item) {
    return list.dataset.common + item.name;
  }

  async function copy() {
    const text = marked().map(path).join("\n") + "\n";
    const button = find("copy");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy list"; }, 1500);
  }

  // As `score --output` writes a path: no formula for a spreadsheet, quoted where it holds a separator.
  function cell(text) {
    const safe = /^[=+\-@\t\uff1d\uff0b\uff0d\uff20]/.test(text) ? `./${text}` : text;
    return /[,;|\t"]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function download() {
    const rows = marked().map((item) => `${cell(path(item))},${Number.isNaN(item.score) ? "" : item.score}\n`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`path,score\n${rows.join("")}`], { type: "text/csv" }));
    link.download = "marked.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // The enlarged image

  function enlarge() {
    const item = current;
    if (!item) return;
    const { images, anchors } = read("details");
    const pictures = read("pictures");
    const details = images[item.order];
    const [thumbnail, heat] = item.element.querySelectorAll(".picture img");
    find("large-heat").hidden = !heat;
    if (heat) find("large-heat").src = heat.src;
    const picture = find("large-picture");
    picture.hidden = !thumbnail && !details.link;
    find("large-blank").hidden = !picture.hidden;
    picture.removeAttribute("src");
    if (thumbnail) picture.src = thumbnail.src;
    if (details.link) {
      const whole = new Image(); // formats that browsers cannot show, and files that have gone, leave the thumbnail
      whole.onload = () => {
        if (item === current) picture.src = whole.src;
      };
      whole.src = details.link;
      find("large-link").href = details.link;
    }
    find("large-open").hidden = !details.link;
    const [folder, base] = /^(.*\/)?([^]*)$/.exec(path(item)).slice(1);
    find("large-name").textContent = base;
    find("large-folder").textContent = folder ?? "";
    const result = [...item.element.querySelectorAll(":scope > p")].map((one) => one.cloneNode(true));
    find("large-result").replaceChildren(...result);
    const [left, width, at] = details.interval ?? [];
    bar(".score", ["fill", { width: details.left }]);
    bar(".mos", ["span", { left, width }], ["dot", { left: at }]);
    for (const [side, isGood] of [["good", true], ["bad", false]]) {
      const box = large.querySelector(`.anchors.${side}`);
      const near = details.near.filter(([row]) => anchors[row][2] === isGood);
      box.hidden = near.length === 0;
      box.querySelector("ul").replaceChildren(...near.map(([row, cosine]) => tile(anchors[row], cosine, pictures[row])));
    }
    show(item);
    if (!large.open) {
      large.showModal();
      large.focus(); // else a space would press the first button
    }
    item.element.scrollIntoView({ block: "nearest" });
  }

  // Below a figure: where it lies between the ends of its scale, in percent.
  function bar(figure, ...parts) {
    const track = document.createElement("div");
    track.className = "track";
    track.setAttribute("aria-hidden", "true");
    for (const [kind, places] of parts) {
      const one = document.createElement("i");
      one.className = kind;
      for (const [name, percent] of Object.entries(places)) one.style[name] = `${percent}%`;
      track.append(one);
    }
    find("large-result").querySelector(figure)?.after(track);
  }

  function tile([name, rating], cosine, uri) {
    const one = document.createElement("li");
    one.title = `${name}: ${rating ? `rating ${rating}, ` : ""}cosine ${cosine}`;
    const box = document.createElement("span");
    box.className = "tile";
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", one.title);
    if (uri) {
      box.style.backgroundImage = `url("${uri}")`;
    } else {
      const blank = document.createElement("span");
      blank.className = "blank";
      blank.textContent = name.slice(name.lastIndexOf("/") + 1);
      box.append(blank);
    }
    const caption = document.createElement("span");
    caption.className = "caption";
    const bold = document.createElement("b");
    bold.textContent = rating;
    const dim = document.createElement("span");
    dim.className = "dim";
    dim.textContent = cosine;
    caption.append(...(rating ? [bold, " "] : []), dim);
    one.append(box, caption);
    return one;
  }

  // What users do

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
  for (const button of [...bins, onlyMarked]) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      select();
    });
  }
  // Photographs with their unusual patches, or alone.
  function turnHeat() {
    const shows = document.body.classList.toggle("heated");
    find("heat").setAttribute("aria-pressed", String(shows));
  }

  find("heat")?.addEventListener("click", turnHeat);
  find("clear").addEventListener("click", () => {
    filter.value = "";
    for (const button of [...bins, onlyMarked]) button.setAttribute("aria-pressed", "false");
    select();
  });
  find("copy").addEventListener("click", copy);
  find("download").addEventListener("click", download);
  find("before").addEventListener("click", () => step(-1));
  find("after").addEventListener("click", () => step(1));
  find("large-mark").addEventListener("click", () => mark(current));
  find("close").addEventListener("click", () => large.close());
  large.addEventListener("click", (event) => {
    if (event.target === large) large.close(); // beside it
  });
  large.addEventListener("close", () => {
    if (onlyMarked.getAttribute("aria-pressed") === "true") select();
    current?.element.focus();
  });
  find("tools").addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const item = itemOf.get(event.target.closest(".image"));
    if (!item) return;
    turn(item, true);
    if (event.target.closest(".mark")) mark(item);
    else if (String(getSelection()) === "") enlarge(); // who marks text to copy it wants no picture
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, .histogram");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target.closest("button, a");
    const moves = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: large.open ? 1 : columns(),
      ArrowUp: large.open ? -1 : -columns(),
    };
    if (event.key in moves) {
      // From elsewhere on the page, the first press goes to the grid.
      if (!large.open && !event.target.closest(".image")) turn(current, true);
      else step(moves[event.key]);
    } else if (event.key === "Home" || event.key === "End") {
      turn(shown[event.key === "Home" ? 0 : shown.length - 1] ?? null, true);
      if (large.open) enlarge();
    } else if (event.key === "u" && find("heat")) {
      turnHeat();
    } else if (event.key === "m" || (event.key === " " && !onButton)) {
      mark(current);
    } else if (event.key === "Enter" && !onButton && !large.open) {
      enlarge();
    } else {
      return;
    }
    event.preventDefault();
  });

  try {
    const before = new Set(JSON.parse(localStorage.getItem(key) ?? "[]"));
    for (const item of items) {
      if (before.has(item.order)) {
        item.marked = true;
        show(item);
      }
    }
  } catch { /* no marks of before */ }
  count();
  select();
})();
