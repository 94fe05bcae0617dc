// Where a model's measures can be placed: the features its results refer to, by name.
import { getModelFeatures } from '../../api/client';
import type { Feature, Model, SegmentProperties } from '../../api/types';
import type { Option } from '../../components/Combobox.svelte';
import { t, type Key } from '../../i18n';
import { cityState } from '../../state/city.svelte';
import { twin } from '../../state/twin.svelte';
import { shortId } from '../map/rows';

type Place = Feature<SegmentProperties>;
const KINDS: Record<string, Key> = { LineString: 'street', MultiLineString: 'street', Polygon: 'area', MultiPolygon: 'area' };

export class Places {
  features = $state.raw<Place[]>([]);
  #model = '';

  readonly byId = $derived(new Map(this.features.map((feature) => [feature.id, feature])));
  readonly options = $derived.by((): Option[] =>
    this.features
      .map((feature) => ({ id: feature.id, label: this.nameOf(feature.id), detail: `${t(KINDS[feature.geometry.type] ?? 'place')} ${shortId(feature.id)}` }))
      .sort((a, b) => a.label.localeCompare(b.label)),
  );

  async load(model: Model) {
    this.#model = model.id;
    if (model.id === cityState.model?.id) {
      await twin.loadSegments();
      return this.#take(model.id, twin.segments?.features ?? []);
    }
    this.#take(model.id, (await getModelFeatures(model.id)).features);
  }

  /** Whoever turned to another model meanwhile does not get the first one's places. */
  #take(model: string, features: Place[]) {
    if (model === this.#model) this.features = features;
  }

  nameOf(id: string): string {
    return this.byId.get(id)?.properties.name || shortId(id);
  }
}
