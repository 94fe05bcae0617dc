// Where scenarios are on their way to a decision: their steps and versions, and taking the next step.
import { get, part, send } from './client';
import type { Scenario, Text } from './types';

export type ScenarioStatus = 'draft' | 'submitted' | 'sent-back' | 'reviewed' | 'adopted' | 'withdrawn';

export interface Review {
  scenario: string;
  title: Text;
  status: ScenarioStatus;
  version: number;
  approved_version: number | null;
  mine: boolean;
  /** Where this person may take it. */
  next: ScenarioStatus[];
  steps: { status: ScenarioStatus; version: number; at: string; by: string | null; why: string }[];
  versions: { version: number; at: string; by: string; status: ScenarioStatus; title: Text }[];
}

export const getReview = (id: string) => get<Review>(`scenarios/${part(id)}/review`);
export const moveScenario = (id: string, status: ScenarioStatus, why: string, version: number) =>
  send<Review>('POST', `scenarios/${part(id)}/review`, { status, why, version });
export const getScenarioVersion = (id: string, version: number) => get<Scenario>(`scenarios/${part(id)}/versions/${version}`);
