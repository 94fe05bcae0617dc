// Which words say what the interface names in one: states, kinds, decisions, verdicts.

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
