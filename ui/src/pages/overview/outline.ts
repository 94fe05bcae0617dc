// A still picture of the city for the page that people see first: one path, no map engine, no tiles.
import type { FeatureCollection } from '../../api/types';

type Ring = number[][];
const SIZE = 320;

/** The outer and inner rings of every polygon of a layer. */
function rings(collection: FeatureCollection): Ring[] {
  return collection.features.flatMap(({ geometry }) => {
    if (geometry.type === 'Polygon') return geometry.coordinates as Ring[];
    if (geometry.type === 'MultiPolygon') return (geometry.coordinates as Ring[][]).flat();
    return [];
  });
}

/** An SVG path of the areas in a `0 0 320 height` box, north up, degrees made equal at the city's latitude. */
export function outline(collection: FeatureCollection): { path: string; height: number } {
  const all = rings(collection);
  const points = all.flat();
  const [west, east] = [Math.min(...points.map(([x]) => x)), Math.max(...points.map(([x]) => x))];
  const [south, north] = [Math.min(...points.map(([, y]) => y)), Math.max(...points.map(([, y]) => y))];
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = SIZE / ((east - west) * squeeze);
  const place = ([x, y]: number[]) => `${((x - west) * squeeze * scale).toFixed(1)} ${((north - y) * scale).toFixed(1)}`;
  return { path: all.map((ring) => `M${ring.map(place).join('L')}Z`).join(''), height: Math.ceil((north - south) * scale) };
}
