// Dashboards and atlases: what the twin's API gives for them (docs/reference/twin-api.md).
import type { FeatureCollection, Interval, Text } from './types';

export interface ViewSummary {
  id: string;
  title: Text;
  question: Text;
}

export interface Official {
  value: number;
  source: string;
  url: string | null;
  difference: number | null;
  difference_percent: number | null;
  agrees: boolean | null;
  tolerance_percent: number;
  why: Text;
}

/** What a figure is held against, and from which day on. */
export interface FigureLimit {
  value: number;
  title: Text;
  source: string;
  url: string | null;
  since: string | null;
  exceeded: boolean | null;
}

export interface Figure {
  id: string;
  title: Text;
  unit: string;
  decimals: number;
  state: 'ready' | 'working' | 'missing';
  /** Why a model could not be run. */
  problem: string | null;
  /** Why there is no value for the day asked for. */
  reason?: Text | null;
  value: number | null;
  interval: (Interval & { basis: Text }) | null;
  at: string | null;
  count: number | null;
  /** Of a period: on how many of its days it was measured. */
  days: { measured: number; of: number } | null;
  /** An observation that is older has grown old. */
  fresh_hours: number | null;
  limits: FigureLimit[];
  method: Text;
  factor: { value: number; low: number | null; high: number | null; text: Text; source: Text; figure: string } | null;
  source: string | null;
  run: string | null;
  lineage: string[];
  official: Official | null;
}

export type Chart = 'kpi' | 'bars' | 'compare' | 'limits' | 'residuals' | 'peers' | 'trend' | 'findings';

export interface Tile {
  id: string;
  title: Text;
  chart: Chart;
  figures: string[];
  note: Text;
  wide: boolean;
  links: { page: string; id: string | null; title: Text }[];
}

export interface Trend {
  id: string;
  figure: string;
  unit: string;
  observed: { at: string; value: number }[];
  path: { year: number; value: number }[];
  text: Text;
  source: string | null;
  url: string | null;
}

export interface DashboardFinding {
  id: string;
  kind: 'contradiction' | 'note';
  figure: string | null;
  text: Text;
  source: string | null;
}

export interface Dashboard extends ViewSummary {
  key_date: string;
  rule: Text;
  figures: Figure[];
  tiles: Tile[];
  trends: Trend[];
  peers: boolean;
  findings: DashboardFinding[];
}

export interface Peers {
  own: string;
  source: string;
  text: Text;
  places: { code: string; name: string | null }[];
  names: Record<string, string>;
  fields: { attribute: string; title: Text; unit: string; count: number; values: { value: number | null; rank: number | null; share_below: number | null }[] }[];
}

export interface AtlasLayer {
  id: string;
  title: Text;
  kind: 'existing' | 'planned' | 'potential' | 'other';
  count: number | null;
  placed: boolean;
  default: boolean;
  fields: { name: string; title: Text; unit: string }[];
  note: Text;
  source: string | null;
  model: string | null;
  attribution: string | null;
  licence: string | null;
  problem: string | null;
}

export interface Atlas extends ViewSummary {
  unit: string;
  layers: AtlasLayer[];
  carriers: string[];
  states: string[];
  areas: { id: string; name: string }[];
  words: Record<string, Text>;
  missing: { id: string; title: Text; text: Text; connect: Text }[];
}

export interface Sums {
  count: number;
  capacity: number | null;
  known: number;
  largest: number | null;
}

export interface AtlasSummary {
  unit: string;
  layers: (Sums & { layer: string })[];
  carriers: (Sums & { layer: string; value: string })[];
  states: (Sums & { layer: string; value: string })[];
  areas: (Sums & { layer: string; area: string })[];
}

export interface ThingProperties extends Record<string, unknown> {
  layer: string;
  id: string;
  name: string;
  carrier: string | null;
  status: string | null;
  capacity: number | null;
  area: string | null;
}

export type Things = FeatureCollection<ThingProperties> & { matched: Record<string, number> };
