// Models, scenarios, runs and comparisons, as the API gives them.
import type { Direction, FieldInfo, Geometry, Grid, Interval, Problem, Text } from './types';

export interface Parameter {
  name: string;
  title: Text;
  kind: 'number' | 'integer' | 'boolean' | 'choice' | 'choices';
  unit: string;
  default: unknown;
  low: number | null;
  high: number | null;
  plausible: [number, number] | null;
  choices: string[];
  source: string;
  /** The same in the reader's language. */
  source_texts: Text;
}

export type Target = 'segments' | 'features' | 'area' | 'polygon';

export interface Measure {
  name: string;
  title: Text;
  description: Text;
  targets: Target[];
  parameters: Parameter[];
}

export interface Figures {
  r2?: number;
  geh_below_5?: number;
  ratio?: number;
  n?: number;
  [name: string]: number | undefined;
}

/** What a calibration has lost since it was made; `unknown` where nobody has checked. */
export interface Drift {
  verdict: 'none' | 'slight' | 'drifted' | 'unknown';
  evaluated_at: string | null;
  lost: Record<string, number>;
  refitted: boolean | null;
}

export interface Evaluation {
  calibration: string;
  at: string;
  figures: Figures;
  against: string;
  refitted: boolean;
  lost: Record<string, number>;
  verdict: Drift['verdict'];
  cost_cpu_s: number;
}

export interface CalibrationHistory {
  model: string;
  standing: string | null;
  calibrations: Calibration[];
  evaluations: Evaluation[];
  job: { kind: 'calibration' | 'evaluation'; status: string; progress: { share: number }; error: Problem | null } | null;
}

export type CalibrationFigures = Partial<Record<'training' | 'held_out' | 'uncalibrated', Figures>>;

export interface Calibration {
  id: string;
  model: string;
  version: string;
  at: string;
  window: Window;
  figures: CalibrationFigures;
  points: [string, string, number, number][];
  notes: string[];
  note_texts?: Text[];
  cost_cpu_s: number;
  data_version: string;
  parameters: Record<string, unknown>;
  drift?: Drift | null;
}

/** What stands between a model and the twin's data, what it costs the answer and how many days it is to make good. */
export interface Remark {
  kind: string;
  model: string;
  need: string;
  attribute: string | null;
  text: Text;
  consequence: Text;
  effort_days: [number, number] | null;
}

export interface Model {
  id: string;
  version: string;
  title: Text;
  description: Text;
  validity: Text;
  parameters: Parameter[];
  measures: Measure[];
  /** `meaning`: in plain words; empty where the model gives none. */
  indicators: { name: string; title: Text; unit: string; direction: Direction; decimals?: number; meaning?: Text }[];
  fields: FieldInfo[];
  needs: { name: string; title?: Text; type: string; attributes: string[]; found: number; missing: string[]; met: boolean; adaptations: Remark[]; problems: Remark[] }[];
  runs_here: boolean;
  /** The city has observations to fit it to: without a calibration it was not asked yet. */
  calibratable: boolean;
  /** Otherwise a run stands for the whole `period`, and every field has one row. */
  hours_matter: boolean;
  period: Text;
  calibration: Calibration | null;
}

export interface Window {
  start_hour: number;
  end_hour: number;
}

export interface Where {
  segments?: string[];
  features?: string[];
  area?: string;
  polygon?: Geometry;
}

export interface Override {
  measure: string;
  where: Where;
  parameters: Record<string, unknown>;
}

export interface ScenarioDraft {
  title: Text;
  question: Text;
  model: string;
  overrides: Override[];
  window: Window;
  base: string;
}

export interface Scenario extends ScenarioDraft {
  id: string;
  author: string;
  status: 'draft' | 'submitted' | 'sent-back' | 'reviewed' | 'adopted' | 'withdrawn';
  version: number;
  /** The newest that was reviewed or adopted. */
  approved_version: number | null;
  created_at: string | null;
  modified_at: string | null;
  latest_run: string | null;
  builtin: boolean;
}

export interface Check {
  allowed: boolean;
  reasons: { override: number | null; reason: string; texts: Text }[];
  affected: string[];
  estimate: { cpu_s: number; members: number; cached: boolean } | null;
}

export type RunStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface Progress {
  share: number;
  text: string | Text;
  members_done: number;
  members: number;
}

export interface Indicator {
  name: string;
  title: Text;
  unit: string;
  direction: Direction;
  decimals: number;
  value: number;
  interval: Interval | null;
}

export interface Run {
  id: string;
  scenario: string;
  scenario_version: number;
  status: RunStatus;
  progress: Progress;
  model: string;
  model_version: string;
  mode: string;
  window: Window;
  seed: number;
  members: number;
  data_version: string;
  started_at: string | null;
  finished_at: string | null;
  cost_cpu_s: number | null;
  /** An estimate by declared rates; null where none are. */
  energy: { wh: number | null; eur: number | null; estimate: boolean; core_watts: number; eur_per_kwh: number } | null;
  cached: boolean;
  error: Problem | null;
  warnings: string[];
  warning_texts?: Text[];
  indicators: Indicator[];
  calibration: CalibrationFigures | null;
  drift: Drift | null;
  lineage: string;
  /** The run without overrides for the same hours, mode, seed and data. */
  baseline: string | null;
  /** By need of a chained model: the run that fed it. */
  upstream?: Record<string, string>;
}

export interface FieldResult {
  unit: string;
  mean: Grid;
  low: Grid;
  high: Grid;
}

export interface Results {
  features: string[];
  hours: number[];
  fields: Record<string, FieldResult>;
}

export type Verdict = 'likely better' | 'likely worse' | 'likely higher' | 'likely lower' | 'no clear change';

export interface Estimate {
  value: number;
  interval: Interval | null;
}

export interface IndicatorChange {
  name: string;
  title: Text;
  unit: string;
  decimals: number;
  direction: Direction;
  base: Estimate;
  with: Estimate;
  change: Estimate & { percent: number | null; percent_interval: Interval | null };
  verdict: Verdict;
}

export interface FieldChange {
  unit: string;
  change: Grid;
  low: Grid;
  high: Grid;
  clear: Grid;
}

export interface EquityRow {
  area: string;
  name: string;
  population: number | null;
  fragility: number | null;
  flow_change_percent: Estimate | null;
  nox_change_kg: Estimate | null;
  verdict: Verdict;
  /** The model's own fields, those that can be split by area. */
  fields: Record<string, { title: Text; unit: string; direction: Direction; change: Estimate; percent: Estimate | null; verdict: Verdict }>;
}

export interface Comparison {
  base: string;
  with: string;
  paired: boolean;
  members: number;
  indicators: IndicatorChange[];
  features: string[];
  hours: number[];
  fields: Record<string, FieldChange>;
  equity: EquityRow[];
  text: Text;
  warnings?: { base: string[]; with: string[] };
  warning_texts?: { base: Text[]; with: Text[] };
  calibration: CalibrationFigures | null;
  drift?: Drift | null;
}
