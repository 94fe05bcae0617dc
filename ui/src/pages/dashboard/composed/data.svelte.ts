// What tiles show, asked for once however many tiles show it, and anew when the twin changes. Each answer comes with the
// reader's own rights: what is refused is said in the tile that wanted it.
import { getDashboard, getForecast, getLayer, getSeries, listAlerts, listIndicators } from '../../../api/client';
import type { ComposedTile } from '../../../api/composing';
import type { Alert, Forecast } from '../../../api/analysis';
import type { CityIndicator, FeatureCollection, Series } from '../../../api/types';
import type { Dashboard } from '../../../api/views';

export type Loaded<T> = { value: T; error: null } | { value: null; error: string };

export class BoardData {
  #kept = $state.raw<Record<string, Loaded<unknown>>>({});
  #asked = new Map<string, () => Promise<unknown>>();

  indicators = () => this.#of<CityIndicator[]>('indicators', listIndicators);
  alerts = () => this.#of<Alert[]>('alerts', listAlerts);
  dashboard = (id: string) => this.#of<Dashboard>(`dashboard ${id}`, () => getDashboard(id));
  layer = (id: string) => this.#of<FeatureCollection>(`layer ${id}`, () => getLayer(id));
  forecast = (id: string, feature: string) => this.#of<Forecast>(`forecast ${id} ${feature}`, () => getForecast(id, feature));
  series = ({ layer = '', feature = '', field = '' }: ComposedTile) => this.#of<Series>(`series ${layer} ${feature} ${field}`, () => getSeries(layer, feature, field));

  /** Ask again for everything that is shown; what was there stays until the answer comes. */
  refresh() {
    for (const [key, load] of this.#asked) this.#load(key, load);
  }

  #of<T>(key: string, load: () => Promise<T>): Loaded<T> | null {
    if (!this.#asked.has(key)) {
      this.#asked.set(key, load);
      this.#load(key, load);
    }
    return (this.#kept[key] as Loaded<T> | undefined) ?? null;
  }

  #load(key: string, load: () => Promise<unknown>) {
    load().then(
      (value) => (this.#kept = { ...this.#kept, [key]: { value, error: null } }),
      (cause: Error) => (this.#kept = { ...this.#kept, [key]: { value: null, error: cause.message } }),
    );
  }
}
