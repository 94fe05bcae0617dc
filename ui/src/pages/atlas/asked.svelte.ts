// The question to an atlas, read from and written to the URL, and the same as a query of the API.
import type { Atlas } from '../../api/views';
import { route } from '../../state/route.svelte';

const SEPARATOR = ',';
const list = (text: string | undefined): string[] => (text ?? '').split(SEPARATOR).filter(Boolean);
const number = (text: string | undefined): string => (text && Number.isFinite(Number(text)) ? text : '');

class Asked {
  /** Layers that are on; without a choice those that the city shows first. */
  layers(atlas: Atlas): string[] {
    const chosen = route.query.layers;
    const known = atlas.layers.filter(({ problem }) => !problem);
    return known.filter(({ id, default: first }) => (chosen === undefined ? first : list(chosen).includes(id))).map(({ id }) => id);
  }

  toggle(atlas: Atlas, id: string) {
    const on = this.layers(atlas);
    const next = on.includes(id) ? on.filter((one) => one !== id) : [...on, id];
    route.set({ layers: next.join(SEPARATOR) || '-' });
  }

  get carrier(): string {
    return route.query.carrier ?? '';
  }

  get state(): string {
    return route.query.state ?? '';
  }

  get area(): string {
    return route.query.area ?? '';
  }

  get from(): string {
    return number(route.query.from);
  }

  get to(): string {
    return number(route.query.to);
  }

  get filtered(): boolean {
    return [this.carrier, this.state, this.area, this.from, this.to].some(Boolean);
  }

  clear() {
    route.set({ carrier: null, state: null, area: null, from: null, to: null });
  }

  /** Empty where no layer is on: then nothing is asked. */
  query(atlas: Atlas): string {
    const layers = this.layers(atlas);
    if (layers.length === 0) return '';
    const search = new URLSearchParams({ layers: layers.join(SEPARATOR) });
    const given = { carriers: this.carrier, states: this.state, areas: this.area, from: this.from, to: this.to };
    for (const [name, value] of Object.entries(given)) if (value) search.set(name, value);
    return search.toString();
  }
}

export const asked = new Asked();
