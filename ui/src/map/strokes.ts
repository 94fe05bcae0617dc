// What the model's streets look like: for each feature a colour, a width and whether it is hatched.
import type { Cell, Comparison, Results } from '../api/types';
import type { Theme } from '../state/preferences.svelte';
import palette from '../palette.json';
import { diverging, hexToRgb, noData, sequential, type Rgb } from './colour';
import { emphasise, type Scale } from './scale';

export interface Stroke {
  colour: Rgb;
  opacity: number;
  /** Pixels at zoom 14. */
  width: number;
  hatched: boolean;
}

export type Strokes = Map<string, Stroke>;

const THINNEST = 1.4;
const WIDEST = 9;

const widthOf = (share: number): number => THINNEST + (WIDEST - THINNEST) * Math.min(1, Math.abs(share));

const missing = (theme: Theme): Stroke => ({ colour: noData(theme), opacity: 0.8, width: 2.4, hatched: true });

function valueStroke(value: Cell, scale: Scale, theme: Theme): Stroke {
  if (value === null) return missing(theme);
  const share = emphasise(value / scale.max);
  return { colour: sequential(theme, share), opacity: 0.96, width: widthOf(share), hatched: false };
}

/** Where the sign of a change is not clear, the street is hatched and pale: no colour without evidence. */
function changeStroke(change: Cell, clear: Cell, scale: Scale, theme: Theme): Stroke {
  if (change === null) return missing(theme);
  const share = emphasise(change / scale.max);
  if (!clear) return { colour: diverging(theme, share * 0.35), opacity: 0.75, width: 2.4, hatched: true };
  return { colour: diverging(theme, share), opacity: 1, width: widthOf(share) + 0.6, hatched: false };
}

function collect(features: string[], stroke: (index: number) => Stroke): Strokes {
  return new Map(features.map((id, index) => [id, stroke(index)]));
}

export function valueStrokes(results: Results, field: string, hour: number, scale: Scale, theme: Theme): Strokes {
  const row = results.fields[field]?.mean[hour];
  return collect(results.features, (i) => valueStroke(row?.[i] ?? null, scale, theme));
}

export function changeStrokes(comparison: Comparison, field: string, hour: number, scale: Scale, theme: Theme): Strokes {
  const change = comparison.fields[field];
  const cell = (grid: Cell[][] | undefined, i: number) => grid?.[hour]?.[i] ?? null;
  return collect(comparison.features, (i) => changeStroke(cell(change?.change, i), cell(change?.clear, i), scale, theme));
}

/** Streets as such, without a value: what a planner can choose. */
export function plainStrokes(features: string[], theme: Theme): Strokes {
  const colour = hexToRgb(palette.base[theme].model);
  return collect(features, () => ({ colour, opacity: 1, width: 2.6, hatched: false }));
}

/** Every street as "no value": hours that the model does not simulate. */
export const missingStrokes = (features: string[], theme: Theme): Strokes => collect(features, () => missing(theme));
