// Fills the model's areas in the flow layer's context, under its streets: triangles made once, colours anew each hour.
import earcut, { flatten } from 'earcut';
import { MercatorCoordinate } from 'maplibre-gl';
import type { Feature } from '../api/types';
import { UNSEEN } from './flowShaders';
import { link, type Program } from './gl';
import type { Strokes } from './strokes';

const VERTEX_SHADER = `#version 300 es
precision highp float;
layout(location = 0) in vec2 place;
layout(location = 1) in vec4 colour;
uniform mat4 matrix;
out vec4 tint;

void main() {
  tint = colour;
  gl_Position = matrix * vec4(place, 0.0, 1.0);
}`;

/** Areas lie over streets and buildings, which stay visible. */
const OPACITY = 0.74;

/** An opacity that ends in an odd byte says that the area is hatched: see `paintOf`. */
const FRAGMENT_SHADER = `#version 300 es
precision highp float;
in vec4 tint;
out vec4 fragment;
${UNSEEN}

void main() {
  if (unseen(int(round(tint.a * 255.0)) % 2 == 1)) discard;
  float cover = tint.a * ${OPACITY};
  fragment = vec4(tint.rgb * cover, cover);
}`;

const UNIFORMS = ['matrix', 'pixelRatio', 'divider', 'side'] as const;

/** Corners of triangles, relative to an origin; those of area `n` are the ones from `starts[n]` to `starts[n + 1]`. */
interface Triangles {
  rows: Map<string, number>;
  starts: Uint32Array;
  places: Float32Array;
}

interface Side {
  array: WebGLVertexArrayObject;
  places: WebGLBuffer;
  paint: WebGLBuffer;
}

export interface View {
  matrix: Float32Array;
  pixelRatio: number;
  /** Pixels of the canvas from its left edge. */
  divider: number;
}

export class AreaFill {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: Program;
  readonly #sides: Record<'left' | 'right', Side>;
  #triangles: Triangles = { rows: new Map(), starts: new Uint32Array(1), places: new Float32Array(0) };

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#program = link(gl, VERTEX_SHADER, FRAGMENT_SHADER, UNIFORMS);
    this.#sides = { left: this.#createSide(), right: this.#createSide() };
  }

  setFeatures(features: Feature[], origin: { x: number; y: number }) {
    this.#triangles = trianglesOf(features, origin);
    for (const { places } of Object.values(this.#sides)) {
      this.#gl.bindBuffer(this.#gl.ARRAY_BUFFER, places);
      this.#gl.bufferData(this.#gl.ARRAY_BUFFER, this.#triangles.places, this.#gl.STATIC_DRAW);
    }
  }

  setStrokes(name: 'left' | 'right', strokes: Strokes | null) {
    if (this.#triangles.places.length === 0) return;
    this.#gl.bindBuffer(this.#gl.ARRAY_BUFFER, this.#sides[name].paint);
    this.#gl.bufferData(this.#gl.ARRAY_BUFFER, paintOf(this.#triangles, strokes), this.#gl.DYNAMIC_DRAW);
  }

  draw(name: 'left' | 'right', side: number, view: View) {
    const { places } = this.#triangles;
    if (places.length === 0) return;
    const [gl, { program, at }] = [this.#gl, this.#program];
    gl.useProgram(program);
    gl.uniformMatrix4fv(at.matrix, false, view.matrix);
    gl.uniform1f(at.pixelRatio, view.pixelRatio);
    gl.uniform1f(at.divider, view.divider);
    gl.uniform1f(at.side, side);
    gl.bindVertexArray(this.#sides[name].array);
    gl.drawArrays(gl.TRIANGLES, 0, places.length / 2);
  }

  #createSide(): Side {
    const gl = this.#gl;
    const side = { array: gl.createVertexArray(), places: gl.createBuffer(), paint: gl.createBuffer() };
    gl.bindVertexArray(side.array);
    for (const at of [0, 1]) gl.enableVertexAttribArray(at);
    gl.bindBuffer(gl.ARRAY_BUFFER, side.places);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 8, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, side.paint);
    gl.vertexAttribPointer(1, 4, gl.UNSIGNED_BYTE, true, 4, 0);
    gl.bindVertexArray(null);
    return side;
  }
}

function polygons({ geometry }: Feature): number[][][][] {
  if (geometry.type === 'Polygon') return [geometry.coordinates as unknown as number[][][]];
  return geometry.type === 'MultiPolygon' ? (geometry.coordinates as unknown as number[][][][]) : [];
}

function trianglesOf(features: Feature[], origin: { x: number; y: number }): Triangles {
  const rows = new Map(features.map(({ id }, row) => [id, row]));
  const corners = features.map((feature) => polygons(feature).flatMap((rings) => cornersOf(rings, origin)));
  const starts = new Uint32Array(features.length + 1);
  corners.forEach((found, row) => (starts[row + 1] = starts[row] + found.length / 2));
  return { rows, starts, places: Float32Array.from(corners.flat()) };
}

/** A polygon with its holes as triangles: x and y of each corner. */
function cornersOf(rings: number[][][], origin: { x: number; y: number }): number[] {
  const placed = rings.map((ring) => ring.map(([lng, lat]) => {
    const { x, y } = MercatorCoordinate.fromLngLat([lng, lat]);
    return [x - origin.x, y - origin.y];
  }));
  const { vertices, holes, dimensions } = flatten(placed);
  return earcut(vertices, holes, dimensions).flatMap((at) => [vertices[at * 2], vertices[at * 2 + 1]]);
}

/** A colour for each corner. Areas that the strokes do not name stay clear; the last bit of the opacity says "hatched". */
function paintOf({ rows, starts, places }: Triangles, strokes: Strokes | null): Uint32Array {
  const paint = new Uint32Array(places.length / 2);
  strokes?.features.forEach((id, n) => {
    const row = rows.get(id);
    if (row === undefined) return;
    const [colour, opacity] = [strokes.paint[n] & 0xffffff, (strokes.paint[n] >>> 24) & 0xfe];
    paint.fill(colour | ((opacity | strokes.hatched[n]) << 24), starts[row], starts[row + 1]);
  });
  return paint;
}
