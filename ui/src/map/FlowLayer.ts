// Draws the model's streets in one WebGL context, with a swipe: fragments left or right of the divider are discarded.
// A street is a chain of capsules (a segment with round ends), so joins need no geometry and hourly updates are one
// buffer upload. Positions are relative to an origin in double precision; otherwise lines shake when zoomed in.
import { MercatorCoordinate, type CustomLayerInterface, type CustomRenderMethodInput, type Map as MapLibreMap } from 'maplibre-gl';
import type { Feature } from '../api/types';
import { FRAGMENT_SHADER, VERTEX_SHADER } from './flowShaders';
import type { Stroke, Strokes } from './strokes';

export interface Frame {
  left: Strokes | null;
  right: Strokes | null;
  /** Share 0..1 of the width where left ends and right begins; null: `left` fills the map. */
  split: number | null;
}

interface Piece {
  feature: string;
  ends: [number, number, number, number];
}

interface Side {
  array: WebGLVertexArrayObject;
  buffer: WebGLBuffer;
  count: number;
}

const STRIDE = 28;
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
  #pieces: Piece[] = [];
  #origin = { x: 0, y: 0 };
  #frame: Frame = { left: null, right: null, split: null };

  setFeatures(features: Feature[], origin: [number, number]) {
    this.#origin = MercatorCoordinate.fromLngLat(origin);
    this.#pieces = features.flatMap((feature) => lines(feature).flatMap((line) => this.#piecesOf(feature.id, line)));
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

  #piecesOf(feature: string, line: number[][]): Piece[] {
    const points = line.map(([lng, lat]) => MercatorCoordinate.fromLngLat([lng, lat]));
    const { x, y } = this.#origin;
    return points.slice(1).map((end, i) => {
      const start = points[i];
      return { feature, ends: [start.x - x, start.y - y, end.x - x, end.y - y] };
    });
  }

  #upload(name: 'left' | 'right') {
    const gl = this.#gl;
    if (!gl) return;
    const side = (this.#sides[name] ??= this.#createSide(gl));
    const drawn = drawOrder(this.#pieces, this.#frame[name]);
    gl.bindBuffer(gl.ARRAY_BUFFER, side.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, encode(drawn), gl.DYNAMIC_DRAW);
    side.count = drawn.length;
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

type DrawnPiece = { piece: Piece; stroke: Stroke };

/** Thin streets first, so that the busy ones lie on top. */
function drawOrder(pieces: Piece[], strokes: Strokes | null): DrawnPiece[] {
  if (!strokes) return [];
  const drawn: DrawnPiece[] = [];
  for (const piece of pieces) {
    const stroke = strokes.get(piece.feature);
    if (stroke) drawn.push({ piece, stroke });
  }
  return drawn.sort((a, b) => a.stroke.width - b.stroke.width);
}

function encode(drawn: DrawnPiece[]): ArrayBuffer {
  const bytes = new ArrayBuffer(drawn.length * STRIDE);
  const floats = new Float32Array(bytes);
  const octets = new Uint8Array(bytes);
  drawn.forEach(({ piece, stroke }, i) => {
    floats.set(piece.ends, (i * STRIDE) / 4);
    floats.set([stroke.width, stroke.hatched ? 1 : 0], (i * STRIDE) / 4 + 4);
    octets.set([...stroke.colour, Math.round(stroke.opacity * 255)], i * STRIDE + 24);
  });
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
