// What the pages of sources ask beyond the shared client: previews, oddities, open names, differences of a handover.
import { get, part, send, upload } from '../../api/client';
import type { Handover, Quality, Source, StageOf, Text } from '../../api/types';

export interface Feature {
  id: string;
  geometry: { type: string; coordinates: unknown } | null;
  properties: Record<string, unknown>;
}

export interface Preview {
  units: Record<string, string>;
  features: Feature[];
}

export interface Oddity {
  kind: 'gap' | 'flat' | 'outlier' | 'jump' | 'drift';
  feature: string;
  start: string;
  end: string;
  reason: Text;
}

export interface Oddities {
  attribute: string;
  sensors: number;
  total: number;
  events: Oddity[];
}

/** Why a value is odd: what is usual there, what neighbours show, and candidates, the likeliest first. */
export interface Diagnosis {
  value: number | null;
  low: number | null;
  high: number | null;
  share_alike: number | null;
  neighbours: { feature: string; distance_m: number; score: number | null }[];
  candidates: { cause: string; text: Text; evidence: { text: Text; link: string | null }[] }[];
}

export interface OpenName {
  kind: string;
  words: string;
  source: string;
  times: number;
  candidates: { id: string; name: string; score: number }[];
}

export interface Difference {
  kind: 'changed' | 'missing' | 'new';
  row: number | null;
  row_before: number | null;
  entity: string;
  cells: { field: string; before: unknown; after: unknown }[];
}

/** With what the list tells of its quality. */
export type Listed = Source & { quality?: { grade: Quality['badge']['grade']; reason: Text } };

/** A handover with its differences, and the state that the shared type does not know. */
export type Examined = Omit<Handover, 'state'> & { state: Handover['state'] | 'doubtful'; differences?: Difference[]; more_differences?: number };

/** A dataset as the catalogue tells everybody. */
export interface PublicDataset {
  id: string;
  title: Text;
  description: Text;
  owner: string;
  licence: string;
  status: Source['status'];
  stage: StageOf['stage'];
  newest_observation: string | null;
  accepted_share: number | null;
}

export const listPublicDatasets = async () =>
  (await get<{ datasets: PublicDataset[] }>('datasets?limit=1000')).datasets.filter(({ stage }) => stage === 'released' || stage === 'deprecated');
export const getPreview = (dataset: string, limit: number) => get<Preview>(`datasets/${part(dataset)}/preview?limit=${limit}`);
export const getOddities = (dataset: string, limit: number) => get<Oddities>(`datasets/${part(dataset)}/anomalies?limit=${limit}`);
export const getDiagnosis = (entity: string, attribute: string, at: string) =>
  get<Diagnosis>(`diagnosis?${new URLSearchParams({ entity, attribute, at })}`);
export const listOpenNames = (limit: number) => get<{ total: number; matches: OpenName[] }>(`master-data/matches?limit=${limit}`);
export const decide = (action: 'accept' | 'reject', name: OpenName, thing: string, by: string) =>
  send<unknown>('POST', 'master-data/decisions', { kind: name.kind, action, words: name.words, thing, by });
export const releaseAnyway = (source: string, id: string, by: string) =>
  send<Handover>('POST', `sources/${part(source)}/handovers/${part(id)}/release`, { by, accept: true });

/** How a file would come in: what each column becomes and why, and the two files of the city package. */
export interface Proposal {
  id: string;
  mapping: { entity_type?: string; attributes?: { name: string; field?: string }[] };
  models: { name: string; version: string; confidence: number; reason: string }[];
  findings: string[];
  columns: { name: string; kind: string; filled: number; examples: string[] }[];
  files: Record<string, string>;
}

export const proposeSource = (file: File, known: Record<string, string>) =>
  upload<Proposal>(`sources/proposals?${new URLSearchParams({ name: file.name, ...known })}`, file);
