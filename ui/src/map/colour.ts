// Data colours as lookups built from palette.json, the one place where they are written.
import palette from '../palette.json';
import type { Theme } from '../state/preferences.svelte';

export type Rgb = [number, number, number];
const STEPS = 256;

export const hexToRgb = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Rgb;

function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return a.map((channel, i) => Math.round(channel + (b[i] - channel) * share)) as Rgb;
}

function ramp(stops: string[]): Rgb[] {
  const colours = stops.map(hexToRgb);
  return Array.from({ length: STEPS }, (_, step) => {
    const at = (step / (STEPS - 1)) * (colours.length - 1);
    const low = Math.min(colours.length - 2, Math.floor(at));
    return mix(colours[low], colours[low + 1], at - low);
  });
}

const both = (stops: Record<Theme, string[]>): Record<Theme, Rgb[]> => ({ light: ramp(stops.light), dark: ramp(stops.dark) });
const SEQUENTIAL = both(palette.sequential);
const DIVERGING = both(palette.diverging);

const pick = (colours: Rgb[], share: number): Rgb => colours[Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1))];

/** Share 0..1 of the scale. */
export const sequential = (theme: Theme, share: number): Rgb => pick(SEQUENTIAL[theme], share);
/** Share -1..1 of the scale. */
export const diverging = (theme: Theme, share: number): Rgb => pick(DIVERGING[theme], (share + 1) / 2);
export const noData = (theme: Theme): Rgb => hexToRgb(palette.base[theme].noData);

export const sequentialStops = (theme: Theme): string[] => palette.sequential[theme];
export const divergingStops = (theme: Theme): string[] => palette.diverging[theme];
