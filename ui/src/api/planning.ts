// Plans that laws ask of the city: the calls and what they answer.
import { get, part, send } from './client';
import type { FeatureCollection, Interval, Text } from './types';

export interface PlanFigure {
  name: string;
  title: Text;
  unit: string;
  decimals: number;
  value: number | null;
  interval: Interval;
}

export interface Assumption {
  model: string;
  name: string;
  title: Text;
  unit: string;
  value: number | string | null;
  range: [number, number] | null;
  source: string;
  source_texts: Text;
}

export interface PlanStep {
  id: string;
  clause: string;
  title: Text;
  text: Text;
  service: string | null;
  details: Text;
  status: string;
  run: string | null;
  finished_at: string | null;
  progress: { share: number; text: Text } | null;
  members: number | null;
  seed: number | null;
  cost_cpu_s: number | null;
  error: { detail: string } | null;
  warnings: (string | Text)[];
  problems: ({ text: Text } | string)[];
  indicators: PlanFigure[];
  assumptions: Assumption[];
}

/** A figure by year on the way to the target; without values nobody computes it. */
export interface PlanMilestone {
  id: string;
  title: Text;
  unit: string;
  clause: string | null;
  today: { year: number; value: number; source: Text } | null;
  values: { year: number; value: number | null; low: number | null; high: number | null }[];
  computed: boolean;
  missing: Text;
}

export interface PlanTarget {
  id: string;
  title: Text;
  year: number;
  value: number;
  unit: string;
  source: string;
  note: Text;
  ours: { value: number; interval: Interval } | null;
  residual: number | null;
  residual_percent: number | null;
  inside: boolean | null;
  explained_by: PlanFigure[];
}

export interface PlanLevel {
  id: string;
  title: Text;
  at_least: number;
  places: number | null;
  sum: number | null;
}

export interface PlanMeasure {
  id: string;
  title: Text;
  responsible: string;
  cost_meur: number | null;
  start: number;
  end: number;
  status: string;
  progress: number;
  indicator: string;
  source: string;
  declared: boolean;
  changed_at: string | null;
}

export interface PlanMonitor {
  id: string;
  title: Text;
  unit: string;
  target: { year: number; value: number; unit: string } | null;
  values: { year: number; value: number; source: string }[];
  measured: boolean;
  missing: Text;
}

export interface PlanGap {
  id: string;
  step: string;
  title: Text;
  clause: string;
  stand_in: Text;
  holder: string;
}

export interface CityPlan {
  id: string;
  title: Text;
  question: Text;
  law: string;
  responsible: string;
  cycle_years: number;
  adopted: string | null;
  next_review: string | null;
  target_year: number;
  steps: PlanStep[];
  targets: PlanTarget[];
  years: number[];
  milestones: PlanMilestone[];
  zones: { step: string; field: string; run: string | null; note: Text; unit: string | null; levels: PlanLevel[] } | null;
  measures: PlanMeasure[];
  monitoring: PlanMonitor[];
  gaps: PlanGap[];
}

export type ZoneProperties = { name: string | null; zone: string | null } & Record<string, number | string | null>;

export const listPlans = async () => (await get<{ plans: { id: string; title: Text }[] }>('plans')).plans;
export const getPlan = (id: string) => get<CityPlan>(`plans/${part(id)}`);
export const runPlan = (id: string, steps: string[] = []) => send<CityPlan>('POST', `plans/${part(id)}/runs`, { steps });
export const getZones = (id: string) => get<FeatureCollection<ZoneProperties>>(`plans/${part(id)}/zones`);
export const changeMeasure = (plan: string, id: string, given: Partial<PlanMeasure>) =>
  send<PlanMeasure>('PATCH', `plans/${part(plan)}/measures/${part(id)}`, given);
export const addMeasure = (plan: string, given: Record<string, unknown>) =>
  send<PlanMeasure>('POST', `plans/${part(plan)}/measures`, given);
export const tablesUrl = (plan: string, form: string, language: string) => `/api/plans/${part(plan)}/tables?f=${form}&lang=${language}`;
export const detailsUrl = (plan: string, step: string, form: string) => `/api/plans/${part(plan)}/steps/${part(step)}/details?f=${form}`;
export const reportUrl = (plan: string, form: string, language: string) => `/api/plans/${part(plan)}/report?f=${form}&lang=${language}`;
