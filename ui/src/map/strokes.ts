// What the model's streets look like: for each feature a colour, a width and whether it is hatched. All are kept as
// columns: while the day is played, tens of thousands of them change together.
import type { Cell, Comparison, Results } from '../api/types';
import type { Theme } from '../state/preferences.svelte';
import palette from '../palette.json';
import { diverging, hexToRgb, noData, sequential, type Rgb } from './colour';
import { emphasise, type Scale } from './scale';

interface Stroke {
  colour: Rgb;
  opacity: number;
  /** Pixels at zoom 14. */
  width: number;
  hatched: boolean;
}

/** Row `n` of every column is how the street `features[n]` looks. */
export interface Strokes {
  features: string[];
  /** Red, green, blue and opacity, a byte each, as a little-endian machine keeps them. */
  paint: Uint32Array;
  widths: Float32Array;
  hatched: Uint8Array;
}

const THINNEST = 1.4;
const WIDEST = 9;

const widthOf = (share: number): number => THINNEST + (WIDEST - THINNEST) * Math.min(1, Math.abs(share));

const missing = (theme: Theme): Stroke => ({ colour: noData(theme), opacity: 0.8, width: 2.4, hatched: true });

function valueStroke(value: Cell, scale: Scale, theme: Theme): Stroke | null {
  if (value === null) return null;
  const share = emphasise(value / scale.max);
  return { colour: sequential(theme, share), opacity: 0.96, width: widthOf(share), hatched: false };
}

/** Where the sign of a change is not clear, the street is hatched and pale: no colour without evidence. */
function changeStroke(change: Cell, clear: Cell, scale: Scale, theme: Theme): Stroke | null {
  if (change === null) return null;
  const share = emphasise(change / scale.max);
  if (!clear) return { colour: diverging(theme, share * 0.35), opacity: 0.75, width: 2.4, hatched: true };
  return { colour: diverging(theme, share), opacity: 1, width: widthOf(share) + 0.6, hatched: false };
}

function collect(features: string[], stroke: (index: number) => Stroke): Strokes {
  const count = features.length;
  const strokes = { features, paint: new Uint32Array(count), widths: new Float32Array(count), hatched: new Uint8Array(count) };
  for (let n = 0; n < count; n++) {
    const { colour: [red, green, blue], opacity, width, hatched } = stroke(n);
    strokes.paint[n] = red | (green << 8) | (blue << 16) | (Math.round(opacity * 255) << 24);
    strokes.widths[n] = width;
    strokes.hatched[n] = hatched ? 1 : 0;
  }
  return strokes;
}

export function valueStrokes(results: Results, field: string, hour: number, scale: Scale, theme: Theme): Strokes {
  const row = results.fields[field]?.mean[hour];
  const none = missing(theme);
  return collect(results.features, (i) => valueStroke(row?.[i] ?? null, scale, theme) ?? none);
}

export function changeStrokes(comparison: Comparison, field: string, hour: number, scale: Scale, theme: Theme): Strokes {
  const change = comparison.fields[field];
  const none = missing(theme);
  const cell = (grid: Cell[][] | undefined, i: number) => grid?.[hour]?.[i] ?? null;
  return collect(comparison.features, (i) => changeStroke(cell(change?.change, i), cell(change?.clear, i), scale, theme) ?? none);
}

/** Streets as such, without a value: what a planner can choose. */
export function plainStrokes(features: string[], theme: Theme): Strokes {
  const plain = { colour: hexToRgb(palette.base[theme].model), opacity: 1, width: 2.6, hatched: false };
  return collect(features, () => plain);
}

/** Every street as "no value": hours that the model does not simulate. */
export function missingStrokes(features: string[], theme: Theme): Strokes {
  const none = missing(theme);
  return collect(features, () => none);
}
