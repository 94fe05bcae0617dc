// Places as paths in a plane: equirectangular around the middle latitude, which is true to shape across one city.
import type { ZoneProperties } from '../../api/planning';
import type { Feature } from '../../api/types';

type Ring = number[][];
type Area = { type: string; coordinates: unknown };

export interface Shape {
  properties: ZoneProperties;
  path: string;
  box: [number, number, number, number];
}

const rings = (area: Area): Ring[] =>
  area.type === 'Polygon' ? (area.coordinates as Ring[]) : area.type === 'MultiPolygon' ? (area.coordinates as Ring[][]).flat() : [];

export class ZoneMap {
  readonly height: number;
  /** One path for each zone; '' for places that were not judged. */
  readonly paths: Record<string, string> = {};
  #west: number;
  #north: number;
  #scale: [number, number];
  #shapes: Shape[];

  constructor(features: Feature<ZoneProperties>[], width: number) {
    const all = features.flatMap((feature) => rings(feature.geometry as Area).flat());
    const xs = all.map(([x]) => x);
    const ys = all.map(([, y]) => y);
    const least = (values: number[]) => values.reduce((a, b) => Math.min(a, b), Infinity);
    const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity);
    const [west, east, south, north] = [least(xs), most(xs), least(ys), most(ys)];
    const shrink = Math.cos(((south + north) / 2) * (Math.PI / 180));
    const perDegree = width / ((east - west) * shrink);
    [this.#west, this.#north, this.#scale] = [west, north, [perDegree * shrink, perDegree]];
    this.height = Math.ceil((north - south) * perDegree);
    this.#shapes = features.map((feature) => this.#shape(feature));
    for (const { properties, path } of this.#shapes) {
      const zone = properties.zone ?? '';
      this.paths[zone] = (this.paths[zone] ?? '') + path;
    }
  }

  #place = ([x, y]: number[]): [number, number] => [(x - this.#west) * this.#scale[0], (this.#north - y) * this.#scale[1]];

  #path(area: Area): string {
    return rings(area)
      .map((ring) => `M${ring.map((at) => this.#place(at).map((n) => n.toFixed(1)).join(' ')).join('L')}Z`)
      .join('');
  }

  #shape(feature: Feature<ZoneProperties>): Shape {
    const places = rings(feature.geometry as Area).flat().map(this.#place);
    const box: Shape['box'] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const [x, y] of places) {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    }
    return { properties: feature.properties, path: this.#path(feature.geometry as Area), box };
  }

  /** The boundaries of other areas in the same plane. */
  outline(features: { geometry: unknown }[]): string {
    return features.map((feature) => this.#path(feature.geometry as Area)).join('');
  }

  /** The smallest place whose box holds a position. */
  at(x: number, y: number): Shape | null {
    const size = ({ box }: Shape) => (box[2] - box[0]) * (box[3] - box[1]);
    const inside = this.#shapes.filter(({ box }) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3]);
    return inside.sort((a, b) => size(a) - size(b))[0] ?? null;
  }
}
