// What the governance page asks for: layers, roles, stages and policies of datasets, the audit log, jobs.
import { get, part, send } from './client';
import type { Text } from './types';

export interface LdtLayer {
  number: number;
  id: string;
  title: Text;
  description: Text;
  names: { blueprint: string; mim8: string };
  state: 'working' | 'attention' | 'empty';
  reasons: Text[];
  figures: { name: string; title: Text; value: number }[];
  controls: { title: Text; page?: string; api?: string; address?: string }[];
}

export interface Roles {
  roles: { name: string; title: Text; description: string; rights: string[] }[];
  rights: Record<string, string>;
}

export type Stage = 'draft' | 'in-review' | 'released' | 'deprecated';

export interface DatasetEntry {
  id: string;
  title: Text;
  owner: string;
  licence: string;
  stage: Stage;
}

export interface StageSteps {
  stage: Stage;
  next: Stage[];
  steps: { stage: Stage; at: string; by: string; why: string }[];
}

export interface AuditEntry {
  number: number;
  at: string;
  event: { act: string; subject: string; operation: string; target: string; reason?: string };
  /** What people call the operation; empty where nobody has said. */
  words: Text;
}

export interface Job {
  id: string;
  kind: string;
  /** Of a run; else the id of the model or forecast that it is about. */
  title: Text | string;
  status: string;
  /** The share that is done; a run counts its members, too. */
  progress: number | { share: number } | null;
}

export const listLdtLayers = async () => (await get<{ layers: LdtLayer[] }>('layers')).layers;
export const listRoles = () => get<Roles>('identity/roles');
export const listDatasets = async () => (await get<{ datasets: DatasetEntry[] }>('datasets?limit=1000')).datasets;
export const getStages = (dataset: string) => get<StageSteps>(`datasets/${part(dataset)}/stage`);
export const changeStage = (dataset: string, stage: Stage, why: string) =>
  send<StageSteps>('POST', `datasets/${part(dataset)}/stage`, { stage, why });
export const getPolicy = (dataset: string) => get<{ policy: unknown; words: string[][] }>(`datasets/${part(dataset)}/policy`);
export const listAudit = (before: number | null, act: string) => {
  const query = new URLSearchParams({ limit: '50', ...(before === null ? {} : { before: String(before) }), ...(act && { act }) });
  return get<{ entries: AuditEntry[]; next: number | null }>(`admin/audit?${query}`);
};
export const listJobs = () => get<Job[]>('jobs');
