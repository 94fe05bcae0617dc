// Dashboards that people put together (docs/reference/twin-api.md): what is kept, and what tiles can be bound to.
import { get, part, send } from './client';
import type { Text } from './types';

export const KINDS = ['indicator', 'figure', 'series', 'map', 'forecast', 'alerts', 'text'] as const;
export type TileKind = (typeof KINDS)[number];
export type Visibility = 'draft' | 'shared' | 'public';

/** One tile; what it is not bound to is absent. */
export interface ComposedTile {
  id: string;
  kind: TileKind;
  title?: Text;
  width?: number;
  height?: number;
  indicator?: string;
  dashboard?: string;
  figure?: string;
  layer?: string;
  field?: string;
  feature?: string;
  days?: number;
  forecast?: string;
  text?: Text;
}

export interface CompositionDraft {
  title: Text;
  question: Text;
  visibility: Visibility;
  tiles: ComposedTile[];
}

export interface Composition extends CompositionDraft {
  id: string;
  version: number;
  mine: boolean;
  owner: string | null;
  created_at: string;
  modified_at: string;
}

const BASE = 'dashboards/composed';
export const isComposed = (id: string | null): id is string => id?.startsWith('board-') ?? false;

export const listCompositions = async () => (await get<{ dashboards: Composition[] }>(BASE)).dashboards;
export const getComposition = (id: string, version?: string) => get<Composition>(`${BASE}/${part(id)}${version ? `?version=${part(version)}` : ''}`);
export const listVersions = async (id: string) => (await get<{ versions: Composition[] }>(`${BASE}/${part(id)}/versions`)).versions;
export const createComposition = (draft: CompositionDraft) => send<Composition>('POST', BASE, draft);
export const changeComposition = (id: string, draft: CompositionDraft, version: number) =>
  send<Composition>('PUT', `${BASE}/${part(id)}`, { ...draft, version });
export const dropComposition = (id: string) => send<void>('DELETE', `${BASE}/${part(id)}`);
