// A comparison as a file: one row per indicator and scenario.
import type { Comparison } from '../../api/types';

const HEADER = 'scenario,indicator,unit,today,scenario_value,change,change_low,change_high,change_percent,verdict';

export function indicatorsCsv(all: { name: string; comparison: Comparison }[]): string {
  const lines = all.flatMap(({ name, comparison }) =>
    comparison.indicators.map((one) =>
      [
        name, one.name, one.unit, one.base.value, one.with.value, one.change.value,
        one.change.interval?.low ?? '', one.change.interval?.high ?? '', one.change.percent ?? '', one.verdict,
      ].join(','),
    ),
  );
  return [HEADER, ...lines].join('\r\n') + '\r\n';
}
