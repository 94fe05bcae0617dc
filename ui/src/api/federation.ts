// What the federation page asks for: partners, offers, contracts, use, compatibility, open needs, benchmarks.
import { get, part, send } from './client';
import type { Text } from './types';

export const NGSI_LD = 'NGSI-LD-PULL';

export interface Partner {
  id: string;
  base_url: string;
  name: string;
  title: Text;
  kind: 'twin' | 'connector' | 'catalogue';
  standing: 'active' | 'suspended';
  knows_us: boolean;
  breaker: 'closed' | 'open' | 'half-open';
  vouches_for_us_until: string | null;
  last_contact_at: string | null;
  last_failure: string;
}

export interface About {
  id: string;
  title: Text;
  address: string;
}

export interface Invitation {
  id: string;
  invitation: string;
  address: string;
  until: string;
}

/** How fresh a partner's answer is. */
export interface Told {
  partner: string;
  name: string;
  title: Text;
  state: 'fresh' | 'stale' | 'missing';
  reason?: string;
}

export interface Entry {
  partner: string;
  partner_name: string;
  id: string;
  kind: 'dataset' | 'service';
  title: Text;
  description: Text;
  licence: string;
  formats: string[];
  offers: { id: string }[];
  page: string;
  state: Told['state'];
}

export interface Found {
  entries: Entry[];
  count: number;
  partners: Told[];
  partial: boolean;
}

export interface Process {
  id: string;
  side: 'consumer' | 'provider';
  partner: string;
  state: string;
  dataset: string;
  began: string;
  changed: string;
  why: string;
  on_its_way: string | null;
}
export interface Step {
  at: string;
  by: string;
  act: string;
  state: string;
}
export interface Negotiation extends Process {
  agreement: string | null;
  manual: boolean;
  steps?: Step[];
}
export interface Transfer extends Process {
  agreement: string;
  format: string;
  steps?: Step[];
  received?: { file: string; bytes: number }[];
}
export interface Comparison {
  agree: boolean;
  uses: number;
  bytes: number;
  only_ours: string[];
  only_theirs: string[];
  different: string[];
}
export interface Agreement {
  id: string;
  side: 'consumer' | 'provider';
  partner: string;
  dataset: string;
  agreed: string;
  ended: string | null;
  why: string;
}
export interface AgreementInFull extends Agreement {
  words: Record<string, string[]>;
  policy: unknown;
  allows_now: boolean;
  transfers: Transfer[];
}
/** A partner's service or model at work for us. */
export interface Call {
  id: string;
  state: string;
  why: string;
  came: { bytes: number } | null;
  provenance: { model?: string; model_version?: string; cost_cpu_s?: number };
}
export interface Use {
  number: number;
  at: string;
  side: 'consumer' | 'provider';
  partner: string;
  dataset: string;
  target: string;
  status: number;
  bytes: number;
  reason: string;
}

export interface Remark {
  kind: string;
  text: Text;
  consequence: Text;
}
export interface Cell {
  city: string;
  owner: string;
  service: string;
  verdict: 'runs' | 'runs with adaptations' | 'cannot';
  problems: Remark[];
  adaptations: Remark[];
  effort_days: [number, number];
  licences: { code: string; known: boolean; attribution: boolean | null; share_alike: boolean | null }[];
}
export interface Matrix {
  services: { owner: string; id: string; title: Text; question: Text; models: { id: string; licence: string }[] }[];
  cities: Told[];
  cells: Cell[];
  partial: boolean;
}

export interface OpenNeed {
  id: string;
  title: Text;
  description: Text;
  type: string;
  attributes: string[];
  made_at: string;
  closed_at: string | null;
  partner?: string;
  partner_name?: string;
  we_have?: number | null;
}
export interface Needs {
  ours: OpenNeed[];
  theirs: OpenNeed[];
  partners: Told[];
  partial: boolean;
}

export interface Figure {
  partner: string;
  title: Text;
  state: Told['state'];
  value: number;
  version: string;
  quality: { share: number | null; newest: string | null; grade: string; licences: string[] };
}
export interface Benchmark {
  id: string;
  version: string;
  title: Text;
  method: Text;
  symbol: string;
  decimals: number;
  figures: Figure[];
  other_methods: Figure[];
  differences: { kind: 'coverage' | 'age' | 'grade'; low: number | string; high: number | string }[];
}
export interface Benchmarks {
  indicators: Benchmark[];
  partners: Told[];
  partial: boolean;
}

