// What a tile is called: by its own heading, else by what it shows.
import type { ComposedTile } from '../../../api/composing';
import { say } from '../../../i18n';
import { cityState } from '../../../state/city.svelte';
import { t } from '../words';
import type { BoardData } from './data.svelte';

/** The readable end of an NGSI-LD id. */
export const local = (id: string): string => id.split(':').slice(4).join(':') || id;

function ofLayer({ layer, field, feature }: ComposedTile): string {
  const found = cityState.layers.find(({ id }) => id === layer);
  const shown = found?.fields.find(({ name }) => name === field);
  return [say(shown?.title) || say(found?.title), feature ? local(feature) : shown ? say(found?.title) : ''].filter(Boolean).join(' · ');
}

export function titleOf(tile: ComposedTile, data: BoardData): string {
  const own = say(tile.title);
  if (own) return own;
  if (tile.kind === 'indicator') return say(data.indicators()?.value?.find(({ name }) => name === tile.indicator)?.title) || (tile.indicator ?? '');
  if (tile.kind === 'figure') return say(data.dashboard(tile.dashboard ?? '')?.value?.figures.find(({ id }) => id === tile.figure)?.title) || (tile.figure ?? '');
  if (tile.kind === 'forecast') return [say(data.forecast(tile.forecast ?? '', tile.feature ?? '')?.value?.title) || tile.forecast, local(tile.feature ?? '')].join(' · ');
  if (tile.kind === 'series' || tile.kind === 'map') return ofLayer(tile);
  return t(tile.kind === 'alerts' ? 'kind_alerts' : 'kind_text');
}
