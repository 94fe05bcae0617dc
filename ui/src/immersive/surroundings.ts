// What stands around a place, asked for once: streets and green as the map has them, buildings by the features interface.
import { getLayer } from '../api/client';
import type { Feature, FeatureCollection, LayerInfo, Results } from '../api/types';
import { sequential } from '../map/colour';
import { roleOf } from '../map/roles';
import { emphasise, valueScale } from '../map/scale';
import type { Theme } from '../state/preferences.svelte';
import { Ground } from './ground';
import { RADIUS_M, type Surroundings } from './scene';

const MOST_BUILDINGS = 1000;
const STOREY_M = 3;
/** How high [m] a wall of the largest value stands. */
export const HIGHEST_M = 14;

async function featuresOf(layers: LayerInfo[], role: string): Promise<Feature[]> {
  const wanted = layers.filter((layer) => layer.kind !== 'extrusion' && layer.kind !== 'point' && roleOf(layer) === role);
  return (await Promise.all(wanted.map(({ id }) => getLayer(id)))).flatMap(({ features }) => features);
}

/** Buildings within the radius; the tiles of the map would give each only in parts. */
async function buildingsOf(layers: LayerInfo[], ground: Ground): Promise<Surroundings['buildings']> {
  const layer = layers.find(({ kind }) => kind === 'extrusion');
  if (!layer?.tiles) return [];
  const collection = layer.tiles.split('/')[3];
  const response = await fetch(`/ogc/collections/${collection}/items?bbox=${ground.box(RADIUS_M * 0.7).join(',')}&limit=${MOST_BUILDINGS}`);
  if (!response.ok) return [];
  const { features }: FeatureCollection = await response.json();
  return features.map((feature) => ({ feature, height: Number(feature.properties[layer.height ?? '']) || STOREY_M }));
}

export async function surroundings(layers: LayerInfo[], ground: Ground): Promise<Omit<Surroundings, 'results'>> {
  const [streets, green, buildings] = await Promise.all([featuresOf(layers, 'streets'), featuresOf(layers, 'green'), buildingsOf(layers, ground)]);
  return { streets, green, buildings };
}

/** Each street of the model in the colour that the map gives it at this hour; `all` are the results that share a scale. */
export function coloured<P>(segments: Feature<P>[], shown: Results | null, all: (Results | null)[], field: string, hour: number, theme: Theme): Surroundings['results'] {
  const values = shown?.fields[field]?.mean;
  if (!shown || !values) return [];
  const column = Math.max(shown.hours.indexOf(hour), 0);
  const { max } = valueScale(field, ...all);
  const at = new Map(shown.features.map((id, row) => [id, row]));
  const hex = (share: number) => `#${sequential(theme, Math.round(share * 12) / 12).map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
  return segments.flatMap((feature) => {
    if (feature.geometry.type !== 'LineString' && feature.geometry.type !== 'MultiLineString') return []; // borders of areas are no streets
    const value = values[column]?.[at.get(feature.id) ?? -1] ?? null;
    return value === null ? [] : [{ feature: feature as unknown as Feature, colour: hex(emphasise(value / max)), height: 0.3 + HIGHEST_M * emphasise(Math.min(value / max, 1)) }];
  });
}
