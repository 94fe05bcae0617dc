// Consortia as documents: founded and changed whole, by the rules of the call they apply to.
import type { Statement } from './assessing';
import type { Text } from './types';
import { get, part, send } from './client';

export interface ProgrammeCall {
  id: string;
  title: Text;
  strands: Record<string, Text>;
  eligibility: { authority_kinds: string[]; further_kinds: string[] };
  budget: { categories: string[] };
  answers: { id: string; title: Text; characters: number }[];
  documents: { id: string; title: Text; strands: string[] }[];
}

export interface Party {
  id: string;
  name: string;
  kind: string;
  country: string;
  role: string;
  helix: string;
  website: string;
  grant_eur: number;
  elsewhere_eur: number;
  twin: string;
}

export interface CostLine {
  partner: string;
  category: string;
  title: string;
  eur: number;
  begin: string;
  end: string;
  basis: string;
  funded_by: string;
}

export interface ConsortiumDocument {
  title: string;
  call: string;
  strand: string;
  summary: string;
  start: string | null;
  end: string | null;
  partners: Party[];
  costs: CostLine[];
  answers: Record<string, string>;
  documents: Record<string, string>;
  contact: { name: string; email: string; organisation: string };
  statements: Record<string, Statement>;
  focus_areas: string[];
}

const BASE = 'assessment/consortia';

export const listCalls = () => get<{ calls: ProgrammeCall[] }>('assessment/calls').then(({ calls }) => calls);
export const readConsortium = (id: string) => get<ConsortiumDocument>(`${BASE}/${part(id)}`);
export const changeConsortium = (id: string, document: ConsortiumDocument) => send<{ id: string }>('PUT', `${BASE}/${part(id)}`, document);
export const dissolveConsortium = (id: string) => send<unknown>('DELETE', `${BASE}/${part(id)}`);

const MEMBERS = ['title', 'call', 'strand', 'summary', 'start', 'end', 'partners', 'costs', 'answers', 'documents', 'contact', 'statements', 'focus_areas'] as const;

/** An empty document for a call. */
export const emptyConsortium = (call: ProgrammeCall): ConsortiumDocument => ({
  title: '', call: call.id, strand: Object.keys(call.strands)[0], summary: '', start: null, end: null, partners: [], costs: [],
  answers: {}, documents: {}, contact: { name: '', email: '', organisation: '' }, statements: {}, focus_areas: [],
});

/** Keep what people say of a requirement that no twin can prove. */
export async function sayOf(id: string, requirement: string, statement: Statement): Promise<unknown> {
  const [calls, found] = await Promise.all([listCalls(), readConsortium(id)]);
  const whole = writable(found, emptyConsortium(calls[0]));
  return changeConsortium(id, { ...whole, statements: { ...whole.statements, [requirement]: statement } });
}

/** What a form may change of a document; the twin adds id, author and evidence itself. */
export const writable = (document: Partial<ConsortiumDocument>, otherwise: ConsortiumDocument): ConsortiumDocument =>
  Object.fromEntries(MEMBERS.map((name) => [name, document[name] ?? otherwise[name]])) as unknown as ConsortiumDocument;

export const emptyParty = (id: string): Party => ({ id, name: '', kind: 'local authority', country: '', role: '', helix: '', website: '', grant_eur: 0, elsewhere_eur: 0, twin: '' });