export const about = () => get<About>('federation/about');
export const listPartners = async () => (await get<{ partners: Partner[] }>('federation/partners')).partners;
export const addPartner = (base_url: string, invitation: string, id: string) =>
  send<Partner>('POST', 'federation/partners', { base_url, ...(invitation && { invitation }), ...(id && { id }) });
export const contactPartner = (id: string) => send<Partner>('POST', `federation/partners/${part(id)}/contact`);
export const setStanding = (id: string, standing: Partner['standing']) =>
  send<Partner>('PATCH', `federation/partners/${part(id)}`, { standing });
export const removePartner = (id: string) => send<void>('DELETE', `federation/partners/${part(id)}`);
export const invite = () => send<Invitation>('POST', 'federation/invitations');

export const searchFederation = (q: string, kind: string, partner: string) =>
  get<Found>(`federation/catalogue?${new URLSearchParams({ limit: '200', ...(q && { q }), ...(kind && { kind }), ...(partner && { partner }) })}`);
export const negotiate = (partner: string, dataset: string, offer?: string) =>
  send<Negotiation>('POST', 'federation/negotiations?wait_s=10', { partner, dataset, ...(offer && { offer }) });
export const callAsset = (under: Agreement, inputs: Record<string, unknown>) =>
  send<Call>('POST', 'federation/calls?wait_s=60', { partner: under.partner, asset: under.dataset, agreement: under.id, inputs });
export const listNegotiations = async () => (await get<{ negotiations: Negotiation[] }>('federation/negotiations')).negotiations;
export const getNegotiation = (id: string) => get<Negotiation>(`federation/negotiations/${part(id)}`);
export const decideNegotiation = (id: string, act: string) =>
  send<Negotiation>('POST', `federation/negotiations/${part(id)}/decision?wait_s=10`, { act });
export const listAgreements = async () => (await get<{ agreements: Agreement[] }>('federation/agreements')).agreements;
export const getAgreement = (id: string) => get<AgreementInFull>(`federation/agreements/${part(id)}`);
export const endAgreement = (id: string, why: string) =>
  send<Agreement>('POST', `federation/agreements/${part(id)}/decision`, { act: 'terminate', why });
/** By NGSI-LD the data stay where they are and may be included in our own queries; otherwise they are taken. */
export const startTransfer = (agreement: string, format: string) =>
  send<Transfer>('POST', 'federation/transfers?wait_s=10', { agreement, format, take: format !== NGSI_LD });
export const listLinks = async () => (await get<{ links: { transfer: string }[] }>('federation/links')).links.map(({ transfer }) => transfer);
export const link = (transfer: string) => send<unknown>('POST', 'federation/links', { transfer });
export const unlink = (transfer: string) => send<void>('DELETE', `federation/links/${part(transfer)}`);
export const listTransfers = async () => (await get<{ transfers: Transfer[] }>('federation/transfers')).transfers;
export const decideTransfer = (id: string, act: string) =>
  send<Transfer>('POST', `federation/transfers/${part(id)}/decision?wait_s=10`, { act });
export const listUses = async () => (await get<{ uses: Use[] }>('federation/usage?limit=200&order=newest')).uses;
export const getTransfer = (id: string) => get<Transfer>(`federation/transfers/${part(id)}`);
/** Our account of a transfer's uses beside the partner's. */
export const compareUses = (id: string) => get<Comparison>(`federation/transfers/${part(id)}/comparison`);
/** One call; asked after a while, since a partner may compute for long. */
export const getCall = (id: string) => get<Call>(`federation/calls/${part(id)}?wait_s=30`);

export const getMatrix = () => get<Matrix>('federation/matrix');
export const listNeeds = () => get<Needs>('federation/needs');
export const addNeed = (need: Partial<OpenNeed>) => send<OpenNeed>('POST', 'federation/needs', need);
export const closeNeed = (id: string) => send<OpenNeed>('DELETE', `federation/needs/${part(id)}`);
export const getBenchmarks = () => get<Benchmarks>('federation/benchmarks');
