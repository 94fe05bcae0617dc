// The wording rule: a change is called likely only if its interval leaves out zero. Colour follows the wording.
import type { Direction, Estimate, Verdict } from '../api/types';

export type Tone = 'good' | 'bad' | 'plain' | 'unclear';

export const excludesZero = (estimate: Estimate): boolean =>
  estimate.interval !== null && (estimate.interval.low > 0 || estimate.interval.high < 0);

/** The server's verdict, held to the rule once more: the page never says more than its own interval shows. */
export const heldTo = (verdict: Verdict, change: Estimate): Verdict => (excludesZero(change) ? verdict : 'no clear change');

export function toneOf(verdict: Verdict): Tone {
  if (verdict === 'likely better') return 'good';
  if (verdict === 'likely worse') return 'bad';
  return verdict === 'no clear change' ? 'unclear' : 'plain';
}

/** The verdict of a figure that the server gives without one. */
export function verdictOf(change: Estimate, direction: Direction | undefined): Verdict {
  if (!excludesZero(change)) return 'no clear change';
  const rises = change.value > 0;
  if (direction === 'lower') return rises ? 'likely worse' : 'likely better';
  if (direction === 'higher') return rises ? 'likely better' : 'likely worse';
  return rises ? 'likely higher' : 'likely lower';
}

const MOST_DECIMALS = 6;

/** The decimals with which a change that is called clear does not read as 0: the figure's own, or as many as it takes. */
export function visibleDecimals(value: number, decimals: number | null, verdict: Verdict): number | null {
  if (decimals === null || value === 0 || verdict === 'no clear change') return decimals;
  let enough = decimals;
  while (enough < MOST_DECIMALS && Number(value.toFixed(enough)) === 0) enough += 1;
  return enough;
}
