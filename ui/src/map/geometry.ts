// Small geometry in longitude and latitude: middles for flying to, rings for drawing.
import type { Geometry } from '../api/types';

/** All positions of a geometry, flat. */
export function positions(geometry: Geometry): number[][] {
  const flatten = (value: unknown): number[][] =>
    Array.isArray(value) ? (typeof value[0] === 'number' ? [value as number[]] : value.flatMap(flatten)) : [];
  return flatten(geometry.coordinates);
}

/** The middle of a geometry's bounding box. */
export function centreOf(geometry: Geometry): [number, number] {
  const all = positions(geometry);
  const middle = (axis: number) => {
    const values = all.map((position) => position[axis]);
    return (Math.min(...values) + Math.max(...values)) / 2;
  };
  return [middle(0), middle(1)];
}

/** A closed polygon through the corners. */
export const ring = (corners: number[][]): Geometry => ({ type: 'Polygon', coordinates: [[...corners, corners[0]]] });
