// The ecosystem map: actors and flows with their layout, what people add, versions, programmes.
import { get, part, send } from './client';
import type { Text } from './types';

export interface Actor {
  id: string;
  kind: string;
  layer: string;
  name: Text;
  roles: string[];
  helix: string;
  domains: string[];
  rules: string[];
  risks: string[];
  origin: 'drawn' | 'register' | 'hand';
  state: State;
  count: number | null;
  description: Text;
  links: string[];
  note: string;
  author: string;
  at: string;
}

export type State = 'current' | 'planned' | 'ending' | 'suggested';

export interface Flow {
  id: string;
  kind: string;
  source: string;
  target: string;
  title: Text;
  items: string[];
  rules: string[];
  risks: string[];
  origin: Actor['origin'];
  state: State;
  note: string;
  author: string;
  at: string;
}

export interface Hint {
  id: string;
  name: string;
  text: Text;
  todo: Text;
  actors: string[];
}

export type Point = [number, number];

export interface EcosystemMap {
  title: Text;
  view: View;
  actors: Actor[];
  flows: Flow[];
  hints: Hint[];
  layout: {
    width: number;
    height: number;
    box: Point;
    columns: { layer: string; x: number }[];
    places: Record<string, Point>;
    lines: Record<string, [Point, Point, Point, Point]>;
  };
  facets: Record<'layers' | 'kinds' | 'roles' | 'helices' | 'domains' | 'origins', string[]>;
  texts: Record<string, Text>;
  legend: Record<'layers' | 'kinds' | 'roles' | 'helices' | 'values' | 'origins' | 'states', Record<string, Text>>;
}

export type View = 'current' | 'target';
export type Filters = Partial<Record<'layer' | 'role' | 'helix' | 'domain' | 'kind' | 'origin', string>>;

export interface Snapshot {
  id: string;
  at: string;
  by: string;
  title: string;
  actors: number;
}

interface Changes<T> {
  added: T[];
  removed: T[];
  changed: { id: string; name: Text; changes: { field: string }[] }[];
}

export interface Comparison {
  same: boolean;
  actors: Changes<Actor>;
  flows: Changes<Flow>;
}

export interface Gap {
  id: string;
  title: Text;
  reasons: Text[];
  links: string[];
  closed_by: string;
  note: string;
}

export interface Initiative {
  id: string;
  name: string;
  cluster: string;
  web: string;
  contact: string;
  gives: Text;
  assets: { title: string; url: string }[];
  helps: { gap: string; title: Text }[];
}

export interface Initiatives {
  source: string;
  initiatives: Initiative[];
  gaps: Gap[];
}

export interface Climate {
  source: string;
  covered: number;
  of: number;
  indicators: { id: string; group: string; group_title: Text; unit: string; title: Text; sources: { id: string; title: Text; owner: string }[] }[];
}

const asked = (view: View, filters: Filters): string => {
  const given = Object.entries(filters).filter(([, value]) => value);
  return new URLSearchParams({ view, ...Object.fromEntries(given) }).toString();
};

export const getMap = (view: View, filters: Filters) => get<EcosystemMap>(`ecosystem?${asked(view, filters)}`);
export const pictureUrl = (form: string, view: View, filters: Filters, language: string) => `/api/ecosystem/pictures/${form}?${asked(view, filters)}&lang=${language}`;
export const addActor = (body: unknown) => send<Actor>('POST', 'ecosystem/actors', body);
export const removeActor = (id: string) => send<void>('DELETE', `ecosystem/actors/${part(id)}`);
export const changeActor = (id: string, body: unknown) => send<Actor>('PUT', `ecosystem/actors/${part(id)}`, body);
export const addFlow = (body: unknown) => send<Flow>('POST', 'ecosystem/flows', body);
export const removeFlow = (id: string) => send<void>('DELETE', `ecosystem/flows/${part(id)}`);
export const annotate = (id: string, body: unknown) => send<void>('PUT', `ecosystem/annotations/${part(id)}`, body);
export const unannotate = (id: string) => send<void>('DELETE', `ecosystem/annotations/${part(id)}`);
export const listSnapshots = () => get<{ snapshots: Snapshot[] }>('ecosystem/snapshots').then(({ snapshots }) => snapshots);
export const keepSnapshot = (title: string) => send<Snapshot>('POST', 'ecosystem/snapshots', { title });
export const dropSnapshot = (id: string) => send<void>('DELETE', `ecosystem/snapshots/${part(id)}`);
export const compareMaps = (from: string, to: string) => get<Comparison>(`ecosystem/comparison?from=${part(from)}&to=${part(to)}`);
export const getInitiatives = () => get<Initiatives>('ecosystem/initiatives');
export const closeGap = (id: string, note: string) => send<Initiatives>('PUT', `ecosystem/gaps/${part(id)}`, { note });
export const openGap = (id: string) => send<void>('DELETE', `ecosystem/gaps/${part(id)}`);
export const getClimate = () => get<Climate>('ecosystem/climate-indicators');
