// What a recommendation may choose from: measures that can be placed one by one, each with the amount a planner decides.
import type { AskedLever } from '../../api/analysis';
import type { Measure, Model, Parameter } from '../../api/types';

export interface Offered {
  measure: Measure;
  parameter: Parameter;
  /** How much at one place; null where the measure is left out. */
  amount: number | null;
}

const MOST_LEVERS = 6;
/** Trials are levers times amounts times places: the more levers, the fewer amounts of each. */
const STEPS = [[0.5, 1, 2], [0.5, 1, 2], [0.5, 1, 2], [1, 2], [1, 2], [1]];

/** An amount is a number without a plausible range: what is uncertain is not what one decides. */
const amountOf = (measure: Measure): Parameter | undefined =>
  measure.parameters.find((one) => (one.kind === 'number' || one.kind === 'integer') && !one.plausible);

export const offered = (model: Model): Offered[] =>
  model.measures
    .filter((measure) => measure.targets.includes('features'))
    .flatMap((measure) => {
      const parameter = amountOf(measure);
      return parameter ? [{ measure, parameter, amount: Number(parameter.default) }] : [];
    })
    .slice(0, MOST_LEVERS);

function within({ kind, low, high }: Parameter, amount: number): number {
  const bounded = Math.min(high ?? Infinity, Math.max(low ?? -Infinity, amount));
  return kind === 'integer' ? Math.max(Math.ceil(low ?? 1), Math.round(bounded)) : bounded;
}

export function asked(all: Offered[]): AskedLever[] {
  const taken = all.filter((one) => one.amount !== null);
  const steps = STEPS[Math.max(0, Math.min(taken.length, STEPS.length) - 1)];
  return taken.map(({ measure, parameter, amount }) => ({
    measure: measure.name,
    parameter: parameter.name,
    amounts: [...new Set(steps.map((step) => within(parameter, step * amount!)))],
  }));
}
