// A layer as a still picture: one path for each of five classes, no map engine, so that a dashboard of maps costs no
// graphics memory and stands without WebGL.
import type { FeatureCollection, Geometry } from '../../../api/types';
import { polygons } from '../../../immersive/ground';
import { boxOf } from '../../../map/geometry';
import { sequential } from '../../../map/colour';
import { roundUp } from '../../../map/scale';
import type { Theme } from '../../../state/preferences.svelte';

export const SIZE = 320;
const CLASSES = 5;
const DOT = 3;

export interface Still {
  height: number;
  /** From the lowest class up; `null` is what has no value. */
  classes: { colour: string | null; path: string; from: number; to: number; count: number }[];
  filled: boolean;
}

const hex = (theme: Theme, share: number) => `#${sequential(theme, share).map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;

type Place = (at: number[]) => string;

function path(shape: Geometry, place: Place): string {
  const line = (points: number[][], end = '') => `M${points.map(place).join('L')}${end}`;
  if (shape.type === 'Point') return dot(place(shape.coordinates));
  if (shape.type === 'MultiPoint') return shape.coordinates.map((at) => dot(place(at))).join('');
  if (shape.type === 'LineString') return line(shape.coordinates);
  if (shape.type === 'MultiLineString') return shape.coordinates.map((one) => line(one)).join('');
  return polygons(shape).flat().map((one) => line(one, 'Z')).join('');
}

const dot = (at: string) => `M${at}m-${DOT} 0a${DOT} ${DOT} 0 1 0 ${2 * DOT} 0a${DOT} ${DOT} 0 1 0 -${2 * DOT} 0`;

/** The picture of `field` (without one: the shapes alone), north up, degrees made equal at the city's latitude. */
export function still({ features }: FeatureCollection, field: string, theme: Theme): Still {
  const [west, south, east, north] = boxOf(features.map(({ geometry }) => geometry));
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = SIZE / ((east - west) * squeeze || 1);
  const place = ([x, y]: number[]) => `${((x - west) * squeeze * scale).toFixed(1)} ${((north - y) * scale).toFixed(1)}`;
  const values = features.map(({ properties }) => (typeof properties[field] === 'number' ? (properties[field] as number) : null));
  const max = roundUp(Math.max(0, ...values.filter((value) => value !== null)));
  const classOf = (value: number | null) => (value === null ? CLASSES : Math.min(CLASSES - 1, Math.max(0, Math.floor((value / max) * CLASSES))));
  const classes = Array.from({ length: CLASSES + 1 }, (_, i) => ({
    colour: i < CLASSES ? hex(theme, (i + 0.5) / CLASSES) : null,
    from: (i * max) / CLASSES,
    to: ((i + 1) * max) / CLASSES,
    path: '',
    count: 0,
  }));
  features.forEach(({ geometry }, i) => {
    const one = classes[classOf(values[i])];
    one.path += path(geometry, place);
    one.count += 1;
  });
  const filled = features.some(({ geometry }) => geometry.type.endsWith('Polygon') || geometry.type.endsWith('Point'));
  return { height: Math.max(40, Math.ceil((north - south) * scale)), classes, filled };
}
