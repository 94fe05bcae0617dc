// What the map's streets show for a mode, a field and an hour.
import type { Comparison, Results } from '../../api/types';
import { changeScale, valueScale, type Scale } from '../../map/scale';
import { changeStrokes, missingStrokes, valueStrokes, type Strokes } from '../../map/strokes';
import type { Theme } from '../../state/preferences.svelte';
import { hourIndex, type Mode } from '../../state/view.svelte';

export interface PictureOf {
  today: Results | null;
  scenario: Results | null;
  comparison: Comparison | null;
  field: string;
  hour: number;
  mode: Mode;
  theme: Theme;
}

export interface Picture {
  left: Strokes | null;
  right: Strokes | null;
  scale: Scale;
}

function values(results: Results | null, of: PictureOf, scale: Scale): Strokes | null {
  if (!results) return null;
  const index = hourIndex(results, of.hour);
  return index < 0 ? missingStrokes(results.features, of.theme) : valueStrokes(results, of.field, index, scale, of.theme);
}

function difference(of: PictureOf): Picture {
  const comparison = of.comparison!;
  const scale = changeScale(of.field, comparison);
  const index = hourIndex(comparison, of.hour);
  const left =
    index < 0 ? missingStrokes(comparison.features, of.theme) : changeStrokes(comparison, of.field, index, scale, of.theme);
  return { left, right: null, scale };
}

export function pictureAt(of: PictureOf): Picture {
  if (of.mode === 'difference' && of.comparison) return difference(of);
  const scale = valueScale(of.field, of.today, of.scenario);
  const first = of.mode === 'scenario' ? of.scenario : of.today;
  return { left: values(first, of, scale), right: of.mode === 'compare' ? values(of.scenario, of, scale) : null, scale };
}
