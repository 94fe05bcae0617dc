// Which words say what the interface names in one: states, kinds, decisions, verdicts; and runs that are alike.
import type { Brief } from '../../api/computing';

/** Runs of one package under one agreement that ended alike, as one line: a model is learnt in many rounds. */
export function folded(all: Brief[]): { newest: Brief; runs: number }[] {
  const found = new Map<string, { newest: Brief; runs: number }>();
  for (const one of all) {
    const key = [one.digest, one.agreement, one.state, one.why].join(' ');
    const known = found.get(key);
    if (known) known.runs += 1;
    else found.set(key, { newest: one, runs: 1 });
  }
  return [...found.values()];
}

export const STATE = {
  begun: 'state_begun',
  submitted: 'state_submitted',
  running: 'state_running',
  held: 'state_held',
  released: 'state_released',
  refused: 'state_refused',
  failed: 'state_failed',
} as const;
export const KIND = {
  'group-statistics': 'kind_statistics',
  regression: 'kind_regression',
  'model-means': 'kind_means',
  script: 'kind_script',
  'forecast-learning': 'kind_learning',
} as const;
export const ACT = { approve: 'act_approve', refuse: 'act_refuse', release: 'act_release', withhold: 'act_withhold' } as const;
export const STATISTIC = { mean: 'statistic_mean', sum: 'statistic_sum', count: 'statistic_count', std: 'statistic_std' } as const;
export const STAGE = { waiting: 'learning_waiting', learning: 'learning_learning', done: 'learning_done', failed: 'learning_failed' } as const;
export const VERDICT = { better: 'verdict_better', worse: 'verdict_worse', 'no clear change': 'verdict_none' } as const;
