// Who could work with whom: profiles, ranked matches, twin cities, parties without a twin; candidates of a consortium.
import type { Told } from './federation';
import { get, part, send } from './client';
import type { Text } from './types';

export type ReasonName =
  | 'they-have-open' | 'they-have-gap' | 'we-have-open' | 'we-have-gap' | 'their-service-runs' | 'their-service-adapts'
  | 'same-question' | 'other-helix' | 'other-country';

export interface Match {
  id: string;
  name: string;
  title: Text;
  kind: string;
  country: string;
  helix: string;
  twin: boolean;
  score: number;
  reasons: { reason: ReasonName; points: number; about: Text; detail: string }[];
}

interface Asked {
  partners: Told[];
  partial: boolean;
}

export interface Matches extends Asked {
  ours: { needs: { id: string; title: Text; of: string }[]; offers: { id: string; kind: string }[]; questions: { id: string }[] };
  matches: Match[];
}

export interface TwinCity {
  id: string;
  name: string;
  title: Text;
  likeness: number | null;
  parts: Record<'questions' | 'data' | 'size', { value: number | null; weight: number }>;
  shared_questions: Text[];
  shared_kinds: string[];
}

export interface Twinning extends Asked {
  cities: TwinCity[];
}

export interface Rule {
  rule: string;
  text: Text;
}

export interface Effect {
  mended: Rule[];
  broken: Rule[];
  still: Rule[];
  eligible: boolean;
}

export type Tried = Effect & { id: string; name: string };

const one = (id: string) => `assessment/consortia/${part(id)}`;

export const getMatches = () => get<Matches>('federation/matches');
export const getTwinning = () => get<Twinning>('federation/twinning');
export const addParty = (body: unknown) => send<unknown>('POST', 'federation/parties', body);
export const removeParty = (id: string) => send<void>('DELETE', `federation/parties/${part(id)}`);
export const tryCandidates = (consortium: string, candidates: unknown[]) =>
  send<{ candidates: Tried[] }>('POST', `${one(consortium)}/candidates`, { candidates }).then((found) => found.candidates);
export const joinConsortium = (consortium: string, partner: unknown) => send<Effect>('POST', `${one(consortium)}/partners`, partner);
export const leaveConsortium = (consortium: string, partner: string) => send<Effect>('DELETE', `${one(consortium)}/partners/${part(partner)}`);
