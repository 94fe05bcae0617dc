// Participation: what people are asked, what they say, what the city makes of it. A link's token goes into a header.
import { ApiError, get, part } from './client';
import type { Estimate, Geometry, Interval, Text, Verdict } from './types';

export type Kind = 'idea' | 'concern' | 'question' | 'praise' | 'design' | 'what-if';
export type State = 'waiting' | 'published' | 'hidden' | 'appealed' | 'withdrawn' | 'erased';
export type Status = 'planned' | 'open' | 'between' | 'closed';

export interface Named {
  id: string;
  title: Text;
}

export interface Phase extends Named {
  since: string;
  until: string;
  kinds: Kind[];
  comments: boolean;
  ratings: boolean;
}

export interface Lever {
  name: string;
  title: Text;
  unit: string;
  kind: string;
  low: number;
  high: number;
  default: number | null;
}

export interface Project extends Named {
  question: Text;
  text: Text;
  owner: Text;
  area: Geometry | null;
  status: Status;
  phase: string | null;
  phases: Phase[];
  categories: Named[];
  ages: Named[];
  photos: boolean;
  moderation: 'before' | 'after';
  since: string;
  until: string;
  keep_days: number;
  contributions: number;
  what_if: { service: string } | null;
}

export interface ProjectDetail extends Project {
  outline: Geometry;
  levers: Lever[];
}

export interface Contribution {
  id: string;
  project: string;
  phase: string;
  kind: Kind;
  category: string;
  title: string;
  text: string;
  name: string;
  at: string;
  state: State;
  place: Geometry | null;
  place_name: string;
  run: string;
  levers: Record<string, number>;
  photos: string[];
  up: number;
  down: number;
  comments: number;
}

export interface Comment {
  id: string;
  contribution: string;
  name: string;
  text: string;
  at: string;
  state: State;
}

export interface Answer {
  id: string;
  said: string;
  did: string;
  contributions: string[];
  decision: string;
  at: string;
}

export interface Figure {
  name: string;
  title: Text;
  unit: string;
  decimals: number;
  base: Estimate;
  with: Estimate;
  change: Estimate & { percent: number | null };
  verdict: Verdict;
}

export interface Result {
  id: string;
  status: string;
  progress: { share: number } | null;
  figures: Figure[];
  text: Text;
}

export interface Detail extends Contribution {
  discussion: Comment[];
  answers: Answer[];
  result: Result | null;
}

export type Said = (Contribution | Comment) & {
  of: 'contribution' | 'comment';
  trail: { at: string; act: string; by?: string; reason: string }[];
  reports?: number;
};

export interface Place {
  id: string;
  name: string;
  kind: string;
  position: [number, number];
}

export interface Compared {
  id: string;
  title: Text | string;
  voices: number;
  share: number;
  interval: [number, number];
  population: number;
  population_share: number;
  verdict: 'more' | 'fewer' | 'no clear difference' | 'too few to tell';
}

export interface Statistics {
  contributions: number;
  comments: number;
  ratings: number;
  voices: number;
  located: number;
  by_kind: Record<string, number>;
  by_category: Record<string, number>;
  by_area: { id: string; title: string; contributions: number }[];
  representativeness: { area: Compared[]; age: Compared[]; fewest: number };
}

export interface Topics {
  topics: { words: string[]; contributions: { id: string; title: string }[] }[];
  rest: string[];
  of: number;
  fewest: number;
}

export interface Draft {
  kind: Kind;
  category: string;
  title: string;
  text: string;
  place?: Geometry;
  pick?: string;
  levers?: Record<string, number>;
  name?: string;
  age?: string;
  home?: string;
  language?: string;
  website?: string;
}

const BASE = 'participation';
let token = '';

/** Speak with this link from here on; '' for the account, if there is one. */
export const speakWith = (voice: string) => (token = voice);

async function call<T>(method: string, path: string, body?: BodyInit, type = 'application/json'): Promise<T> {
  const headers: Record<string, string> = { ...(token ? { 'Sympolis-Voice': token } : {}), ...(body === undefined ? {} : { 'Content-Type': type }) };
  const response = await fetch(`/api/${BASE}/${path}`, { method, headers, body });
  if (!response.ok) throw new ApiError({ title: response.statusText, status: response.status, ...(await response.json().catch(() => ({}))) });
  return response.status === 204 ? (undefined as T) : response.json();
}

const post = <T>(path: string, body: unknown) => call<T>('POST', path, JSON.stringify(body));
const project = (id: string) => `projects/${part(id)}`;
const one = (id: string) => `contributions/${part(id)}`;

export const listProjects = async () => (await get<{ projects: Project[] }>(`${BASE}/projects`)).projects;
export const getProject = (id: string) => get<ProjectDetail>(`${BASE}/${project(id)}`);
export const listPlaces = async (id: string) => (await get<{ places: Place[] }>(`${BASE}/${project(id)}/places`)).places;
export const listContributions = (id: string, query: Record<string, string>) =>
  get<{ total: number; contributions: Contribution[] }>(`${BASE}/${project(id)}/contributions?${new URLSearchParams(query)}`);
export const getContribution = (id: string) => get<Detail>(`${BASE}/${one(id)}`);
export const getStatistics = (id: string) => get<Statistics>(`${BASE}/${project(id)}/statistics`);
export const getTopics = (id: string) => get<Topics>(`${BASE}/${project(id)}/topics`);
export const listAnswers = async (id: string) => (await get<{ answers: Answer[] }>(`${BASE}/${project(id)}/answers`)).answers;
export const getTried = (id: string, run: string) => get<Result>(`${BASE}/${project(id)}/what-ifs/${part(run)}`);
export const exportUrl = (id: string, format: string) => `/api/${BASE}/${project(id)}/export?format=${format}`;
export const photoUrl = (id: string) => `/api/${BASE}/photos/${part(id)}`;

export const contribute = (id: string, draft: Draft) => post<Said>(`${project(id)}/contributions`, draft);
export const tryWhatIf = (id: string, levers: Record<string, number>) => post<{ run: Result; levers: Record<string, number> }>(`${project(id)}/what-ifs`, { levers });
export const addComment = (id: string, text: string, name: string) => post<Said>(`${one(id)}/comments`, { text, name });
export const rate = (id: string, value: number) => call<{ up: number; down: number }>('PUT', `${one(id)}/rating`, JSON.stringify({ value }));
export const addPhoto = (id: string, file: File) => call<{ id: string }>('POST', `${one(id)}/photos`, file, file.type);
export const listMine = (id: string) => call<{ said: Said[]; rated: Record<string, number> }>('GET', `${project(id)}/mine`);
export const eraseMine = (id: string) => call<{ erased: number }>('DELETE', `${project(id)}/mine`);
export const report = (id: string, reason: string) => post<void>(`said/${part(id)}/reports`, { reason });
export const appeal = (id: string, reason: string) => post<Said>(`said/${part(id)}/appeal`, { reason });
export const withdraw = (id: string) => call<void>('DELETE', `said/${part(id)}`);

export const listQueue = async () => (await get<{ queue: Said[] }>(`${BASE}/queue`)).queue;
export const moderate = (id: string, act: 'publish' | 'hide', reason: string) => post<Said>(`said/${part(id)}/moderation`, { act, reason });
export const answer = (id: string, body: { said: string; did: string; contributions: string[]; decision: string }) => post<Answer>(`${project(id)}/answers`, body);
export const makeLinks = (id: string, count: number, days: number) => post<{ links: string[] }>(`${project(id)}/invitations`, { count, days });

export const intervalOf = ([low, high]: [number, number]): Interval => ({ low, high }) as Interval;
