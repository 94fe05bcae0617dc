// Joint plans of several departments, and the worklist of what is missing.
import { get, part, send } from './client';
import type { IndicatorChange, Text } from './types';

export interface Department {
  id: string;
  title: Text;
  aim: Text;
  indicators: string[];
  levers: string[];
}

export interface Move {
  lever: string;
  before: unknown;
  after: unknown;
}

export interface Edit {
  version: number;
  at: string;
  by: string;
  department: string;
  moves: Move[];
  note: string;
  run: string;
}

/** A measure at places, beside the levers. */
export interface PlacedMeasure {
  measure: string;
  where: Record<string, unknown>;
  parameters?: Record<string, unknown>;
}

export interface JointPlan {
  id: string;
  service: string;
  title: Text;
  levers: Record<string, unknown>;
  measures: PlacedMeasure[];
  version: number;
  run: string;
  edits: Edit[];
}

export interface Seen {
  id: string;
  title: Text;
  indicators: IndicatorChange[];
  better: string[];
  worse: string[];
}

export interface Effects {
  plan: string;
  version: number;
  of: 'plan' | 'edit';
  base: string;
  with: string;
  members: number;
  text: Text;
  departments: Seen[];
  conflicts: { gaining: string; losing: string; better: string[]; worse: string[]; text: Text }[];
}

export interface Task {
  id: string;
  kind: string;
  type: string;
  attribute: string | null;
  what: Text;
  consequence: Text;
  how: Text;
  who: string;
  source: string | null;
  source_title: Text;
  effort_days: [number, number];
  blocking: boolean;
  services: string[];
  worth: { title: Text; value: number; unit: string; decimals: number; run: string } | null;
}

export interface Change {
  title?: Text;
  levers: Record<string, unknown>;
  measures: PlacedMeasure[];
  department: string;
  note: string;
  version?: number;
}

const plans = (service: string) => `services/${part(service)}/plans`;

export const listPlans = async (service: string) => (await get<{ plans: JointPlan[] }>(plans(service))).plans;
export const createPlan = (service: string, change: Change) => send<JointPlan>('POST', plans(service), change);
export const changePlan = (service: string, plan: string, change: Change) =>
  send<JointPlan>('PATCH', `${plans(service)}/${part(plan)}`, change);
export const getEffects = (service: string, plan: string, version = 0) =>
  get<Effects>(`${plans(service)}/${part(plan)}/effects?version=${version}`);
export const listWork = async () => (await get<{ tasks: Task[] }>('worklist')).tasks;
