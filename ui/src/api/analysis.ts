// Services, what makes their answers uncertain, and forecasts, as the API gives them.
import type { Department } from './joint';
import type { Parameter, Remark } from './modelling';
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
  objective: { indicator: string; sense: 'least' | 'most'; budget: Record<string, number> } | null;
  levers: Lever[];
  indicators: { name: string; title: Text; unit: string; direction: Direction }[];
  departments: Department[];
  runs_here: boolean;
  check: { verdict: Feasibility; problems: Remark[]; adaptations: Remark[]; without?: Remark[] };
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

/** The share of residents within reach of what a model is fed with, for all and for groups that are easily left out. */
export interface Fairness {
  model: string;
  radius_m: number;
  flagged: string[];
  inputs: { type: string; groups: { id: string; value: number | null; verdict: string }[] }[];
}

/** A version of a model that was learned elsewhere and handed in, with its card. */
export interface LearnedModel {
  name: string;
  version: string;
  title: Text;
  stage: 'draft' | 'validated' | 'staged' | 'deployed' | 'retired';
  risk: string;
  usage: { requests: number; failures: number; cost_cpu_s: number };
  card: {
    description: Text;
    owner: string;
    licence: string;
    intended_use: Text;
    limits: Text;
    assessment: { reasons: Text; oversight: Text };
    training: { datasets: string[]; method: string };
    metrics: { name: string; value: number; unit: string; split: string; low: number | null; high: number | null }[];
  };
}

export interface Alert {
  id: string;
  event: Text;
  severity: string;
  value: number;
  unit: string;
  day: string;
  source: string;
  source_texts: Text;
  lineage: string;
  cap: string;
}

export interface Chosen {
  gain: number;
  costs: Record<string, number>;
  worst_off_share: number;
  places: number;
}

export interface Allocated {
  place: string;
  name: string;
  measure: string;
  amount: number;
  gain: number;
  costs: Record<string, number>;
  worst_off: boolean;
}

export interface FrontPoint extends Chosen {
  budget_share: number;
  least_share: number;
  /** Place, measure, amount. */
  allocation: [string, string, number][];
}

export interface AskedLever {
  measure: string;
  parameter: string;
  amounts: number[];
  places?: string[];
  parameters?: Record<string, unknown>;
}

export interface Question {
  service: string;
  budget: Record<string, number>;
  levers: AskedLever[];
  most_places: number;
  equity: { least_share: number };
}

export interface Recommendation {
  id: string;
  status: 'running' | 'done' | 'failed' | 'cancelled';
  model: string;
  asked: Omit<Question, 'service'> & { objective: string };
  trials: number;
  progress: { share: number };
  cost_cpu_s: number;
  error: { title: string; detail: string; hint?: string } | null;
  allocation: Allocated[];
  expected: Chosen | null;
  front: FrontPoint[];
  assumption: Text;
  scenario: string | null;
  run: string | null;
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

