// The shapes of the twin's own API (docs/reference/twin-api.md), one type per thing the contract names.
// Models, scenarios, runs and comparisons stand in modelling.ts.
export type * from './modelling';

export type Language = 'it' | 'de' | 'en';
export type Text = Partial<Record<string, string>>;
export type Direction = 'lower' | 'higher' | 'neutral';
export type Cell = number | null;
/** Values by hour, then by feature. */
export type Grid = Cell[][];

export interface Interval {
  low: number;
  high: number;
  level?: number;
}

export interface City {
  id: string;
  name: Text;
  title: Text;
  description: Text;
  bbox: [number, number, number, number];
  view: { center: [number, number]; zoom: number };
  timezone: string;
  languages: string[];
  accent: string;
  operator: string;
  licence: string;
  attribution: { text: string; url: string; licence: string }[];
  version: string;
  ready: boolean;
  readiness: { step: string; share: number; text: Text } | null;
  baseline_run: string | null;
  /** What this city has beyond the map: pages without their part are not in the navigation. */
  parts: string[];
}

/** Who looks at the page; in mode `machine` nobody is asked. */
export interface Me {
  mode: 'machine' | 'open' | 'required';
  known: boolean;
  id: string;
  name: string;
  proof: 'none' | 'key' | 'token' | 'session' | 'machine';
  roles: string[];
  rights: string[];
}

export interface FieldInfo {
  name: string;
  title: Text;
  unit: string;
  direction?: Direction;
}

export type LayerRole = 'areas' | 'streets' | 'green' | 'water' | 'buildings' | 'observed';

export interface LayerInfo {
  id: string;
  title: Text;
  kind: 'line' | 'fill' | 'point' | 'extrusion';
  url: string;
  /** Of an extrusion: the template of its vector tiles, and the property that says how high a feature is [m]. */
  tiles?: string;
  height?: string;
  /** What a reader of this layer must know. */
  note?: Text;
  count: number;
  attribution: string | null;
  source: string | null;
  fields: FieldInfo[];
  time: 'hour' | 'day' | 'none';
  default: boolean;
  /** Part of the base map: drawn, but not worth a switch of its own at the top. */
  background?: boolean;
  role?: LayerRole;
  class?: string;
}

export interface Feature<P = Record<string, unknown>> {
  type: 'Feature';
  id: string;
  geometry: Geometry;
  properties: P;
}

export type Geometry =
  | { type: 'Point'; coordinates: number[] }
  | { type: 'LineString' | 'MultiPoint'; coordinates: number[][] }
  | { type: 'Polygon' | 'MultiLineString'; coordinates: number[][][] }
  | { type: 'MultiPolygon'; coordinates: number[][][][] };

export interface FeatureCollection<P = Record<string, unknown>> {
  type: 'FeatureCollection';
  features: Feature<P>[];
}

export interface SegmentProperties {
  name: string;
  length_m: number;
  lanes: number;
  speed_kmh: number;
}

export interface Series {
  feature: string;
  field: string;
  unit: string;
  times: string[];
  values: Cell[];
  source: string;
  lineage: string;
}

export interface Profile {
  field: string;
  unit: string;
  hours: number[];
  features: string[];
  values: Cell[][];
  period: { from: string; to: string } | null;
  days: string;
}

/** A figure of the city as it is: of a run with its interval, or measured by a source. */
export interface CityIndicator {
  name: string;
  title: Text;
  /** In plain words, for observed figures; those of models stand with the model. */
  meaning?: Text;
  unit: string;
  decimals: number;
  value: number;
  interval: Interval | null;
  at: string;
  run: string | null;
  source: string | null;
}

export interface IngestRun {
  id: string;
  started_at: string;
  finished_at: string | null;
  read: number;
  accepted: number;
  unchanged: number;
  quarantined: number;
  duplicates: number;
  observations: number;
  data_version: string;
}

export interface Source {
  id: string;
  title: Text;
  connector: string;
  owner: string;
  licence: string;
  url: string;
  schedule: string;
  entity_type: string;
  status: 'fresh' | 'closed' | 'unjudged' | 'stale' | 'failed' | 'never';
  last_run: IngestRun | null;
  newest_observation: string | null;
  /** Why it needs somebody's attention. */
  alarm: Text | null;
}

export interface Quality {
  status: Source['status'];
  badge: { grade: 'good' | 'fair' | 'poor' | 'unknown'; reasons: Text[] };
}

export interface StageOf {
  stage: 'draft' | 'in-review' | 'released' | 'deprecated';
  public: boolean;
  steps: { stage: string; at: string; by: string; why: string }[];
}

interface Named {
  id: string;
  title: Text;
}

export interface Impact {
  entity_type: string;
  /** The things themselves come from this source alone, not only figures about them. */
  makes: boolean;
  /** Attributes that no other source gives. */
  lost: string[];
  sources: Named[];
  models: (Named & { effect: 'cannot run' | 'calibration grows old'; misses: string[] })[];
  scenarios: Named[];
  layers: Named[];
  figures: Named[];
  breaks: boolean;
}

export interface Handover {
  id: string;
  source: string;
  name: string;
  sender: string;
  at: string;
  state: 'checked' | 'unusable' | 'released';
  counts: Record<string, number>;
  problems: { row: number; field: string; rule: string; message: string; expected: string; remark?: string }[];
  problem: string | null;
  marked_copy: string | null;
}

export interface QuarantineRow {
  id: string;
  row_number: number;
  fields: Record<string, unknown>;
  reasons: { field: string; rule: string; message: string; expected: string }[];
  run: string;
  at: string;
  state: 'held' | 'replayed' | 'dismissed';
}

export interface LineageNode {
  id: string;
  kind: 'source' | 'dataset' | 'mapping' | 'entity' | 'model' | 'calibration' | 'run' | 'indicator';
  title: string | Text;
  version: string | null;
  at: string | null;
  licence: string | null;
  detail: Record<string, unknown>;
}

export interface Lineage {
  id: string;
  nodes: LineageNode[];
  edges: [string, string][];
}

/** The row of a delivery that a value came from. */
export interface ValueOrigin {
  attribute: string;
  at: string | null;
  value: unknown;
  source: string;
  /** `sample` is the city package's own; only a retrieved delivery has a time. */
  delivery: { id: string; at?: string };
  mapping: { id: string; version: string };
  row: { number: number; fields: Record<string, unknown>; corrected: string[] };
  link: string;
  portal: string;
}

export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  where?: string;
  hint?: string;
  reasons?: { field: string; rule: string; message: string; expected: string }[];
}
