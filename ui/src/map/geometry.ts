// Small geometry in longitude and latitude: middles for flying to, rings for drawing.
import type { Geometry } from '../api/types';

/** Whether it encloses something, rather than leading along it. */
export const isArea = (geometry: Geometry | undefined): boolean => geometry?.type === 'Polygon' || geometry?.type === 'MultiPolygon';

/** All positions of a geometry, flat. */
export function positions(geometry: Geometry): number[][] {
  const flatten = (value: unknown): number[][] =>
    Array.isArray(value) ? (typeof value[0] === 'number' ? [value as number[]] : value.flatMap(flatten)) : [];
  return flatten(geometry.coordinates);
}

/** West, south, east, north. */
export function boxOf(geometries: Geometry[]): [number, number, number, number] {
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lng, lat] of geometries.flatMap(positions)) {
    box[0] = Math.min(box[0], lng);
    box[1] = Math.min(box[1], lat);
    box[2] = Math.max(box[2], lng);
    box[3] = Math.max(box[3], lat);
  }
  return box;
}

/** The middle of a geometry's bounding box. */
export function centreOf(geometry: Geometry): [number, number] {
  const [west, south, east, north] = boxOf([geometry]);
  return [(west + east) / 2, (south + north) / 2];
}

/** A closed polygon through the corners. */
export const ring = (corners: number[][]): Geometry => ({ type: 'Polygon', coordinates: [[...corners, corners[0]]] });
