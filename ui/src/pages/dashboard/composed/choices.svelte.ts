// Everything a tile can be bound to in this city, as the picker lists it: asked for when somebody picks, not before.
import { getDashboard, getLayer, listDashboards, listForecasts, listIndicators } from '../../../api/client';
import type { ComposedTile, TileKind } from '../../../api/composing';
import type { Option } from '../../../components/Combobox.svelte';
import { say } from '../../../i18n';
import { cityState } from '../../../state/city.svelte';
import { local } from './titles';

export interface Choice extends Option {
  binding: Partial<ComposedTile>;
}

const choice = (label: string, detail: string, binding: Partial<ComposedTile>): Choice => ({ id: JSON.stringify(binding), label: label || Object.values(binding).join(' '), detail, binding });

const indicators = async () => (await listIndicators()).map(({ name, title, unit }) => choice(say(title), unit, { indicator: name }));

async function figures(): Promise<Choice[]> {
  const boards = await Promise.all((await listDashboards()).map(({ id }) => getDashboard(id)));
  return boards.flatMap((board) => board.figures.map((one) => choice(say(one.title), `${one.unit} · ${say(board.title)}`, { dashboard: board.id, figure: one.id })));
}

/** Layers with values along time: each of their features has a series of each field. */
async function series(): Promise<Choice[]> {
  const layers = cityState.layers.filter(({ time, kind }) => time !== 'none' && kind !== 'extrusion');
  const all = await Promise.all(layers.map(async (layer) => ({ layer, features: (await getLayer(layer.id)).features })));
  return all.flatMap(({ layer, features }) =>
    layer.fields.flatMap((field) =>
      features.map(({ id, properties }) => choice(String(properties.name ?? local(id)), `${say(field.title) || field.name} · ${say(layer.title)}`, { layer: layer.id, field: field.name, feature: id })),
    ),
  );
}

const maps = async () =>
  cityState.layers
    .filter(({ kind }) => kind !== 'extrusion')
    .flatMap((layer) => [
      ...layer.fields.map((field) => choice(`${say(layer.title)}: ${say(field.title) || field.name}`, field.unit, { layer: layer.id, field: field.name })),
      choice(say(layer.title), '', { layer: layer.id }),
    ]);

const forecasts = async () => (await listForecasts()).flatMap((one) => one.series.map(({ feature }) => choice(`${say(one.title)}: ${local(feature)}`, one.unit, { forecast: one.id, feature })));

const OFFERED: Partial<Record<TileKind, () => Promise<Choice[]>>> = { indicator: indicators, figure: figures, series, map: maps, forecast: forecasts };

/** Whether a tile of this kind is bound to something that has to be picked. */
export const isBound = (kind: TileKind): boolean => kind in OFFERED;
export const choicesOf = (kind: TileKind): Promise<Choice[]> => OFFERED[kind]?.() ?? Promise.resolve([]);

const KEYS = ['indicator', 'dashboard', 'figure', 'layer', 'field', 'feature', 'forecast'] as const;
export const bindingOf = (tile: ComposedTile): Partial<ComposedTile> => Object.fromEntries(KEYS.filter((key) => tile[key]).map((key) => [key, tile[key]]));
