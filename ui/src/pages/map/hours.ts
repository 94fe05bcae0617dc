// The day behind the time dock and in the hour chart: observed profiles beside the model's hours.
import type { Cell, FieldInfo, LayerInfo, Profile, Results } from '../../api/types';
import type { HourSeries } from '../../charts/HourChart.svelte';
import { say, t } from '../../i18n';
import { roleOf } from '../../map/roles';
import { cityState } from '../../state/city.svelte';
import { twin } from '../../state/twin.svelte';
import { segmentName, type RowSource } from './rows';

export const observedLayers = (): LayerInfo[] =>
  cityState.layers.filter((layer) => roleOf(layer) === 'observed' && layer.fields.length > 0 && layer.time === 'hour');

function mean(values: Cell[]): Cell {
  const present = values.filter((value): value is number => value !== null);
  return present.length > 0 ? present.reduce((sum, value) => sum + value, 0) / present.length : null;
}

const meanProfile = (profile: Profile): Cell[] => profile.hours.map((_, i) => mean(profile.values.map((row) => row[i])));

/** The layer whose profile stands for the city's day: the one with the most points. */
function leading(): { layer: LayerInfo; profile: Profile } | null {
  const all = observedLayers().flatMap((layer) => (twin.profiles[layer.id] ? [{ layer, profile: twin.profiles[layer.id] }] : []));
  return all.sort((a, b) => b.profile.features.length - a.profile.features.length)[0] ?? null;
}

/** Heights 0..1 for the time dock. */
export function dayBars(): number[] {
  const lead = leading();
  if (!lead) return [];
  const means = meanProfile(lead.profile);
  const most = Math.max(...means.map((value) => value ?? 0), 1e-9);
  return lead.profile.hours.map((_, i) => (means[i] ?? 0) / most);
}

export interface HourChartContent {
  title: string;
  unit: string;
  series: HourSeries[];
}

function ofRun(results: Results | null, field: string, id: string, label: string, kind: HourSeries['kind']): HourSeries[] {
  const i = results?.features.indexOf(id) ?? -1;
  const values = results?.fields[field];
  if (!results || !values || i < 0) return [];
  const column = (grid: Cell[][]) => grid.map((row) => row[i]);
  return [{ label, kind, hours: results.hours, values: column(values.mean), low: column(values.low), high: column(values.high) }];
}

function ofProfile(layer: LayerInfo, id: string | null): HourSeries[] {
  const profile = twin.profiles[layer.id];
  if (!profile) return [];
  const i = id ? profile.features.indexOf(id) : -1;
  if (id && i < 0) return [];
  return [{ label: t('observedWeekday'), kind: 'observed', hours: profile.hours, values: id ? profile.values[i] : meanProfile(profile) }];
}

function ofSegment(source: RowSource, field: FieldInfo, id: string, withScenario: boolean): HourChartContent {
  const series = [
    ...ofRun(source.today, field.name, id, t('today'), 'baseline'),
    ...(withScenario ? ofRun(source.scenario, field.name, id, t('scenario'), 'scenario') : []),
    ...(field.name === 'flow' ? loopOn(id) : []),
  ];
  return { title: `${say(field.title)}: ${segmentName(source.segments.get(id), id)}`, unit: field.unit, series };
}

/** What a loop on this street counted, if there is one. */
function loopOn(segment: string): HourSeries[] {
  for (const layer of observedLayers()) {
    const loop = twin.layerData[layer.id]?.features.find((feature) => feature.properties.refRoadSegment === segment);
    if (loop) return ofProfile(layer, loop.id);
  }
  return [];
}

/** The chart of the selected street or loop; of all loops while nothing is selected. */
export function hourSeries(source: RowSource, field: FieldInfo, selected: string | null, withScenario: boolean): HourChartContent {
  if (selected && source.segments.has(selected)) return ofSegment(source, field, selected, withScenario);
  const found = twin.find(selected);
  const layer = found?.layer && observedLayers().includes(found.layer) ? found.layer : leading()?.layer;
  if (!layer) return { title: '', unit: '', series: [] };
  const own = found?.layer === layer ? found.feature.id : null;
  const what = own ? String(found!.feature.properties.name ?? own) : t('meanOf', { n: twin.profiles[layer.id]?.features.length ?? 0, layer: say(layer.title) });
  return { title: what, unit: layer.fields[0].unit, series: ofProfile(layer, own) };
}
