// Areas and sites of a model in one plane: equirectangular around the middle latitude, true to shape across one city.
type Position = number[];
interface Geometry {
  type: string;
  coordinates: unknown;
}

export interface Place {
  id: string;
  name: string;
  /** An SVG path of an area; null for a point. */
  path: string | null;
  at: [number, number];
}

export interface Picture {
  places: Place[];
  height: number;
}

function rings(geometry: Geometry): Position[][] {
  if (geometry.type === 'Polygon') return geometry.coordinates as Position[][];
  if (geometry.type === 'MultiPolygon') return (geometry.coordinates as Position[][][]).flat();
  return [];
}

const positions = (geometry: Geometry): Position[] =>
  geometry.type === 'Point' ? [geometry.coordinates as Position] : rings(geometry).flat();

export function picture(features: { id: string; geometry: Geometry; properties: { name?: string } }[], width: number): Picture {
  const all = features.flatMap((one) => positions(one.geometry));
  let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of all) {
    west = Math.min(west, x);
    east = Math.max(east, x);
    south = Math.min(south, y);
    north = Math.max(north, y);
  }
  const shrink = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const scale = width / ((east - west) * shrink || 1);
  const flat = ([x, y]: Position): [number, number] => [(x - west) * shrink * scale, (north - y) * scale];
  const places = features.map((one) => {
    const own = positions(one.geometry).map(flat);
    const middle: [number, number] = [own.reduce((sum, [x]) => sum + x, 0) / own.length, own.reduce((sum, [, y]) => sum + y, 0) / own.length];
    const lines = rings(one.geometry).map((ring) => `M${ring.map((at) => flat(at).map((n) => n.toFixed(1)).join(' ')).join('L')}Z`);
    return { id: one.id, name: one.properties.name ?? one.id.split(':').pop() ?? one.id, path: lines.length ? lines.join('') : null, at: middle };
  });
  return { places, height: Math.ceil((north - south) * scale) || width };
}
