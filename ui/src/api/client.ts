// One function per call of the twin's API. No host anywhere: the UI talks to the server it came from.
import type { Alert, Fairness, Forecast, LearnedModel, Question, Recommendation, Sensitivity, Service } from './analysis';
import type {
  CalibrationHistory, Check, City, CityIndicator, Comparison, FeatureCollection, Handover, Impact, Lineage, LayerInfo, Me, Model, Problem, Profile, Quality,
  QuarantineRow, Results, Run, Scenario, ScenarioDraft, SegmentProperties, Series, Source, StageOf,
  IngestRun, ValueOrigin,
} from './types';

import type { Atlas, AtlasSummary, Dashboard, Peers, Things, ViewSummary } from './views';

/** How a reader is told of a problem in their language; the shell says so, for this module knows no language. */
let retold: (problem: Problem) => string = ({ title, detail }) => detail || title;
export const retellWith = (words: typeof retold) => (retold = words);

/** A refusal or failure of the server (RFC 9457), in the reader's words and then in the server's. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(retold(problem));
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { title: response.statusText || 'Error', status: response.status };
  try {
    return { ...fallback, ...(await response.json()) };
  } catch {
    return fallback;
  }
}

async function request(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(`/api/${path}`, init).catch((cause: Error) => {
    throw cause.name === 'AbortError' ? cause : new ApiError({ title: cause.message, status: 0 });
  });
  if (!response.ok) throw new ApiError(await problemOf(response));
  return response;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request(path, { signal })).json();
}

export async function send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const init = { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body ?? {}) };
  const response = await request(path, init);
  return response.status === 204 ? (undefined as T) : response.json();
}

/** Send a file as it is. */
export async function upload<T>(path: string, file: File): Promise<T> {
  return (await request(path, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: file })).json();
}

export const part = encodeURIComponent;

export const getCity = () => get<City>('city');
export const getMe = () => get<Me>('identity/me');
export const signOut = () => send<void>('POST', 'identity/logout');
export const signInUrl = (following: string) => `/api/identity/login?next=${part(following)}`;
export const listIndicators = () => get<CityIndicator[]>('indicators');
export const listLayers = () => get<LayerInfo[]>('map/layers');
export const getLayer = (id: string, signal?: AbortSignal) => get<FeatureCollection>(`map/layers/${part(id)}`, signal);
export const getProfile = (layer: string, field: string) =>
  get<Profile>(`map/profile/${part(layer)}?field=${part(field)}`);
export const getSeries = (layer: string, feature: string, field: string) =>
  get<Series>(`map/series/${part(layer)}?feature=${part(feature)}&field=${part(field)}&period=PT1H`);

export const listSources = () => get<Source[]>('sources');
export const getSource = (id: string) => get<Source & { runs: IngestRun[] }>(`sources/${part(id)}`);
export const runSource = (id: string, dryRun = false) =>
  send<IngestRun>('POST', `sources/${part(id)}/runs`, { dry_run: dryRun });
export const listQuarantine = (id: string, offset = 0, limit = 50) =>
  get<{ total: number; rows: QuarantineRow[] }>(`sources/${part(id)}/quarantine?limit=${limit}&offset=${offset}`);
export const replayRow = (id: string, row: string, fields: Record<string, unknown>) =>
  send<QuarantineRow>('POST', `sources/${part(id)}/quarantine/${part(row)}/replay`, { fields });

export const getImpact = (source: string) => get<Impact>(`sources/${part(source)}/impact`);
export const getQuality = (dataset: string) => get<Quality>(`datasets/${part(dataset)}/quality?limit=1`);
export const getStage = (dataset: string) => get<StageOf>(`datasets/${part(dataset)}/stage`);

export const getHandovers = (source: string) => get<Handover[]>(`sources/${part(source)}/handovers`);
export const submitHandover = (source: string, file: File, sender: string, language: string) =>
  upload<Handover>(`sources/${part(source)}/handovers?${new URLSearchParams({ name: file.name, sender, lang: language })}`, file);
export const releaseHandover = (source: string, id: string, by: string) =>
  send<Handover>('POST', `sources/${part(source)}/handovers/${part(id)}/release`, { by });

export const listModels = () => get<Model[]>('models');
export const getModelFeatures = (id: string) =>
  get<FeatureCollection<SegmentProperties>>(`models/${part(id)}/features`);

