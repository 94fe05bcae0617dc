// The shapes of the twin's own API (docs/reference/twin-api.md), one type per thing the contract names.

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
  kind: 'line' | 'fill' | 'point';
  url: string;
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
  status: 'fresh' | 'stale' | 'failed' | 'never';
  last_run: IngestRun | null;
  newest_observation: string | null;
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

export interface Parameter {
  name: string;
  title: Text;
  kind: 'number' | 'integer' | 'boolean' | 'choice' | 'choices';
  unit: string;
  default: unknown;
  low: number | null;
  high: number | null;
  plausible: [number, number] | null;
  choices: string[];
  source: string;
}

export type Target = 'segments' | 'area' | 'polygon';

export interface Measure {
  name: string;
  title: Text;
  description: Text;
  targets: Target[];
  parameters: Parameter[];
}

export interface Figures {
  r2?: number;
  geh_below_5?: number;
  ratio?: number;
  n?: number;
  [name: string]: number | undefined;
}

export type CalibrationFigures = Partial<Record<'training' | 'held_out' | 'uncalibrated', Figures>>;

export interface Calibration {
  id: string;
  model: string;
  version: string;
  at: string;
  window: Window;
  figures: CalibrationFigures;
  points: [string, string, number, number][];
  notes: string[];
  cost_cpu_s: number;
  data_version: string;
}

export interface Model {
  id: string;
  version: string;
  title: Text;
  description: Text;
  validity: Text;
  parameters: Parameter[];
  measures: Measure[];
  indicators: { name: string; title: Text; unit: string; direction: Direction; decimals?: number }[];
  fields: FieldInfo[];
  needs: { name: string; type: string; attributes: string[] }[];
  calibration: Calibration | null;
}

export interface Window {
  start_hour: number;
  end_hour: number;
}

export interface Where {
  segments?: string[];
  area?: string;
  polygon?: Geometry;
}

export interface Override {
  measure: string;
  where: Where;
  parameters: Record<string, unknown>;
}

export interface ScenarioDraft {
  title: Text;
  question: Text;
  model: string;
  overrides: Override[];
  window: Window;
  base: string;
}

export interface Scenario extends ScenarioDraft {
  id: string;
  author: string;
  status: string;
  version: number;
  created_at: string | null;
  modified_at: string | null;
  latest_run: string | null;
  builtin: boolean;
}

export interface Check {
  allowed: boolean;
  reasons: { override: number | null; reason: string }[];
  affected: string[];
  estimate: { cpu_s: number; members: number; cached: boolean } | null;
}

export type RunStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface Progress {
  share: number;
  text: string | Text;
  members_done: number;
  members: number;
}

export interface Indicator {
  name: string;
  title: Text;
  unit: string;
  direction: Direction;
  decimals: number;
  value: number;
  interval: Interval | null;
}

export interface Run {
  id: string;
  scenario: string;
  scenario_version: number;
  status: RunStatus;
  progress: Progress;
  model: string;
  model_version: string;
  mode: string;
  window: Window;
  seed: number;
  members: number;
  data_version: string;
  started_at: string | null;
  finished_at: string | null;
  cost_cpu_s: number | null;
  cached: boolean;
  error: Problem | null;
  warnings: string[];
  indicators: Indicator[];
  calibration: CalibrationFigures | null;
  lineage: string;
}

export interface FieldResult {
  unit: string;
  mean: Grid;
  low: Grid;
  high: Grid;
}

export interface Results {
  features: string[];
  hours: number[];
  fields: Record<string, FieldResult>;
}

export type Verdict = 'likely better' | 'likely worse' | 'likely higher' | 'likely lower' | 'no clear change';

export interface Estimate {
  value: number;
  interval: Interval | null;
}

export interface IndicatorChange {
  name: string;
  title: Text;
  unit: string;
  decimals: number;
  direction: Direction;
  base: Estimate;
  with: Estimate;
  change: Estimate & { percent: number | null; percent_interval: Interval | null };
  verdict: Verdict;
}

export interface FieldChange {
  unit: string;
  change: Grid;
  low: Grid;
  high: Grid;
  clear: Grid;
}

export interface EquityRow {
  area: string;
  name: string;
  population: number | null;
  fragility: number | null;
  flow_change_percent: Estimate | null;
  nox_change_kg: Estimate | null;
  verdict: Verdict;
}

export interface Comparison {
  base: string;
  with: string;
  paired: boolean;
  members: number;
  indicators: IndicatorChange[];
  features: string[];
  hours: number[];
  fields: Record<string, FieldChange>;
  equity: EquityRow[];
  text: Text;
  calibration: CalibrationFigures | null;
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

export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  where?: string;
  hint?: string;
  reasons?: { field: string; rule: string; message: string; expected: string }[];
}
