// Colours of the observed points at an hour. Loops that count what the model computes share the model's scale.
import type { Cell, LayerInfo } from '../../api/types';
import type { CityMap } from '../../map/CityMap';
import { noData, sequential, type Rgb } from '../../map/colour';
import { emphasise, roundUp, type Scale } from '../../map/scale';
import { preferences } from '../../state/preferences.svelte';
import { twin } from '../../state/twin.svelte';
import { observedLayers } from './hours';

const hex = (colour: Rgb): string => `#${colour.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;

function ownScale(values: Cell[][]): number {
  return roundUp(Math.max(...values.flat().map((value) => value ?? 0), 0));
}

function coloursOf(layer: LayerInfo, hour: number, scale: Scale): Map<string, string> {
  const profile = twin.profiles[layer.id];
  if (!profile) return new Map();
  const column = profile.hours.indexOf(hour);
  const max = profile.unit === scale.unit ? scale.max : ownScale(profile.values);
  const theme = preferences.theme;
  const colour = (value: Cell) => (value === null ? noData(theme) : sequential(theme, emphasise(value / max)));
  return new Map(profile.features.map((id, i) => [id, hex(colour(profile.values[i][column] ?? null))]));
}

/** In the difference mode observed values would be read as changes: the points then only mark places. */
export function paintPoints(map: CityMap, hour: number, scale: Scale, plain: boolean) {
  for (const layer of observedLayers()) {
    const colours = coloursOf(layer, hour, scale);
    const neutral = hex(noData(preferences.theme));
    map.paint(layer.id, plain ? new Map([...colours.keys()].map((id) => [id, neutral])) : colours);
  }
}
