// Services, what makes their answers uncertain, and forecasts, as the API gives them.
import type { Parameter } from './modelling';
import type { Cell, Direction, Text } from './types';

export type Feasibility = 'runs' | 'runs with adaptations' | 'cannot';

export interface Lever extends Parameter {
  model: string;
  measure: string;
  parameter: string;
}

export interface Service {
  id: string;
  title: Text;
  question: Text;
  audience: Text;
  model: string;
  chain: { model: string }[];
  scenarios: string[];
  levers: Lever[];
  indicators: { name: string; title: Text; unit: string; direction: Direction }[];
  runs_here: boolean;
  check: { verdict: Feasibility; problems: string[]; adaptations: string[] };
  latest_run: string | null;
}

/** What one input explains of the variance of a result; `chance` is among them and cannot be found out. */
export interface Influence {
  name: string;
  title: Text;
  unit: string;
  range: [number, number] | null;
  source: string;
  knowable: boolean;
  first: number;
  first_low: number;
  first_high: number;
  total: number;
  half_width_if_known: number;
}

export interface Sensitivity {
  run: string;
  status: 'missing' | 'running' | 'done' | 'failed' | 'cancelled';
  of: 'value' | 'change';
  points: number;
  members: number;
  progress: { share: number };
  estimate: { cpu_s: number };
  error: { title: string; detail: string } | null;
  indicators: { name: string; half_width: number; varies: boolean; inputs: Influence[] }[];
}

export interface ForecastFigures {
  n: number;
  mae: number;
  naive_mae: number;
  skill: number;
  coverage: number;
}

export interface ForecastSeries {
  feature: string;
  state: 'published' | 'withheld';
  reasons: Text[];
  figures: ForecastFigures | null;
  values?: { low: Cell[]; middle: Cell[]; high: Cell[] };
  past?: { origin: string; low: Cell[]; middle: Cell[]; high: Cell[]; observed: Cell[] }[];
}

export interface Forecast {
  id: string;
  title: Text;
  entity_type: string;
  attribute: string;
  unit: string;
  source: string;
  step_s: number;
  horizon: number;
  level: number;
  rule: { least_skill: number; coverage: [number, number] };
  weather: string | null;
  state: 'missing' | 'working' | 'current' | 'outdated' | 'failed';
  progress: number | null;
  problem: string | null;
  origin?: string;
  model?: string;
  figures?: ForecastFigures;
  published?: number;
  withheld?: number;
  held_out?: { from: string; to: string; origins: number };
  series: ForecastSeries[];
}

