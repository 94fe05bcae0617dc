// What the whole session shares: the city, its layers and its models, loaded once the twin says it is ready.
import { ApiError, getCity, listLayers, listModels } from '../api/client';
import type { City, LayerInfo, Model, Text } from '../api/types';

const POLL_MS = 1000;
const REFUSED = [401, 403];

/** Whoever may not see something sees the page all the same, without it. */
const unlessRefused = <T>(asked: Promise<T[]>): Promise<T[]> =>
  asked.catch((error) => {
    if (error instanceof ApiError && REFUSED.includes(error.problem.status)) return [];
    throw error;
  });

class CityState {
  city = $state.raw<City | null>(null);
  layers = $state.raw<LayerInfo[]>([]);
  models = $state.raw<Model[]>([]);
  loaded = $state(false);
  error = $state<string | null>(null);

  /** Ask until the twin is ready, then load what every page needs. Never rejects: a lost server is shown, then retried. */
  async start(): Promise<void> {
    try {
      this.city = await getCity();
      this.error = null;
      if (this.city.ready) return await this.#load();
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    setTimeout(() => this.start(), POLL_MS);
  }

  async #load() {
    [this.layers, this.models] = await Promise.all([unlessRefused(listLayers()), unlessRefused(listModels())]);
    this.loaded = true;
  }

  /** The model whose results the map shows. */
  get model(): Model | null {
    return this.models.find((model) => model.fields.length > 0) ?? null;
  }

  /** Whether what the map shows stands for a whole period, such as a year, and no hour can be chosen. */
  get timeless(): boolean {
    return this.model !== null && !this.model.hours_matter;
  }

  modelOf(id: string): Model | null {
    return this.models.find((model) => model.id === id) ?? null;
  }

  /** The titles by which models ask for entities of a type: several where a type stands for several things. */
  titlesOf(type: string): Text[] {
    const named = this.models.flatMap(({ needs }) => needs).flatMap((need) => (need.type === type && need.title ? [need.title] : []));
    return [...new Map(named.map((title) => [title.en, title])).values()];
  }

  /** What a model's figure means, in plain words. Two models may give figures of one name: the title tells them apart. */
  meaningOf(name: string, title: Text): Text | null {
    const named = this.models.flatMap(({ indicators }) => indicators).filter((one) => one.name === name && one.meaning);
    return (named.find((one) => one.title.en === title.en) ?? named[0])?.meaning ?? null;
  }

  /** Calibrations are made when a model first runs: ask again where they are shown. */
  async refreshModels() {
    this.models = await listModels();
  }

  /** Take up a new baseline after a recalculation. */
  async refresh() {
    this.city = await getCity();
  }
}

export const cityState = new CityState();
