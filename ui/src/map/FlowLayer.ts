// Draws the model's streets, over its areas, in one WebGL context with a swipe: what is beyond the divider is discarded.
// A street is a chain of capsules (a segment with round ends), so joins need no geometry and hourly updates are one
// buffer upload. Positions are relative to an origin in double precision; otherwise lines shake when zoomed in.
import { MercatorCoordinate, type CustomLayerInterface, type CustomRenderMethodInput, type Map as MapLibreMap } from 'maplibre-gl';
import type { Feature } from '../api/types';
import { AreaFill, type View } from './AreaFill';
import { FRAGMENT_SHADER, VERTEX_SHADER } from './flowShaders';
import { link, shifted, type Program } from './gl';
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

type Name = 'left' | 'right';

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
  #program: Program | undefined;
  #areas: AreaFill | undefined;
  #corners: WebGLBuffer | null = null;
  #sides: Partial<Record<Name, Side>> = {};
  #features: Feature[] = [];
  #streets: Streets = columns([], { x: 0, y: 0 });
  #origin = { x: 0, y: 0 };
  #frame: Frame = { left: null, right: null, split: null };

  setFeatures(features: Feature[], origin: [number, number]) {
    this.#origin = MercatorCoordinate.fromLngLat(origin);
    this.#features = features;
    this.#streets = columns(features, this.#origin);
    this.#areas?.setFeatures(features, this.#origin);
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
    this.#program = link(gl, VERTEX_SHADER, FRAGMENT_SHADER, ['matrix', 'viewport', 'zoomScale', 'pixelRatio', 'divider', 'side']);
    this.#areas = new AreaFill(gl);
    this.#areas.setFeatures(this.#features, this.#origin);
    this.#corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#corners);
    gl.bufferData(gl.ARRAY_BUFFER, CORNERS, gl.STATIC_DRAW);
    this.#sides = {};
    this.refresh();
  }

  onRemove() {
    this.#gl = undefined;
    this.#areas = undefined;
    this.#sides = {};
  }

  render(gl: WebGL2RenderingContext, input: CustomRenderMethodInput) {
    if (!this.#program || !this.#map) return;
    const shown: [Name, number][] = this.#frame.split === null ? [['left', SIDES.whole]] : [['left', SIDES.left], ['right', SIDES.right]];
    const view = this.#view(this.#map, input.defaultProjectionData.mainMatrix as Float64Array);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    for (const [name, side] of shown) this.#areas?.draw(name, side, view);
    gl.useProgram(this.#program.program);
    this.#setCamera(gl, this.#map, this.#program, view);
    for (const [name, side] of shown) this.#draw(gl, this.#program, name, side);
    gl.bindVertexArray(null);
  }

  #upload(name: Name) {
    const gl = this.#gl;
    if (!gl) return;
    const side = (this.#sides[name] ??= this.#createSide(gl));
    const bytes = encode(this.#streets, this.#frame[name]);
    gl.bindBuffer(gl.ARRAY_BUFFER, side.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, bytes, gl.DYNAMIC_DRAW);
    side.count = bytes.byteLength / STRIDE;
    this.#areas?.setStrokes(name, this.#frame[name]);
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

  #view(map: MapLibreMap, matrix: ArrayLike<number>): View {
    const pixelRatio = map.getPixelRatio();
    const divider = (this.#frame.split ?? 1) * map.getCanvas().clientWidth * pixelRatio;
    return { matrix: shifted(matrix, this.#origin.x, this.#origin.y), pixelRatio, divider };
  }

  #setCamera(gl: WebGL2RenderingContext, map: MapLibreMap, { at }: Program, view: View) {
    const { clientWidth, clientHeight } = map.getCanvas();
    gl.uniformMatrix4fv(at.matrix, false, view.matrix);
    gl.uniform2f(at.viewport, clientWidth, clientHeight);
    gl.uniform1f(at.zoomScale, Math.min(3, 2 ** ((map.getZoom() - 14) * 0.45)));
    gl.uniform1f(at.pixelRatio, view.pixelRatio);
    gl.uniform1f(at.divider, view.divider);
  }

  #draw(gl: WebGL2RenderingContext, { at }: Program, name: Name, side: number) {
    const { array, count } = this.#sides[name] ?? { count: 0 };
    if (!array || count === 0) return;
    gl.bindVertexArray(array);
    gl.uniform1f(at.side, side);
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

function instanced(gl: WebGL2RenderingContext, at: number, size: number, type: number, normal: boolean, offset: number) {
  gl.enableVertexAttribArray(at);
  gl.vertexAttribPointer(at, size, type, normal, STRIDE, offset);
  gl.vertexAttribDivisor(at, 1);
}
