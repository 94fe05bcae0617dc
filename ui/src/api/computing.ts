// Compute-to-data, models that are brought home, and models that are learnt together.
import { get, part, send } from './client';
import type { Text } from './types';

export type State = 'begun' | 'submitted' | 'running' | 'held' | 'released' | 'refused' | 'failed';
export type Act = 'approve' | 'refuse' | 'release' | 'withhold';
export type Row = Record<string, string | number>;

interface Common {
  id: string;
  at: string;
  partner: string;
  agreement: string;
  digest: string;
  state: State;
  why: string;
  rows: number;
  cpu_s: number;
  suppressed: Record<string, number>;
}
/** One line of a list. */
export interface Brief extends Common {
  name: string;
  version: string;
  title: Text;
  kind: 'group-statistics' | 'regression' | 'model-means' | 'script' | 'forecast-learning';
  min_group: number;
  counted: 'entity' | 'observation';
  asset?: string;
  dataset?: string;
}
export interface Whole extends Common {
  declaration: { description: Text; licence: string; columns: { name: string; attribute: string; unit: string }[]; algorithm: Record<string, unknown>; history: boolean };
  outputs: Record<string, Row[]> | null;
  parameters: Record<string, unknown>;
  purposes: string[];
  script?: string;
  decided?: { at: string; by: string; act: Act; why: string }[];
}
export interface Gain {
  percent: number;
  low: number;
  high: number;
  verdict: 'better' | 'worse' | 'no clear change';
}
export interface Learning {
  id: string;
  at: string;
  name: string;
  title: Text;
  /** UN/CEFACT code of the target. */
  unit: string;
  state: 'waiting' | 'learning' | 'done' | 'failed';
  why: string;
  rounds: number;
  model: { name: string; version: string; stage: string } | null;
  members: {
    partner: string;
    dataset: string;
    agreement: string;
    computations: string[];
    evaluation?: { mae: number; mae_local: number; mae_naive: number; days: number; origins: number; against_local: Gain; against_naive: Gain };
  }[];
}
export interface Brought {
  model: { name: string; version: string; stage: string };
  signed_by: string;
  licence: string;
}

const list = async (path: string) => (await get<{ computations: Brief[] }>(`federation/${path}?limit=100`)).computations;
export const listAsked = () => list('computations');
export const listServed = () => list('served-computations');
export const getAsked = (id: string) => get<Whole>(`federation/computations/${part(id)}`);
export const getServed = (id: string) => get<Whole>(`federation/served-computations/${part(id)}`);
export const decideServed = (id: string, act: Act, why: string) =>
  send<Whole>('POST', `federation/served-computations/${part(id)}/decision?wait_s=20`, { act, why });
export const submit = (partner: string, asset: string, agreement: string, pack: unknown) =>
  send<Whole>('POST', 'federation/computations', { partner, asset, agreement, package: pack });
export const bring = (partner: string, asset: string, licences: string[]) => send<Brought>('POST', 'federation/models', { partner, asset, licences });
export const listLearning = async () => (await get<{ learnings: Learning[] }>('federation/learning?limit=20')).learnings;
export const startLearning = (plan: unknown) => send<Learning>('POST', 'federation/learning', { plan });
