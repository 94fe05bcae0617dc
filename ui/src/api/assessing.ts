// The programme desk: what evidence proves, what people answer, consortia and their call's rules, documents.
import { get, part, send } from './client';
import type { Text } from './types';

export interface Evidence {
  check: string;
  met: boolean;
  text: Text;
  todo?: Text;
  links: string[];
}

export interface Question {
  id: string;
  area: string;
  text: Text;
  aim: Text;
  scores: number[];
  skippable: boolean;
  score: number | null;
  basis: 'evidence' | 'answer' | 'none' | 'not applicable';
  proposed: number | null;
  evidence: Evidence[];
  missing: Evidence[];
  answer: { reason: string; by: string; at: string } | null;
}

export interface Assessment {
  source: string;
  average: number;
  target: number;
  reached: boolean;
  band: Text;
  areas: { id: string; title: Text; average: number }[];
  questions: Question[];
  trend: { id: string; moment: string; at: string; average: number }[];
}

export interface Mim {
  id: string;
  title: Text;
  level: Level;
  planned: Level | null;
  requirements: { id: string; title: Text; met: boolean; evidence: Evidence[] }[];
}

export type Level = 'none' | 'initial' | 'partial' | 'full';

export interface Task {
  id: string;
  what: Text;
  consequence: Text;
  who: string;
  due: string | null;
  effort_days: [number, number];
}

export interface ConsortiumBrief {
  id: string;
  title: string;
  strand: string;
  partners: number;
  broken: number;
  coverage: { met: number; of: number };
}

export interface Requirement {
  id: string;
  title: Text;
  met: boolean;
  basis: 'evidence' | 'statement' | 'none';
  twins: string[];
  missing: { twin: string; todo: Text }[];
  statement: Statement | null;
}

export interface Statement {
  met: boolean;
  note: string;
  link: string;
}

export interface Coverage {
  strand: string;
  title: Text;
  met: number;
  of: number;
  requirements: Requirement[];
}

export interface Judgement {
  call: string;
  kept: boolean;
  rules: { rule: string; kept: boolean; text: Text }[];
  budget: { parties: { partner: string; name: string; eligible_eur: number; grant_eur: number; own_eur: number }[] };
  coverage: Coverage;
}

const BASE = 'assessment';
const one = (id: string) => `${BASE}/consortia/${part(id)}`;

export const getAssessment = () => get<Assessment>(BASE);
export const answerQuestion = (question: string, score: number | null, reason: string) =>
  send<Assessment>('PUT', `${BASE}/answers/${part(question)}`, { score, reason });
export const keepSnapshot = (moment: string) => send<unknown>('POST', `${BASE}/snapshots`, { moment });
export const getMims = () => get<{ mims: Mim[] }>(`${BASE}/mims`).then(({ mims }) => mims);
export const getTasks = () => get<{ tasks: Task[] }>(`${BASE}/worklist`).then(({ tasks }) => tasks);
export const takeTask = (task: string, who: string, due: string) =>
  send<{ tasks: Task[] }>('PUT', `${BASE}/worklist/${part(task)}`, { who, due }).then(({ tasks }) => tasks);
export const listConsortia = () => get<{ consortia: ConsortiumBrief[] }>(`${BASE}/consortia`).then(({ consortia }) => consortia);
export const getConsortium = (id: string) => get<{ id: string; title: string; summary: string; partners: { id: string; name: string; kind: string; country: string }[]; judgement: Judgement }>(one(id));
export const foundConsortium = (document: unknown) => send<{ id: string }>('POST', `${BASE}/consortia`, document);
/** Put in what a twin proved of itself: this one, or another by the proof that it gave. */
export const proveConsortium = (id: string, proof: unknown = {}) => send<unknown>('POST', `${one(id)}/evidence`, proof);
export const proofAddress = `/api/${BASE}/proof`;
export const getCoverage = (id: string, strand: string) => get<Coverage>(`${one(id)}/coverage/${part(strand)}`);
export const pilotAddress = (id: string) => `/api/${one(id)}/pilot.yaml`;
export const documentAddress = (name: string, form: string, language: string, consortium = '') =>
  `/api/${BASE}/documents/${name}/${form}?lang=${language}${consortium && `&consortium=${part(consortium)}`}`;
export const diagramAddress = (kind: string, view: string, language: string) => `/api/${BASE}/diagrams/${kind}?view=${view}&lang=${language}`;

export type Mark = 'yes' | 'no' | 'n/a' | 'open';

export interface ChecklistBrief {
  id: string;
  source: string;
  title: Text;
  note: Text;
  of: number;
  answered: number;
  marks: Record<Mark, number>;
  share: number;
  target: number;
  reached: boolean;
  band: Text;
}

export interface ChecklistItem {
  id: string;
  group: string;
  text: Text;
  mark: Mark;
  basis: 'evidence' | 'answer' | 'none';
  evidence: Evidence[];
  missing: Evidence[];
  answer: { reason: string; by: string; at: string } | null;
}

export interface Checklist extends ChecklistBrief {
  groups: { id: string; title: Text }[];
  items: ChecklistItem[];
  trend: { at: string; moment: string; yes: number; of: number }[];
}

export interface Indicator {
  id: string;
  catalogue: string;
  group: string;
  title: Text;
  unit: string;
  value: number | null;
  counted: number | null;
  basis: 'counted' | 'reported' | 'none';
  target: number | null;
  reached: boolean | null;
  note: Partial<Text>;
  datasets: { id: string; title: Text }[];
  reported: { period: string; source: string; by: string } | null;
}

export interface Indicators {
  catalogues: { id: string; source: string; title: Text; groups: Record<string, Text> }[];
  indicators: Indicator[];
  trend: { at: string; moment: string; values: Record<string, number | null> }[];
  snapshot: { moment: string | null; due: string | null; overdue: boolean };
}

export interface AiModel {
  id: string;
  title: Text;
  version: string;
  licence: string | null;
  data: string[];
  components: string[];
  role?: string;
  owner?: string;
  risk?: string | null;
  reasons?: Partial<Text>;
  oversight?: Partial<Text>;
  notice?: Partial<Text>;
  missing?: Text[];
}

export const getChecklists = () => get<{ checklists: ChecklistBrief[] }>(`${BASE}/checklists`).then(({ checklists }) => checklists);
export const getChecklist = (id: string) => get<Checklist>(`${BASE}/checklists/${part(id)}`);
export const markItem = (id: string, item: string, mark: string, reason: string) =>
  send<Checklist>('PUT', `${BASE}/checklists/${part(id)}/items/${part(item)}`, { mark, reason });
export const getIndicators = () => get<Indicators>(`${BASE}/indicators`);
export const reportIndicator = (id: string, value: number, period: string, source: string) =>
  send<Indicators>('PUT', `${BASE}/indicators/${part(id)}`, { value, period, source });
export const getAiRegister = () => get<{ systems: AiModel[]; simulations: AiModel[]; energy_kwh: number | null }>(`${BASE}/ai-register`);
