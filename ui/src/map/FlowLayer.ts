// Draws the model's streets in one WebGL context, with a swipe: fragments left or right of the divider are discarded.
// A street is a chain of capsules (a segment with round ends), so joins need no geometry and hourly updates are one
// buffer upload. Positions are relative to an origin in double precision; otherwise lines shake when zoomed in.
import { MercatorCoordinate, type CustomLayerInterface, type CustomRenderMethodInput, type Map as MapLibreMap } from 'maplibre-gl';
import type { Feature } from '../api/types';
import { FRAGMENT_SHADER, VERTEX_SHADER } from './flowShaders';
import type { Strokes } from './strokes';

export interface Frame {
  left: Strokes | null;
  right: Strokes | null;
  /** Share 0..1 of the width where left ends and right begins; null: `left` fills the map. */
  split: number | null;
}

/** All streets as columns: the pieces of street `n`, of four coordinates each, are those from `starts[n]` to `starts[n + 1]`. */
interface Streets {
  rows: Map<string, number>;
  /** Where the streets of a list of ids stand, -1 for those that are not drawn: one list serves all hours of a run. */
  placed: WeakMap<string[], Int32Array>;
  starts: Uint32Array;
  ends: Float32Array;
}

interface Side {
  array: WebGLVertexArrayObject;
  buffer: WebGLBuffer;
  count: number;
}

/** Of one piece: four coordinates, width, hatching, colour. */
const STRIDE = 28;
const WORDS = STRIDE / 4;
/** Widths are told apart in steps of this share of a pixel where they decide who lies on top. */
const WIDTH_STEPS = 16;
const CORNERS = new Float32Array([-1, 0, 1, 0, -1, 1, 1, 1]);
const SIDES = { whole: 0, left: -1, right: 1 } as const;

function lines(feature: Feature): number[][][] {
  const geometry = feature.geometry;
  if (geometry.type === 'LineString') return [geometry.coordinates];
  return geometry.type === 'MultiLineString' ? geometry.coordinates : [];
}

export class FlowLayer implements CustomLayerInterface {
  readonly id = 'flow';
  readonly type = 'custom';
  readonly renderingMode = '2d';
  #map: MapLibreMap | undefined;
  #gl: WebGL2RenderingContext | undefined;
  #program: WebGLProgram | undefined;
  #uniforms: Record<string, WebGLUniformLocation | null> = {};
  #corners: WebGLBuffer | null = null;
  #sides: Partial<Record<'left' | 'right', Side>> = {};
  #streets: Streets = columns([], { x: 0, y: 0 });
  #origin = { x: 0, y: 0 };
  #frame: Frame = { left: null, right: null, split: null };

