// Points on a canvas, as the map's page and the explorer draw them: WebGL2 where there is such, else the plain canvas.
// Needs nothing else, evaluates no text, and asks for nothing.

/** Numbers of base64, little-endian. */
export function unpacked(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  return new Kind(bytes.buffer);
}

const VIRIDIS = "440154482475414487355f8d2a788e21918c22a8847ad151bddf26fde725"; // every tenth part of the scale
const STEPS = Array.from({ length: 10 }, (_, i) => channels(`#${VIRIDIS.slice(6 * i, 6 * i + 6)}`));
const GREY = [138, 138, 138];

export function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/** Colour of a share of the scale. */
export function onScale(share) {
  if (!(share >= 0)) return GREY;
  const at = Math.min(1, share) * (STEPS.length - 1);
  const low = Math.min(STEPS.length - 2, Math.floor(at));
  return STEPS[low].map((value, i) => Math.round(value + (at - low) * (STEPS[low + 1][i] - value)));
}

/** Colours (4 bytes a point) of what colours mean. */
export function painted(colours, n) {
  const out = new Uint8Array(4 * n).fill(255);
  const groups = colours.kind === "groups" ? colours.groups.map(([, colour]) => channels(colour)) : null;
  const span = colours.high - colours.low;
  for (let i = 0; i < n; i++) {
    const value = groups ? 0 : colours.values[i];
    const of = groups ? groups[colours.codes[i]] : onScale(Number.isNaN(value) ? NaN : span ? (value - colours.low) / span : 0.5);
    out[4 * i] = of[0];
    out[4 * i + 1] = of[1];
    out[4 * i + 2] = of[2];
  }
  return out;
}

/** Order of drawing: the largest group first, so that the smallest lies on top. */
export function smallestLast(codes) {
  const n = codes.length;
  const counts = new Uint32Array(256);
  for (let i = 0; i < n; i++) counts[codes[i]] += 1;
  const sizes = [...counts.keys()].filter((code) => counts[code]).sort((a, b) => counts[b] - counts[a] || a - b);
  const starts = new Uint32Array(256);
  sizes.reduce((at, code) => ((starts[code] = at), at + counts[code]), 0);
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[starts[codes[i]]++] = i;
  return order;
}

