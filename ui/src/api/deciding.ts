// Decision files: put together from runs, decided, measured afterwards, verified.
import { get, part, send } from './client';
import type { Estimate, Interval, Text, Verdict } from './types';

export type Outcome = 'adopted' | 'rejected' | 'deferred';

export interface DecisionBrief {
  id: string;
  title: string;
  question: string;
  status: 'draft' | Outcome;
  author: string;
  modified_at: string;
  decided_at: string | null;
  decided_by: string | null;
  page: string;
}

export interface CitedRun {
  id: string;
  scenario_title: Text;
  model: string;
  model_version: string;
  members: number;
  seed: number;
  data_version: string;
  results_sha256: string;
}

export interface Changed {
  name: string;
  title: Text;
  unit: string;
  decimals: number;
  base: Estimate;
  with: Estimate;
  change: Estimate & { percent: number | null };
  verdict: Verdict;
}

export interface MeasuredFigure {
  name: string;
  title: Text;
  unit: string;
  days: { before: number; after: number; against: string };
  change: { value: number; interval: Interval } | null;
  verdict: 'higher' | 'lower' | 'no clear change' | 'not enough data';
  as_computed: boolean | null;
}

export interface DecisionContent {
  kind: 'decision';
  at: string;
  by: string;
  digest: string;
  content: {
    decision: { outcome: Outcome; run: string | null; reasons: string };
    runs: CitedRun[];
    comparisons: { base: string; with: string; indicators: Changed[]; text: Text }[];
  };
}

export interface MeasuredContent {
  kind: 'measured';
  at: string;
  by: string;
  digest: string;
  content: { since: string; until: string; figures: MeasuredFigure[] };
}

export interface Decision extends DecisionBrief {
  notes: string;
  runs: string[];
  contributions: string[];
  seals: (DecisionContent | MeasuredContent)[];
}

export interface Verification {
  sealed: boolean;
  intact: boolean;
  faults: string[];
  runs: { run: string; results: 'as sealed' | 'altered' | 'gone' }[];
}

export interface Draft {
  title: string;
  question: string;
  notes: string;
  runs: string[];
  contributions: string[];
}

export const listDecisions = async () => (await get<{ decisions: DecisionBrief[] }>('decisions')).decisions;
export const getDecision = (id: string) => get<Decision>(`decisions/${part(id)}`);
export const openDecision = (draft: Draft) => send<Decision>('POST', 'decisions', draft);
export const discardDecision = (id: string) => send<void>('DELETE', `decisions/${part(id)}`);
export const takeDecision = (id: string, outcome: Outcome, run: string | null, reasons: string) =>
  send<Decision>('POST', `decisions/${part(id)}/decision`, { outcome, run, reasons });
export const measureDecision = (id: string, since: string) => send<Decision>('POST', `decisions/${part(id)}/measurements`, { since });
export const verifyDecision = (id: string) => get<Verification>(`decisions/${part(id)}/verification`);
export const decisionPdf = (id: string, language: string) => `/api/decisions/${part(id)}/pdf?lang=${language}`;