  setFeatures(features: Feature[], origin: [number, number]) {
    this.#origin = MercatorCoordinate.fromLngLat(origin);
    this.#streets = columns(features, this.#origin);
    this.setFrame(this.#frame);
  }

  setFrame(frame: Frame) {
    const changed = { left: frame.left !== this.#frame.left, right: frame.right !== this.#frame.right };
    this.#frame = frame;
    if (!this.#gl) return;
    for (const side of ['left', 'right'] as const) {
      if (changed[side] || !this.#sides[side]) this.#upload(side);
    }
    this.#map?.triggerRepaint();
  }

  /** Upload both sides again, after the streets themselves changed. */
  refresh() {
    this.#upload('left');
    this.#upload('right');
    this.#map?.triggerRepaint();
  }

  onAdd(map: MapLibreMap, gl: WebGL2RenderingContext) {
    this.#map = map;
    this.#gl = gl;
    this.#program = link(gl);
    for (const name of ['matrix', 'viewport', 'zoomScale', 'pixelRatio', 'divider', 'side']) {
      this.#uniforms[name] = gl.getUniformLocation(this.#program, name);
    }
    this.#corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#corners);
    gl.bufferData(gl.ARRAY_BUFFER, CORNERS, gl.STATIC_DRAW);
    this.#sides = {};
    this.refresh();
  }

  onRemove() {
    this.#gl = undefined;
    this.#sides = {};
  }

  render(gl: WebGL2RenderingContext, input: CustomRenderMethodInput) {
    if (!this.#program || !this.#map) return;
    const { split } = this.#frame;
    gl.useProgram(this.#program);
    this.#setCamera(gl, input.defaultProjectionData.mainMatrix as Float64Array);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.#draw(gl, 'left', split === null ? SIDES.whole : SIDES.left);
    if (split !== null) this.#draw(gl, 'right', SIDES.right);
    gl.bindVertexArray(null);
  }

  #upload(name: 'left' | 'right') {
    const gl = this.#gl;
    if (!gl) return;
    const side = (this.#sides[name] ??= this.#createSide(gl));
    const bytes = encode(this.#streets, this.#frame[name]);
    gl.bindBuffer(gl.ARRAY_BUFFER, side.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, bytes, gl.DYNAMIC_DRAW);
    side.count = bytes.byteLength / STRIDE;
  }

  #createSide(gl: WebGL2RenderingContext): Side {
    const array = gl.createVertexArray();
    const buffer = gl.createBuffer();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#corners);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 8, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    instanced(gl, 1, 4, gl.FLOAT, false, 0);
    instanced(gl, 2, 2, gl.FLOAT, false, 16);
    instanced(gl, 3, 4, gl.UNSIGNED_BYTE, true, 24);
    gl.bindVertexArray(null);
    return { array, buffer, count: 0 };
  }

  #setCamera(gl: WebGL2RenderingContext, matrix: ArrayLike<number>) {
    const map = this.#map!;
    const ratio = map.getPixelRatio();
    const { clientWidth, clientHeight } = map.getCanvas();
    gl.uniformMatrix4fv(this.#uniforms.matrix, false, shifted(matrix, this.#origin.x, this.#origin.y));
    gl.uniform2f(this.#uniforms.viewport, clientWidth, clientHeight);
    gl.uniform1f(this.#uniforms.zoomScale, Math.min(3, 2 ** ((map.getZoom() - 14) * 0.45)));
    gl.uniform1f(this.#uniforms.pixelRatio, ratio);
    gl.uniform1f(this.#uniforms.divider, (this.#frame.split ?? 1) * clientWidth * ratio);
  }

  #draw(gl: WebGL2RenderingContext, name: 'left' | 'right', side: number) {
    const { array, count } = this.#sides[name] ?? { count: 0 };
    if (!array || count === 0) return;
    gl.bindVertexArray(array);
    gl.uniform1f(this.#uniforms.side, side);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
  }
}

/** Streets as columns, relative to an origin: each hour then is one pass over arrays, without an object per piece. */
function columns(features: Feature[], origin: { x: number; y: number }): Streets {
  const rows = new Map(features.map(({ id }, row) => [id, row]));
  const parts = features.map((feature) => lines(feature).map((line) => line.map(([lng, lat]) => MercatorCoordinate.fromLngLat([lng, lat]))));
  const starts = new Uint32Array(features.length + 1);
  parts.forEach((found, row) => (starts[row + 1] = starts[row] + found.reduce((sum, line) => sum + Math.max(0, line.length - 1), 0)));
  const ends = new Float32Array(starts[features.length] * 4);
  let at = 0;
  for (const line of parts.flat()) {
    for (let n = 0; n + 1 < line.length; n++) {
      for (const { x, y } of [line[n], line[n + 1]]) {
        ends[at++] = x - origin.x;
        ends[at++] = y - origin.y;
      }
    }
  }
  return { rows, placed: new WeakMap(), starts, ends };
}

/** Thin streets first, so that the busy ones lie on top: sorted by counting, for there are tens of thousands each hour. */
function byWidth(widths: Float32Array): Uint32Array {
  const steps = new Uint16Array(widths.length);
  let most = 0;
  for (let at = 0; at < steps.length; at++) most = Math.max(most, (steps[at] = Math.round(widths[at] * WIDTH_STEPS)));
  const places = new Uint32Array(most + 2);
  for (const step of steps) places[step + 1]++;
  for (let at = 1; at < places.length; at++) places[at] += places[at - 1];
  const order = new Uint32Array(steps.length);
  for (let at = 0; at < steps.length; at++) order[places[steps[at]]++] = at;
  return order;
}

function placesOf({ rows, placed }: Streets, features: string[]): Int32Array {
  const known = placed.get(features);
  if (known) return known;
  const found = Int32Array.from(features, (id) => rows.get(id) ?? -1);
  placed.set(features, found);
  return found;
}

function countPieces(starts: Uint32Array, places: Int32Array): number {
  let pieces = 0;
  for (const row of places) if (row >= 0) pieces += starts[row + 1] - starts[row];
  return pieces;
}

function encode(streets: Streets, strokes: Strokes | null): ArrayBuffer {
  if (!strokes) return new ArrayBuffer(0);
  const { starts, ends } = streets;
  const { widths, hatched, paint } = strokes;
  const places = placesOf(streets, strokes.features);
  const bytes = new ArrayBuffer(countPieces(starts, places) * STRIDE);
  const [floats, words] = [new Float32Array(bytes), new Uint32Array(bytes)];
  let to = 0;
  for (const n of byWidth(widths)) {
    const row = places[n];
    if (row < 0) continue;
    const last = starts[row + 1] * 4;
    for (let from = starts[row] * 4; from < last; from += 4, to += WORDS) {
      floats[to] = ends[from];
      floats[to + 1] = ends[from + 1];
      floats[to + 2] = ends[from + 2];
      floats[to + 3] = ends[from + 3];
      floats[to + 4] = widths[n];
      floats[to + 5] = hatched[n];
      words[to + 6] = paint[n];
    }
  }
  return bytes;
}

/** The matrix times a translation, in double precision, handed over in single. */
function shifted(m: ArrayLike<number>, x: number, y: number): Float32Array {
  const out = Float32Array.from(m);
  for (let row = 0; row < 4; row++) out[12 + row] = m[row] * x + m[4 + row] * y + m[12 + row];
  return out;
}

function instanced(gl: WebGL2RenderingContext, at: number, size: number, type: number, normal: boolean, offset: number) {
  gl.enableVertexAttribArray(at);
  gl.vertexAttribPointer(at, size, type, normal, STRIDE, offset);
  gl.vertexAttribDivisor(at, 1);
}

function compile(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type)!;
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()!;
  gl.attachShader(program, compile(gl, gl.VERTEX_SHADER, VERTEX_SHADER));
  gl.attachShader(program, compile(gl, gl.FRAGMENT_SHADER, FRAGMENT_SHADER));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`flow layer: ${gl.getProgramInfoLog(program) ?? 'the shaders do not link'}`);
  }
  return program;
}