export const getModelFairness = (id: string) => get<Fairness>(`models/${part(id)}/fairness`);
export const getCalibrations = (model: string) => get<CalibrationHistory>(`models/${part(model)}/calibrations`);
export const startFitting = (model: string, kind: 'calibration' | 'evaluation') => send<unknown>('POST', `models/${part(model)}/${kind}`);
export const listLearnedModels = async () => (await get<{ models: LearnedModel[] }>('ai-models')).models;
export const listAlerts = async () => (await get<{ alerts: Alert[] }>('alerts')).alerts;

export const listScenarios = async () => (await get<{ scenarios: Scenario[] }>('scenarios')).scenarios;
export const getScenario = (id: string) => get<Scenario>(`scenarios/${part(id)}`);
export const createScenario = (draft: ScenarioDraft) => send<Scenario>('POST', 'scenarios', draft);
export const updateScenario = (id: string, scenario: ScenarioDraft & { version: number }) =>
  send<Scenario>('PUT', `scenarios/${part(id)}`, scenario);
export const deleteScenario = (id: string) => send<void>('DELETE', `scenarios/${part(id)}`);
export const checkScenario = (draft: ScenarioDraft) => send<Check>('POST', 'scenarios/check', draft);
export const startRun = (id: string) => send<Run>('POST', `scenarios/${part(id)}/runs`, { mode: 'interactive' });

export const getRun = (id: string) => get<Run>(`runs/${part(id)}`);
export const cancelRun = (id: string) => send<Run>('DELETE', `runs/${part(id)}`);
export const getResults = (id: string) => get<Results>(`runs/${part(id)}/results`);
export const getComparison = (base: string, scenario: string) =>
  get<Comparison>(`comparisons?base=${part(base)}&with=${part(scenario)}`);
export const listServices = async () => (await get<{ services: Service[] }>('services')).services;
export const startService = (id: string, levers: Record<string, unknown>) =>
  send<Run>('POST', `services/${part(id)}/runs`, { levers });
export const explainRun = (id: string, points: number) => send<Sensitivity>('POST', `runs/${part(id)}/sensitivity`, { points });
export const getSensitivity = (id: string) => get<Sensitivity>(`runs/${part(id)}/sensitivity`);

export const listRecommendations = async () => (await get<{ recommendations: Recommendation[] }>('recommendations')).recommendations;
export const getRecommendation = (id: string) => get<Recommendation>(`recommendations/${part(id)}`);
export const startRecommendation = (question: Question) => send<Recommendation>('POST', 'recommendations', question);

export const listForecasts = () => get<Forecast[]>('forecasts');
export const getForecast = (id: string, feature?: string) =>
  get<Forecast>(`forecasts/${part(id)}${feature ? `?feature=${part(feature)}` : ''}`);
export const startForecast = (id: string) => send<Forecast>('POST', `forecasts/${part(id)}/runs`);

export const listDashboards = async () => (await get<{ dashboards: ViewSummary[] }>('dashboards')).dashboards;
export const getDashboard = (id: string, day?: string) => get<Dashboard>(`dashboards/${part(id)}${day ? `?date=${part(day)}` : ''}`);
export const getPeers = (id: string, keys: string[] = []) =>
  get<Peers>(`dashboards/${part(id)}/peers${keys.length > 0 ? `?keys=${keys.map(part).join(',')}` : ''}`);
export const listAtlases = async () => (await get<{ atlases: ViewSummary[] }>('atlases')).atlases;
export const getAtlas = (id: string) => get<Atlas>(`atlases/${part(id)}`);
export const getAtlasSummary = (id: string, asked: string, signal?: AbortSignal) => get<AtlasSummary>(`atlases/${part(id)}/summary?${asked}`, signal);
export const getAtlasThings = (id: string, asked: string, signal?: AbortSignal) => get<Things>(`atlases/${part(id)}/features?${asked}`, signal);
export const atlasFileUrl = (id: string, asked: string, form: string, language: string) =>
  `/api/atlases/${part(id)}/export?format=${form}&lang=${language}${asked ? `&${asked}` : ''}`;

export const getAtlasFile = async (id: string, asked: string, form: string, language: string) =>
  (await request(atlasFileUrl(id, asked, form, language).replace('/api/', ''))).blob();

export const getLineage = (id: string) => get<Lineage>(`lineage/${part(id)}`);

export const getValueOrigin = (entity: string, attribute: string) =>
  get<ValueOrigin>(`lineage/value?entity=${part(entity)}&attribute=${part(attribute)}`);

export const reportUrl = (run: string, form: 'html' | 'pdf' | 'docx', language: string) => `/api/runs/${part(run)}/report?format=${form}&lang=${language}`;
export const resultsCsvUrl = (run: string) => `/api/runs/${part(run)}/results.csv`;