const VERTEX = `#version 300 es
in vec2 place; in vec4 colour;
uniform vec2 middle, scale; uniform float size;
out vec4 shade;
void main() { gl_Position = vec4((place - middle) * scale, 0.0, 1.0); gl_PointSize = size; shade = colour; }`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 shade; out vec4 colour;
void main() { vec2 at = gl_PointCoord - 0.5; if (dot(at, at) > 0.25) discard; colour = shade; }`;

export class Scatter {
  /**
   * `canvas` is drawn on, `over` (another canvas above it) shows the lasso and rings.
   * `on` is told: hover(point or -1, event), click(point or -1, event), lasso(Uint32Array of points, event), moved().
   */
  constructor(canvas, over, { x, y, on = {}, dark = false }) {
    Object.assign(this, { canvas, over, x, y, on, n: x.length, mode: "move", dark });
    this.hidden = null; // per point whether it is not drawn
    this.dimmed = null; // per point whether it stands back
    this.rings = new Uint32Array(0);
    this.gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
    if (this.gl) this._compile();
    else this.plain = canvas.getContext("2d");
    this.path = null; // of the lasso, in pixels
    this.fit();
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave"])
      over.addEventListener(kind, (event) => this._pointer(event));
    over.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
    over.addEventListener("dblclick", () => this.fit(true));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(over);
  }

  close() {
    this.observer.disconnect();
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }

  /** Show everything. */
  fit(draw = false) {
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < this.n; i++) {
      if (this.x[i] < left) left = this.x[i];
      if (this.x[i] > right) right = this.x[i];
      if (this.y[i] < low) low = this.y[i];
      if (this.y[i] > high) high = this.y[i];
    }
    this.box = [left, right, low, high];
    this.middle = [(left + right) / 2, (low + high) / 2];
    this.zoom = 1;
    if (draw) this.draw();
  }

  /** Pixels for one unit of the data: the same on both axes, since distances are what the map is about. */
  get unit() {
    const [left, right, low, high] = this.box;
    const { clientWidth: width, clientHeight: height } = this.over;
    const wide = Math.max(right - left, 1e-9);
    const tall = Math.max(high - low, 1e-9);
    return this.zoom * Math.max(1e-9, Math.min((width - 40) / wide, (height - 40) / tall));
  }

  /** Where a point is, in pixels of the canvas. */
  at(point) {
    const unit = this.unit;
    return [
      this.over.clientWidth / 2 + (this.x[point] - this.middle[0]) * unit,
      this.over.clientHeight / 2 - (this.y[point] - this.middle[1]) * unit,
    ];
  }

  paint(colours, order) {
    Object.assign(this, { colours, order });
    this._upload();
    this.draw();
  }

  hide(hidden) {
    this.hidden = hidden;
    this._upload();
    this.draw();
  }

  dim(dimmed) {
    this.dimmed = dimmed;
    this._upload();
    this.draw();
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    for (const one of [this.canvas, this.over]) {
      one.width = Math.max(1, Math.round(this.over.clientWidth * ratio));
      one.height = Math.max(1, Math.round(this.over.clientHeight * ratio));
    }
    this._draw(); // now: another size has emptied it
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => this._draw());
  }

  get size() {
    const base = Math.max(2.2, Math.min(9, 9 - Math.log10(Math.max(this.n, 1) / 300) * 2.5));
    return base * Math.min(2.5, Math.sqrt(this.zoom));
  }

  _compile() {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, text] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.bindAttribLocation(program, 0, "place");
    gl.bindAttribLocation(program, 1, "colour");
    gl.linkProgram(program);
    gl.useProgram(program);
    this.places = gl.createBuffer();
    this.shades = gl.createBuffer();
    this.uniform = Object.fromEntries(
      ["middle", "scale", "size"].map((name) => [name, gl.getUniformLocation(program, name)]),
    );
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  _upload() {
    if (!this.colours) return;
    const drawn = this.hidden ? this.order.filter((point) => !this.hidden[point]) : this.order;
    this.drawn = drawn;
    if (!this.gl) return;
    const places = new Float32Array(2 * drawn.length);
    const shades = new Uint8Array(4 * drawn.length);
    for (let i = 0; i < drawn.length; i++) {
      const point = drawn[i];
      places[2 * i] = this.x[point];
      places[2 * i + 1] = this.y[point];
      shades[4 * i] = this.colours[4 * point];
      shades[4 * i + 1] = this.colours[4 * point + 1];
      shades[4 * i + 2] = this.colours[4 * point + 2];
      shades[4 * i + 3] = this.dimmed?.[point] ? 45 : 225;
    }
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.shades);
    gl.bufferData(gl.ARRAY_BUFFER, shades, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribPointer(1, 4, gl.UNSIGNED_BYTE, true, 0, 0);
  }

  _draw() {
    cancelAnimationFrame(this.waiting);
    this.waiting = 0;
    if (!this.drawn || !this.over.clientWidth) return;
    const ratio = this.canvas.width / this.over.clientWidth;
    const unit = this.unit;
    if (this.gl) {
      const { gl } = this;
      gl.viewport(0, 0, this.canvas.width, this.canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(this.uniform.middle, ...this.middle);
      gl.uniform2f(this.uniform.scale, (2 * unit) / this.over.clientWidth, (2 * unit) / this.over.clientHeight);
      gl.uniform1f(this.uniform.size, this.size * ratio);
      gl.drawArrays(gl.POINTS, 0, this.drawn.length);
    } else this._drawPlain(ratio);
    this._drawOver(ratio);
    this.on.moved?.();
  }

  _drawPlain(ratio) {
    const { plain, colours } = this;
    const size = this.size;
    plain.setTransform(ratio, 0, 0, ratio, 0, 0);
    plain.clearRect(0, 0, this.over.clientWidth, this.over.clientHeight);
    for (const point of this.drawn) {
      const [left, top] = this.at(point);
      const [red, green, blue] = colours.subarray(4 * point, 4 * point + 3);
      plain.fillStyle = `rgb(${red} ${green} ${blue} / ${this.dimmed?.[point] ? 0.18 : 0.88})`;
      plain.fillRect(left - size / 2, top - size / 2, size, size);
    }
  }

  _drawOver(ratio) {
    const pen = this.over.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.over.clientWidth, this.over.clientHeight);
    pen.strokeStyle = this.dark ? "#fff" : "#000";
    pen.lineWidth = 1.3;
    for (const point of this.rings) {
      const [left, top] = this.at(point);
      pen.beginPath();
      pen.arc(left, top, this.size / 2 + 2.5, 0, 7);
      pen.stroke();
    }
    if (!this.path) return;
    pen.beginPath();
    this.path.forEach(([left, top], i) => (i ? pen.lineTo(left, top) : pen.moveTo(left, top)));
    pen.closePath();
    pen.fillStyle = "rgb(90 160 250 / .18)";
    pen.fill();
    pen.setLineDash([5, 4]);
    pen.stroke();
    pen.setLineDash([]);
  }

  /** The point that is nearest to a place, at most so many pixels away; -1 for none. */
  nearest(left, top, most = 9) {
    const unit = this.unit;
    const x = this.middle[0] + (left - this.over.clientWidth / 2) / unit;
    const y = this.middle[1] - (top - this.over.clientHeight / 2) / unit;
    let best = (Math.max(most, this.size / 2 + 2) / unit) ** 2;
    let found = -1;
    for (let i = 0; i < this.n; i++) {
      const away = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
      if (away < best && !this.hidden?.[i]) {
        best = away;
        found = i;
      }
    }
    return found;
  }

  /** Points inside a polygon of pixels. */
  inside(path) {
    const rows = Math.max(1, this.over.clientHeight);
    const edges = Array.from({ length: rows }, () => []); // of each row of pixels, those that cross it
    path.forEach(([left, top], i) => {
      const [right, bottom] = path[(i + 1) % path.length];
      const first = Math.max(0, Math.floor(Math.min(top, bottom)));
      const last = Math.min(rows - 1, Math.floor(Math.max(top, bottom)));
      for (let row = first; row <= last; row++) edges[row].push([left, top, right, bottom]);
    });
    const unit = this.unit;
    const [x0, y0] = [this.over.clientWidth / 2, this.over.clientHeight / 2];
    const found = new Uint32Array(this.n);
    let n = 0;
    for (let i = 0; i < this.n; i++) {
      const y = y0 - (this.y[i] - this.middle[1]) * unit;
      if (!(y >= 0 && y < rows) || this.hidden?.[i]) continue;
      const x = x0 + (this.x[i] - this.middle[0]) * unit;
      let isIn = false;
      for (const [left, top, right, bottom] of edges[Math.floor(y)])
        if (top > y !== bottom > y && x < left + ((y - top) / (bottom - top)) * (right - left)) isIn = !isIn;
      if (isIn) found[n++] = i;
    }
    return found.slice(0, n);
  }

  zoomBy(factor, across = 0, down = 0) {
    const before = this.unit;
    this.zoom = Math.max(0.5, Math.min(500, this.zoom * factor));
    const moved = 1 / before - 1 / this.unit;
    this.middle = [this.middle[0] + across * moved, this.middle[1] - down * moved];
    this.draw();
  }

  moveBy(across, down) {
    const unit = this.unit;
    this.middle = [this.middle[0] - across / unit, this.middle[1] + down / unit];
    this.draw();
  }

  _place(event) {
    const box = this.over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  _wheel(event) {
    event.preventDefault();
    const [left, top] = this._place(event);
    const lines = event.deltaMode === 1 ? 30 : 1;
    this.zoomBy(
      Math.exp(-event.deltaY * lines * 0.0018),
      left - this.over.clientWidth / 2,
      top - this.over.clientHeight / 2,
    );
  }

  _pointer(event) {
    const here = this._place(event);
    if (event.type === "pointerdown" && event.button === 0) {
      this.over.setPointerCapture(event.pointerId);
      this.grab = { from: here, last: here, moved: false };
      if (this.on.lasso && (this.mode === "lasso") !== event.shiftKey) this.path = [here];
    } else if (event.type === "pointermove" && this.grab) {
      const [across, down] = [here[0] - this.grab.last[0], here[1] - this.grab.last[1]];
      if (Math.hypot(here[0] - this.grab.from[0], here[1] - this.grab.from[1]) > 3) this.grab.moved = true;
      if (this.path) {
        if (Math.hypot(across, down) < 2) return;
        this.path.push(here);
        this.draw();
      } else this.moveBy(across, down);
      this.grab.last = here;
    } else if (event.type === "pointermove") {
      this.pointed = [here, event];
      this.pointing ||= requestAnimationFrame(() => {
        this.pointing = 0;
        if (this.pointed) this.on.hover?.(this.nearest(...this.pointed[0]), this.pointed[1]);
      });
    } else if (event.type === "pointerup" && this.grab) {
      const { moved } = this.grab;
      const path = this.path;
      this.grab = this.path = null;
      if (!moved) this.on.click?.(this.nearest(...here), event);
      else if (path?.length > 2) this.on.lasso?.(this.inside(path), event);
      this.draw();
    } else if (event.type === "pointercancel" || event.type === "pointerleave") {
      if (event.type === "pointercancel") this.grab = this.path = null;
      this.pointed = null;
      if (!this.grab) this.on.hover?.(-1, event);
    }
  }
}
