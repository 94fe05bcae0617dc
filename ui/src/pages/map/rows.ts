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

/** Where each id of a list stands: asked for at every hour, worked out once. */
const places = new WeakMap<string[], Map<string, number>>();

function placesOf(features: string[]): Map<string, number> {
  const known = places.get(features);
  if (known) return known;
  const found = new Map(features.map((id, place) => [id, place]));
  places.set(features, found);
  return found;
}

/** Value of one grid at an hour, by feature id: results of different runs need not list features in the same order. */
function lookup(features: string[], grid: Grid | undefined, hour: number): Lookup {
  const row = grid?.[hour];
  if (!row) return () => null;
  const at = placesOf(features);
  return (id) => row[at.get(id) ?? -1] ?? null;
}

/** The last part of an entity's id. */
export const shortId = (id: string): string => id.slice(id.lastIndexOf(':') + 1);

/** A street's name, or its number in the model where it has none. */
export const segmentName = (feature: Feature<SegmentProperties> | undefined, id: string): string =>
  feature?.properties.name || shortId(id);

const VALUES = ['mean', 'low', 'high'] as const;
const CHANGES = ['change', 'low', 'high', 'clear'] as const;
const size = (cell: Cell): number => (cell === null ? -1 : Math.abs(cell));

/** A field at an hour, street by street. A row is made when it is asked for: of fifty thousand, lists show some dozen. */
export class Rows {
  readonly ids: string[];
  readonly #segments: RowSource['segments'];
  readonly #today: Record<(typeof VALUES)[number], Lookup>;
  readonly #scenario: Lookup;
  readonly #change: Record<(typeof CHANGES)[number], Lookup>;

  constructor({ today, scenario, comparison, segments }: RowSource, field: string, hour: number) {
    const of = (results: Results | null, part: (typeof VALUES)[number]) =>
      lookup(results?.features ?? [], results?.fields[field]?.[part], hourIndex(results, hour));
    const at = (part: (typeof CHANGES)[number]) =>
      lookup(comparison?.features ?? [], comparison?.fields[field]?.[part], hourIndex(comparison, hour));
    this.ids = today?.features ?? [];
    this.#segments = segments;
    this.#today = { mean: of(today, 'mean'), low: of(today, 'low'), high: of(today, 'high') };
    this.#scenario = of(scenario, 'mean');
    this.#change = { change: at('change'), low: at('low'), high: at('high'), clear: at('clear') };
  }

  /** Null for what is no street of these results. */
  find(id: string): Row | null {
    return placesOf(this.ids).has(id) ? this.#row(id) : null;
  }

  all(): Row[] {
    return this.ids.map((id) => this.#row(id));
  }

  /** So many rows by size, largest first, those without a value last: of the change, else of today's value. */
  largest(by: 'today' | 'change', count: number): Row[] {
    const cell = by === 'change' ? this.#change.change : this.#today.mean;
    const sizes = new Float64Array(this.ids.length);
    for (let n = 0; n < sizes.length; n++) sizes[n] = size(cell(this.ids[n]));
    const least = sizes.toSorted().at(-count) ?? -1;
    const candidates = this.ids.flatMap((id, n) => (sizes[n] >= least ? [{ id, size: sizes[n] }] : []));
    return candidates.sort((a, b) => b.size - a.size).slice(0, count).map(({ id }) => this.#row(id));
  }

  #row(id: string): Row {
    const { mean, low, high } = this.#today;
    const change = this.#change;
    return {
      id,
      name: segmentName(this.#segments.get(id), id),
      today: mean(id), todayLow: low(id), todayHigh: high(id),
      scenario: this.#scenario(id), change: change.change(id), low: change.low(id), high: change.high(id), clear: change.clear(id) === 1,
    };
  }
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
