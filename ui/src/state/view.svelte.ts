// What the map page shows, read from and written to the URL: mode, hour, field, scenario, selection, layers, camera.
import { cityState } from './city.svelte';
import type { Results } from '../api/types';
import { route } from './route.svelte';

export const MODES = ['today', 'scenario', 'compare', 'difference'] as const;
export type Mode = (typeof MODES)[number];

const isMode = (text: string | undefined): text is Mode => MODES.includes(text as Mode);
const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

class View {
  playing = $state(false);

  get scenario(): string | null {
    return route.query.scenario ?? null;
  }

  set scenario(id: string | null) {
    route.set({ scenario: id, mode: id ? (this.mode === 'today' ? 'compare' : this.mode) : null });
  }

  get mode(): Mode {
    return isMode(route.query.mode) ? route.query.mode : 'today';
  }

  set mode(mode: Mode) {
    route.set({ mode });
  }

  get hour(): number {
    const hour = Number(route.query.h ?? 8);
    return Number.isFinite(hour) ? clamp(Math.round(hour), 0, 23) : 8;
  }

  set hour(hour: number) {
    route.set({ h: ((hour % 24) + 24) % 24 });
  }

  get field(): string {
    return route.query.f ?? 'flow';
  }

  set field(name: string) {
    route.set({ f: name });
  }

  /** Where the swipe divider stands, in per cent of the map's width. */
  get split(): number {
    const split = Number(route.query.s ?? 50);
    return Number.isFinite(split) ? clamp(split, 2, 98) : 50;
  }

  set split(percent: number) {
    route.set({ s: Math.round(clamp(percent, 2, 98)) });
  }

  get selected(): string | null {
    return route.query.sel ?? null;
  }

  set selected(id: string | null) {
    route.set({ sel: id });
  }

  get table(): boolean {
    return route.query.table === '1';
  }

  set table(open: boolean) {
    route.set({ table: open ? 1 : null });
  }

  /** Layers the reader switched from their default, e.g. `-areas,+air`. */
  shows(layer: string, byDefault: boolean): boolean {
    const switched = (route.query.layers ?? '').split(',').find((entry) => entry.slice(1) === layer);
    return switched ? switched[0] === '.' : byDefault;
  }

  toggle(layer: string, byDefault: boolean) {
    const others = (route.query.layers ?? '').split(',').filter((entry) => entry && entry.slice(1) !== layer);
    const shown = !this.shows(layer, byDefault);
    const own = shown === byDefault ? [] : [`${shown ? '.' : '-'}${layer}`];
    route.set({ layers: [...others, ...own].join(',') });
  }

  get camera(): number[] | null {
    const numbers = (route.query.v ?? '').split(',').map(Number);
    return numbers.length === 5 && numbers.every(Number.isFinite) ? numbers : null;
  }

  set camera(numbers: number[]) {
    const [lng, lat, zoom, pitch, bearing] = numbers;
    route.set({ v: [lng.toFixed(5), lat.toFixed(5), zoom.toFixed(2), pitch.toFixed(0), bearing.toFixed(0)].join(',') });
  }
}

export const view = new View();

/** Row of `results` for an hour of the day, or -1 where the model gives none; the only one where hours do not matter. */
export const hourIndex = (results: Pick<Results, 'hours'> | null, hour: number): number =>
  results ? (cityState.timeless ? 0 : results.hours.indexOf(hour)) : -1;
