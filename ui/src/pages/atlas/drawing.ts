// How the things of an atlas are drawn: a colour per layer, the area of a point by its capacity.
import type { Atlas, Things, ThingProperties } from '../../api/views';
import type { Feature } from '../../api/types';
import palette from '../../palette.json';

/** What stands, what is decided, what would be possible, and the rest: keys of the page's words. */
export const KINDS = { existing: 'existing', planned: 'planned', potential: 'potential', other: 'other' } as const;

const SMALLEST = 3.2;
const LARGEST = 13;

export const colourOf = (atlas: Atlas, layer: string): string => palette.categories[Math.max(0, atlas.layers.findIndex(({ id }) => id === layer)) % palette.categories.length];

/** Only what has a place; larger things below, so that none hides a smaller one. */
export function drawn(atlas: Atlas, things: Things): Feature<object>[] {
  const most: Record<string, number> = {};
  for (const { properties } of things.features) most[properties.layer] = Math.max(most[properties.layer] ?? 0, properties.capacity ?? 0);
  return things.features
    .filter(({ geometry }) => geometry)
    .map((feature) => ({ ...feature, properties: { id: feature.id, colour: colourOf(atlas, feature.properties.layer), radius: radius(feature.properties, most) } }))
    .sort((a, b) => b.properties.radius - a.properties.radius);
}

function radius({ capacity, layer }: ThingProperties, most: Record<string, number>): number {
  return Math.max(SMALLEST, LARGEST * Math.sqrt((capacity ?? 0) / (most[layer] || 1)));
}
