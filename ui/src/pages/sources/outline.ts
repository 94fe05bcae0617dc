// Geometries as one SVG path in a frame of 100 by 60: enough to see where the first rows of a dataset lie.
import type { Feature } from './api';

type Position = [number, number];
const WIDTH = 100;
const HEIGHT = 60;
const MARGIN = 4;

export interface Drawing {
  points: Position[];
  lines: string[];
}

function positions(part: unknown): Position[] {
  if (!Array.isArray(part)) return [];
  return typeof part[0] === 'number' ? [part as Position] : part.flatMap(positions);
}

function rings(part: unknown): Position[][] {
  if (!Array.isArray(part) || !Array.isArray(part[0])) return [];
  return typeof part[0][0] === 'number' ? [part as Position[]] : part.flatMap(rings);
}

/** Degrees of longitude are shorter than those of latitude: both are drawn at the middle's scale. Null: no place. */
export function draw(features: Feature[]): Drawing | null {
  const placed = features.flatMap(({ geometry }) => (geometry ? [geometry] : []));
  const all = placed.flatMap((geometry) => positions(geometry.coordinates));
  if (all.length === 0) return null;
  const [west, east, south, north] = bounds(all);
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min((WIDTH - 2 * MARGIN) / Math.max((east - west) * squeeze, 1e-5), (HEIGHT - 2 * MARGIN) / Math.max(north - south, 1e-5));
  const at = ([x, y]: Position): Position => [
    WIDTH / 2 + (x - (west + east) / 2) * squeeze * scale,
    HEIGHT / 2 - (y - (south + north) / 2) * scale,
  ];
  const points = placed.filter(({ type }) => type.endsWith('Point')).flatMap((one) => positions(one.coordinates).map(at));
  const lines = placed
    .filter(({ type }) => !type.endsWith('Point'))
    .flatMap((one) => rings(one.coordinates).map((ring) => `M${ring.map((place) => at(place).map((n) => n.toFixed(1)).join(' ')).join('L')}`));
  return { points, lines };
}

function bounds(all: Position[]): [number, number, number, number] {
  const xs = all.map(([x]) => x);
  const ys = all.map(([, y]) => y);
  const least = (values: number[]) => values.reduce((a, b) => Math.min(a, b));
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b));
  return [least(xs), most(xs), least(ys), most(ys)];
}
