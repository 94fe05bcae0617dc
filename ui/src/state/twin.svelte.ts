// The figures behind the map page: the baseline run, the chosen scenario's latest run and their comparison.
import { ApiError, getComparison, getLayer, getModelFeatures, getProfile, getResults, getRun, listScenarios } from '../api/client';
import type {
  Comparison, Feature, FeatureCollection, LayerInfo, Profile, Results, Run, Scenario, SegmentProperties,
} from '../api/types';
import { cityState } from './city.svelte';

export interface RunData {
  run: Run;
  results: Results;
}

/** The world as it is: what scenarios are compared with, not one of them. */
const BASELINE = 'baseline';
const CONFLICT = 409;

interface Compared {
  data: RunData;
  comparison: Comparison;
  today: RunData | null;
}

async function loadRun(id: string): Promise<RunData> {
  const [run, results] = await Promise.all([getRun(id), getResults(id)]);
  return { run, results };
}

class Twin {
  segments = $state.raw<FeatureCollection<SegmentProperties> | null>(null);
  baseline = $state.raw<RunData | null>(null);
  scenarioRun = $state.raw<RunData | null>(null);
  comparison = $state.raw<Comparison | null>(null);
  /** The baseline of the scenario's own hours, where they are not those of the city's baseline. */
  #ownBaseline = $state.raw<RunData | null>(null);
  scenarios = $state.raw<Scenario[]>([]);
  profiles = $state.raw<Record<string, Profile>>({});
  layerData = $state.raw<Record<string, FeatureCollection>>({});
  error = $state<string | null>(null);
  /** The chosen scenario was run in a world that has changed since: it must be run again to be compared. */
  outdated = $state(false);
  #wanted: string | null = null;
  #refreshFailed: string | null = null;

  /** Segments by entity id. */
  readonly segmentById = $derived(new Map((this.segments?.features ?? []).map((feature) => [feature.id, feature])));

  /** Today as it is compared with the chosen scenario; without one the city's baseline. */
  get today(): RunData | null {
    return this.#ownBaseline ?? this.baseline;
  }

  async loadScenarios() {
    this.scenarios = (await listScenarios()).filter((scenario) => scenario.id !== BASELINE);
  }

  async loadSegments() {
    const model = cityState.model;
    if (model && !this.segments) this.segments = await getModelFeatures(model.id);
  }

  async loadBaseline() {
    const id = cityState.city?.baseline_run;
    if (id && this.baseline?.run.id !== id) this.baseline = await loadRun(id);
  }

  /** Load what is needed to show a scenario against today; `null` goes back to today alone. */
  async choose(scenario: Scenario | null) {
    const id = scenario?.latest_run ?? null;
    this.#wanted = id;
    this.error = null;
    this.outdated = false;
    if (!id || !cityState.city?.baseline_run) {
      this.scenarioRun = this.comparison = this.#ownBaseline = null;
      return;
    }
    if (this.scenarioRun?.run.id === id) return;
    const found = await this.#load(cityState.city.baseline_run, id);
    if (this.#wanted !== id) return; // another scenario was chosen meanwhile
    this.scenarioRun = found?.data ?? null;
    this.comparison = found?.comparison ?? null;
    this.#ownBaseline = found?.today ?? null;
    this.outdated = found === null;
  }

  /** A run and its comparison with today; null where the server says that the two cannot be compared. */
  async #load(baseline: string, id: string): Promise<Compared | null> {
    try {
      const [data, comparison] = await Promise.all([loadRun(id), getComparison(baseline, id)]);
      const today = comparison.base === baseline ? null : await loadRun(comparison.base);
      return { data, comparison, today };
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === CONFLICT) return null;
      throw error;
    }
  }

  async loadLayer(layer: LayerInfo) {
    if (layer.kind === 'extrusion' || this.layerData[layer.id]) return; // the map fetches tiles of its own
    const data = await getLayer(layer.id);
    this.layerData = { ...this.layerData, [layer.id]: data };
  }

  /** Fetch what is shown again, after the twin changed: a server that is away says so until it is back. */
  async refresh(layers: LayerInfo[]) {
    try {
      await this.#fetchAgain(layers);
      if (this.error === this.#refreshFailed) this.error = null;
    } catch (error) {
      this.error = this.#refreshFailed = error instanceof Error ? error.message : String(error);
    }
  }

  /** Streets and areas change with a new city package only. */
  async #fetchAgain(layers: LayerInfo[]) {
    for (const layer of layers.filter((one) => this.layerData[one.id])) {
      const data = await getLayer(layer.id);
      this.layerData = { ...this.layerData, [layer.id]: data };
    }
    await cityState.refresh();
    await this.loadBaseline();
  }

  /** The weekday profile of an observed layer's first field, for the time dock and the points. */
  async loadProfile(layer: LayerInfo) {
    const field = layer.fields[0]?.name;
    if (!field || this.profiles[layer.id]) return;
    const profile = await getProfile(layer.id, field);
    this.profiles = { ...this.profiles, [layer.id]: profile };
  }

  /** Any feature the page knows, with the layer it stands in (`null`: a street of the model). */
  find(id: string | null): { feature: Feature; layer: LayerInfo | null } | null {
    if (!id) return null;
    const segment = this.segmentById.get(id);
    if (segment) return { feature: segment as unknown as Feature, layer: null };
    for (const layer of cityState.layers) {
      const feature = this.layerData[layer.id]?.features.find((candidate) => candidate.id === id);
      if (feature) return { feature, layer };
    }
    return null;
  }
}

export const twin = new Twin();
