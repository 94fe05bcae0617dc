// The figures behind the map page: the baseline run, the chosen scenario's latest run and their comparison.
import { getComparison, getLayer, getModelFeatures, getProfile, getResults, getRun, listScenarios } from '../api/client';
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

async function loadRun(id: string): Promise<RunData> {
  const [run, results] = await Promise.all([getRun(id), getResults(id)]);
  return { run, results };
}

class Twin {
  segments = $state.raw<FeatureCollection<SegmentProperties> | null>(null);
  baseline = $state.raw<RunData | null>(null);
  scenarioRun = $state.raw<RunData | null>(null);
  comparison = $state.raw<Comparison | null>(null);
  scenarios = $state.raw<Scenario[]>([]);
  profiles = $state.raw<Record<string, Profile>>({});
  layerData = $state.raw<Record<string, FeatureCollection>>({});
  error = $state<string | null>(null);
  #wanted: string | null = null;

  /** Segments by entity id. */
  readonly segmentById = $derived(new Map((this.segments?.features ?? []).map((feature) => [feature.id, feature])));

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
    if (!id || !cityState.city?.baseline_run) {
      this.scenarioRun = this.comparison = null;
      return;
    }
    if (this.scenarioRun?.run.id === id) return;
    const [data, comparison] = await Promise.all([loadRun(id), getComparison(cityState.city.baseline_run, id)]);
    if (this.#wanted !== id) return; // another scenario was chosen meanwhile
    this.scenarioRun = data;
    this.comparison = comparison;
  }

  async loadLayer(layer: LayerInfo) {
    if (this.layerData[layer.id]) return;
    const data = await getLayer(layer.id);
    this.layerData = { ...this.layerData, [layer.id]: data };
  }

  /** Fetch what is shown again, after the twin changed. Streets and areas change with a new city package only. */
  async refresh(layers: LayerInfo[]) {
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
