// The asset repository: what twins publish for each other, the report before it is installed, what was installed.
import { get, part, send } from './client';
import type { Told } from './federation';
import type { Text } from './types';

export type Tier = 'listed' | 'bronze' | 'silver' | 'gold';

export interface Rating {
  runs: number;
  succeeded: number;
  success: number;
  low: number;
  high: number;
  median_s: number | null;
  score: { name: string; value: number; unit: string; split: string } | null;
}

export interface Asset {
  id: string;
  kind: string;
  name: string;
  version: string;
  publisher: string;
  publisher_name: string;
  title: Text;
  description: Text;
  licence: string;
  needs: string[];
  tier: Tier;
  adoptions: number;
  rating: Rating | null;
  state: 'own' | 'fresh' | 'stale' | 'missing';
  own: boolean;
  installed: string | null;
}

export interface TierCheck {
  id: string;
  tier: Tier;
  met: boolean | null;
  title: Text;
  todo: Text;
}

export interface OwnAsset extends Asset {
  checks: TierCheck[];
  mistakes: string[];
  readme: string;
  files: { place: string; bytes: number; sha256: string }[];
  versions: { version: string; at: string; note: string; withdrawn_at: string | null }[];
}

export interface FoundAssets {
  assets: Asset[];
  count: number;
  facets: Record<string, Record<string, number>>;
  partners: Told[];
  partial: boolean;
}

export interface Remark {
  kind: string;
  model: string;
  text: Text;
  consequence: Text;
  effort_days: [number, number] | null;
}

export interface AssetReport {
  asset: string;
  version: string;
  verdict: 'runs' | 'runs with adaptations' | 'cannot';
  problems: Remark[];
  adaptations: Remark[];
  needs: Record<string, { name: string; type: string; found: number; minimum: number; met: boolean }[]>;
  effort_days: [number, number];
  licence: { code: string; known: boolean; attribution: boolean | null; share_alike: boolean | null };
  installs: Record<string, string[]>;
  holds: 'kept' | 'holds' | 'next-start';
  signature: { publisher: string; key: string };
  tier: Tier;
  checks: TierCheck[];
}

export interface InstalledAsset {
  id: string;
  asset: string;
  kind: string;
  version: string;
  title: Text;
  partner: string;
  licence: string;
  at: string;
  verdict: string;
  state: 'kept' | 'holds' | 'next-start' | 'left-out';
  why: string[];
  told: boolean;
}

export interface Publishable {
  kind: string;
  name: string;
  title: Text;
  published: string | null;
}

export interface Wanted {
  partner: string;
  asset: string;
  version: string;
  licences?: string[];
  anyway?: boolean;
}

export function searchAssets(wanted: Record<string, string>): Promise<FoundAssets> {
  const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
  query.set('limit', '200');
  return get<FoundAssets>(`assets?${query}`);
}

export const getAsset = (asset: string) => get<OwnAsset>(`assets/published/${part(asset)}`);
export const listPublishable = () => get<{ things: Publishable[] }>('assets/publishable').then(({ things }) => things);
export const publishAsset = (kind: string, name: string) => send<OwnAsset>('POST', 'assets/published', { kind, name });
export const withdrawAsset = (asset: string, version: string) =>
  send<void>('DELETE', `assets/published/${part(asset)}/versions/${part(version)}`);
export const packageUrl = (asset: string, version: string) => `/api/assets/published/${part(asset)}/versions/${part(version)}/package`;
export const reportAsset = (wanted: Wanted) => send<AssetReport>('POST', 'assets/report', wanted);
export const installAsset = (wanted: Wanted) => send<InstalledAsset>('POST', 'assets/installed', wanted);
export const listInstalled = () => get<{ installed: InstalledAsset[] }>('assets/installed').then(({ installed }) => installed);
export const uninstallAsset = (id: string) => send<void>('DELETE', `assets/installed/${part(id)}`);
