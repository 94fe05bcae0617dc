// The map's values as rows: the table, the CSV file, the lists and the map all read these same numbers.
import type { Cell, Comparison, Feature, Grid, Results, SegmentProperties } from '../../api/types';
import { hourIndex } from '../../state/view.svelte';

export interface Row {
  id: string;
  name: string;
  today: Cell;
  todayLow: Cell;
  todayHigh: Cell;
  scenario: Cell;
  change: Cell;
  low: Cell;
  high: Cell;
  clear: boolean;
}

export interface RowSource {
  segments: Map<string, Feature<SegmentProperties>>;
  today: Results | null;
  scenario: Results | null;
  comparison: Comparison | null;
}

type Lookup = (id: string) => Cell;

/** Value of one grid at an hour, by feature id: results of different runs need not list features in the same order. */
function lookup(features: string[], grid: Grid | undefined, hour: number): Lookup {
  const row = grid?.[hour];
  if (!row) return () => null;
  const values = new Map(features.map((id, i) => [id, row[i]]));
  return (id) => values.get(id) ?? null;
}

/** The last part of an entity's id. */
export const shortId = (id: string): string => id.slice(id.lastIndexOf(':') + 1);

/** A street's name, or its number in the model where it has none. */
export const segmentName = (feature: Feature<SegmentProperties> | undefined, id: string): string =>
  feature?.properties.name || shortId(id);

export function rowsAt(source: RowSource, field: string, hour: number): Row[] {
  const { today, scenario, comparison, segments } = source;
  if (!today) return [];
  const of = (results: Results | null, part: 'mean' | 'low' | 'high') =>
    lookup(results?.features ?? [], results?.fields[field]?.[part], hourIndex(results, hour));
  const at = (part: 'change' | 'low' | 'high' | 'clear') =>
    lookup(comparison?.features ?? [], comparison?.fields[field]?.[part], hourIndex(comparison, hour));
  const [mean, meanLow, meanHigh] = [of(today, 'mean'), of(today, 'low'), of(today, 'high')];
  const [after, change, low, high, clear] = [of(scenario, 'mean'), at('change'), at('low'), at('high'), at('clear')];
  return today.features.map((id) => ({
    id,
    name: segmentName(segments.get(id), id),
    today: mean(id), todayLow: meanLow(id), todayHigh: meanHigh(id),
    scenario: after(id), change: change(id), low: low(id), high: high(id), clear: clear(id) === 1,
  }));
}

const size = (cell: Cell): number => (cell === null ? -1 : Math.abs(cell));

/** Rows by size, largest first: of the change where there is one, else of today's value. */
export function largest(rows: Row[], by: 'today' | 'change', count: number): Row[] {
  return rows.filter((row) => row[by] !== null).sort((a, b) => size(b[by]) - size(a[by])).slice(0, count);
}

const quote = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** RFC 4180, point as decimal sign, unit in the header. */
export function toCsv(rows: Row[], field: string, unit: string, hour: number, withScenario: boolean): string {
  const columns = withScenario
    ? (['today', 'scenario', 'change', 'low', 'high'] as const)
    : (['today', 'todayLow', 'todayHigh'] as const);
  const heads = columns.map((column) => `${field}_${column.replace('todayLow', 'low').replace('todayHigh', 'high')} [${unit}]`);
  const header = ['feature', 'name', 'hour', ...heads, ...(withScenario ? ['clear'] : [])];
  const lines = rows.map((row) => [
    row.id, quote(row.name), hour, ...columns.map((column) => row[column] ?? ''), ...(withScenario ? [row.clear ? 1 : 0] : []),
  ].join(','));
  return [header.join(','), ...lines].join('\r\n') + '\r\n';
}
