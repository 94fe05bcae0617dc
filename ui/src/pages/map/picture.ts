// What the map's streets show for a mode, a field and an hour.
import type { Comparison, Results } from '../../api/types';
import { changeScale, valueScale, type Scale } from '../../map/scale';
import { changeStrokes, missingStrokes, valueStrokes, type Strokes } from '../../map/strokes';
import type { Theme } from '../../state/preferences.svelte';
import { hourIndex, type Mode } from '../../state/view.svelte';

/** What a scale rests on: all hours, so that it stays while the day is played. */
export interface ScaleOf {
  today: Results | null;
  scenario: Results | null;
  comparison: Comparison | null;
  field: string;
  mode: Mode;
}

export interface PictureOf extends ScaleOf {
  scale: Scale;
  hour: number;
  theme: Theme;
}

export interface Picture {
  left: Strokes | null;
  right: Strokes | null;
}

const isDifference = ({ mode, comparison }: ScaleOf): boolean => mode === 'difference' && comparison !== null;

function values(results: Results | null, of: PictureOf): Strokes | null {
  if (!results) return null;
  const index = hourIndex(results, of.hour);
  return index < 0 ? missingStrokes(results.features, of.theme) : valueStrokes(results, of.field, index, of.scale, of.theme);
}

function difference(of: PictureOf): Picture {
  const comparison = of.comparison!;
  const index = hourIndex(comparison, of.hour);
  const left =
    index < 0 ? missingStrokes(comparison.features, of.theme) : changeStrokes(comparison, of.field, index, of.scale, of.theme);
  return { left, right: null };
}

export const scaleOf = (of: ScaleOf): Scale =>
  isDifference(of) ? changeScale(of.field, of.comparison) : valueScale(of.field, of.today, of.scenario);

export function pictureAt(of: PictureOf): Picture {
  if (isDifference(of)) return difference(of);
  const first = of.mode === 'scenario' ? of.scenario : of.today;
  return { left: values(first, of), right: of.mode === 'compare' ? values(of.scenario, of) : null };
}
