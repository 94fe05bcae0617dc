// Metres around a place: east is x, south is z, as three.js has them; good to a hand's breadth within some kilometres.
import type { Geometry } from '../api/types';

export const METRES_PER_DEGREE = 111_320;

export class Ground {
  #east: number;

  constructor(
    readonly lng: number,
    readonly lat: number,
  ) {
    this.#east = METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
  }

  /** Longitude and latitude to metres east and south. */
  place([lng, lat]: number[]): [number, number] {
    return [(lng - this.lng) * this.#east, (this.lat - lat) * METRES_PER_DEGREE];
  }

  /** Metres back to longitude and latitude. */
  where(x: number, z: number): [number, number] {
    return [this.lng + x / this.#east, this.lat - z / METRES_PER_DEGREE];
  }

  /** West, south, east, north of a square around the middle. */
  box(radius: number): [number, number, number, number] {
    const [west, north] = this.where(-radius, -radius);
    const [east, south] = this.where(radius, radius);
    return [west, south, east, north];
  }

  /** Whether any corner of a geometry is near enough to be worth drawing. */
  isNear(geometry: Geometry, radius: number): boolean {
    return lines(geometry).some((line) => line.some((position) => Math.hypot(...this.place(position)) < radius));
  }
}

/** The lines of a geometry: those of a line, or the rings of an area. */
export function lines(geometry: Geometry): number[][][] {
  const found = geometry.coordinates as unknown;
  if (geometry.type === 'LineString') return [found as number[][]];
  if (geometry.type === 'Polygon' || geometry.type === 'MultiLineString') return found as number[][][];
  return geometry.type === 'MultiPolygon' ? (found as number[][][][]).flat() : [];
}

/** The polygons of an area, each as its rings. */
export function polygons(geometry: Geometry): number[][][][] {
  if (geometry.type === 'Polygon') return [geometry.coordinates as number[][][]];
  return geometry.type === 'MultiPolygon' ? (geometry.coordinates as number[][][][]) : [];
}
