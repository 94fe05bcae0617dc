// From values to shares of a colour ramp. One domain per field for today and scenario, so that colours compare.
import type { Comparison, Grid, Results } from '../api/types';

export interface Scale {
  max: number;
  unit: string;
}

/** A round number (1, 1.5, 2, … 8 times a power of ten) not below `value`: legends show it as their end. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value * 0.999) ?? value;
}

function quantile(values: Float64Array, share: number): number {
  if (values.length === 0) return 0;
  const sorted = values.sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** The values of grids without the missing ones: a million of them in a large city. */
function present(grids: Grid[]): Float64Array {
  const rows = grids.flat();
  const found = new Float64Array(rows.reduce((sum, row) => sum + row.length, 0));
  let count = 0;
  for (const row of rows) {
    for (const value of row) if (value !== null) found[count++] = value;
  }
  return found.subarray(0, count);
}

/** The scale of a field over all hours of the given results: its end is the 98th percentile, rounded up. */
export function valueScale(field: string, ...all: (Results | null | undefined)[]): Scale {
  const values = present(all.flatMap((results) => (results?.fields[field] ? [results.fields[field].mean] : [])));
  const unit = all.find((results) => results?.fields[field])?.fields[field].unit ?? '';
  return { max: roundUp(quantile(values, 0.98)), unit };
}

export function changeScale(field: string, comparison: Comparison | null): Scale {
  const change = comparison?.fields[field];
  return { max: roundUp(quantile(present(change ? [change.change] : []).map(Math.abs), 0.98)), unit: change?.unit ?? '' };
}

/** Small values get more of the ramp than a straight line would give them: flows span orders of magnitude. */
export const emphasise = (share: number): number => Math.sign(share) * Math.abs(share) ** 0.6;

/** The value that stands at a share 0..1 of the ramp: what a legend writes there. */
export const valueAt = (share: number, scale: Scale): number => scale.max * share ** (1 / 0.6);
