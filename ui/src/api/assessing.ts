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

export interface Judgement {
  kept: boolean;
  rules: { rule: string; kept: boolean; text: Text }[];
  budget: { parties: { partner: string; name: string; eligible_eur: number; grant_eur: number; own_eur: number }[] };
  coverage: {
    strand: string;
    title: Text;
    met: number;
    of: number;
    requirements: { id: string; title: Text; met: boolean; basis: string; twins: string[]; missing: { twin: string; todo: Text }[] }[];
  };
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
export const proveConsortium = (id: string) => send<unknown>('POST', `${one(id)}/evidence`, {});
export const documentAddress = (name: string, form: string, language: string) => `/api/${BASE}/documents/${name}/${form}?lang=${language}`;
export const diagramAddress = (kind: string, view: string, language: string) => `/api/${BASE}/diagrams/${kind}?view=${view}&lang=${language}`;
