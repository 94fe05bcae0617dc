// The map's own style, from the twin's own layers: no tiles, no glyphs, no third-party host. Labels use the page's web font.
import type { ExpressionSpecification, FilterSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl';
import type { LayerInfo, LayerRole } from '../api/types';
import palette from '../palette.json';
import { isOverlay, roleOf } from './roles';
import type { Theme } from '../state/preferences.svelte';

const FONT = ['Atkinson Hyperlegible Next'];
type Colours = (typeof palette.base)['light'];

/** From the back of the map to its front. */
const ORDER: LayerRole[] = ['areas', 'green', 'water', 'buildings', 'streets', 'observed'];
export const sourceId = (layer: string): string => `layer-${layer}`;

/** Between these zooms tiles are fetched; above, the last ones are magnified. */
const NEAREST_TILES = 13;
const FARTHEST_TILES = 16;

const WIDTHS: Record<string, number> = {
  motorway: 4.2, trunk: 4, primary: 3.6, secondary: 3, tertiary: 2.4, residential: 1.5, living_street: 1.3,
};

function streetWidth(layer: LayerInfo, extra: number): ExpressionSpecification {
  const property = layer.class ?? 'roadClass';
  const byClass = Object.entries(WIDTHS).flatMap(([name, width]) => [name, width]);
  const width = ['match', ['get', property], ...byClass, 1.2];
  const at = (factor: number) => ['+', ['*', width, factor], extra];
  return ['interpolate', ['exponential', 1.6], ['zoom'], 11, at(0.25), 14, at(1), 17, at(5)] as unknown as ExpressionSpecification;
}

function streets(layer: LayerInfo, c: Colours): LayerSpecification[] {
  const source = sourceId(layer.id);
  const layout = { 'line-cap': 'round', 'line-join': 'round' } as const;
  return [
    { id: `${source}-casing`, type: 'line', source, layout, paint: { 'line-color': c.casing, 'line-width': streetWidth(layer, 1.4) } },
    { id: source, type: 'line', source, layout, paint: { 'line-color': c.street, 'line-width': streetWidth(layer, 0) } },
  ];
}

function areas(layer: LayerInfo, c: Colours): LayerSpecification[] {
  const source = sourceId(layer.id);
  return [
    { id: source, type: 'fill', source, paint: { 'fill-color': c.area } },
    { id: `${source}-line`, type: 'line', source, paint: { 'line-color': c.areaLine, 'line-width': 1.2, 'line-dasharray': [4, 2] } },
  ];
}

/** Real outlines, as high as the twin says; from far away, where a house is a pixel, they are left out. */
function buildings(layer: LayerInfo, c: Colours): LayerSpecification[] {
  const height = ['coalesce', ['get', layer.height!], 0] as unknown as ExpressionSpecification;
  return [{
    id: sourceId(layer.id), type: 'fill-extrusion', source: sourceId(layer.id), 'source-layer': collectionOf(layer), minzoom: NEAREST_TILES,
    paint: { 'fill-extrusion-color': c.building, 'fill-extrusion-height': height, 'fill-extrusion-opacity': 0.9, 'fill-extrusion-vertical-gradient': true },
  }];
}

/** Tiles have one layer, called like their collection. */
const collectionOf = (layer: LayerInfo): string => decodeURIComponent(layer.tiles!.split('/')[3]);

function plain(layer: LayerInfo, colour: string): LayerSpecification[] {
  const source = sourceId(layer.id);
  if (layer.kind === 'line') return [{ id: source, type: 'line', source, paint: { 'line-color': colour, 'line-width': 2 } }];
  return [{ id: source, type: 'fill', source, paint: { 'fill-color': colour } }];
}

/** Layers that are off unless asked for lie over the base map, in the accent colour. */
function overlay(layer: LayerInfo, c: Colours): LayerSpecification[] {
  const source = sourceId(layer.id);
  const line: LayerSpecification = {
    id: `${source}-line`, type: 'line', source,
    paint: { 'line-color': c.accent, 'line-width': 1.8, 'line-dasharray': [2, 1.6] },
  };
  const fill: LayerSpecification = { id: source, type: 'fill', source, paint: { 'fill-color': c.accent, 'fill-opacity': 0.1 } };
  return layer.kind === 'fill' ? [fill, line] : [line];
}

function layersOf(layer: LayerInfo, c: Colours): LayerSpecification[] {
  const role = roleOf(layer);
  if (layer.kind === 'extrusion') return buildings(layer, c);
  if (isOverlay(layer)) return overlay(layer, c);
  if (role === 'streets') return streets(layer, c);
  if (role === 'areas') return areas(layer, c);
  if (role === 'observed') return [];
  return plain(layer, c[role === 'buildings' ? 'building' : role]);
}

function streetLabels(layer: LayerInfo, c: Colours): LayerSpecification {
  const source = sourceId(layer.id);
  return {
    id: `${source}-label`, type: 'symbol', source, minzoom: 13.5,
    layout: {
      'symbol-placement': 'line', 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 11.5,
      'text-padding': 12, 'text-max-angle': 25, 'symbol-spacing': 420,
    },
    paint: { 'text-color': c.label, 'text-halo-color': c.halo, 'text-halo-width': 1.6 },
  };
}

function areaLabels(layer: LayerInfo, c: Colours): LayerSpecification {
  const source = sourceId(layer.id);
  return {
    id: `${source}-label`, type: 'symbol', source, maxzoom: 14.8,
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 12, 'text-max-width': 8, 'text-padding': 18 },
    paint: { 'text-color': c.label, 'text-halo-color': c.halo, 'text-halo-width': 1.6 },
  };
}

function labels(layer: LayerInfo, c: Colours): LayerSpecification[] {
  const role = roleOf(layer);
  if (role === 'streets' && !isOverlay(layer)) return [streetLabels(layer, c)];
  if (isOverlay(layer)) return [];
  return role === 'areas' ? [areaLabels(layer, c)] : [];
}

/** Observed points: a ring in the page's colour, filled by the value of the hour (feature-state `colour`). */
function points(layer: LayerInfo, c: Colours): LayerSpecification[] {
  const source = sourceId(layer.id);
  const radius = ['interpolate', ['linear'], ['zoom'], 11, 3, 14, 5.5, 17, 9] as unknown as ExpressionSpecification;
  return [{
    id: source, type: 'circle', source,
    paint: {
      'circle-radius': radius,
      'circle-color': ['coalesce', ['feature-state', 'colour'], c.noData],
      'circle-stroke-color': ['case', ['boolean', ['feature-state', 'selected'], false], c.scenario, c.pointLine],
      'circle-stroke-width': ['case', ['boolean', ['feature-state', 'selected'], false], 3.5, 1.6],
    },
  }];
}

const AREAS = ['==', ['geometry-type'], 'Polygon'] as unknown as FilterSpecification;

/**
 * The model's streets and areas as MapLibre sees them: a halo for what is chosen, borders, and what is unseen to click on. Chosen
 * ones are a source of their own; a halo that is clear for all others would be drawn for each of them, every frame.
 */
function modelLayers(c: Colours): LayerSpecification[] {
  const layout = { 'line-cap': 'round', 'line-join': 'round' } as const;
  const halo = ['case', ['boolean', ['get', 'selected'], false], c.scenario, c.accent] as unknown as ExpressionSpecification;
  const width = ['interpolate', ['linear'], ['zoom'], 11, 5, 14, 11, 17, 26] as unknown as ExpressionSpecification;
  return [
    { id: 'model-halo', type: 'line', source: 'chosen', layout, paint: { 'line-color': halo, 'line-width': width, 'line-offset': 3, 'line-opacity': 0.55 } },
    { id: 'model-edge', type: 'line', source: 'model', filter: AREAS, paint: { 'line-color': c.label, 'line-width': 0.8, 'line-opacity': 0.6 } },
    { id: 'model-hit-area', type: 'fill', source: 'model', filter: AREAS, paint: { 'fill-color': c.noData, 'fill-opacity': 0 } },
    { id: 'model-hit', type: 'line', source: 'model', layout, paint: { 'line-color': c.noData, 'line-width': 14, 'line-opacity': 0 } },
  ];
}

/** Things of an atlas: colour and radius are properties, so that a page decides what they mean. */
function thingLayers(c: Colours): LayerSpecification[] {
  const radius = ['interpolate', ['linear'], ['zoom'], 10, ['*', ['get', 'radius'], 0.7], 15, ['*', ['get', 'radius'], 1.8]] as unknown as ExpressionSpecification;
  return [{
    id: 'things', type: 'circle', source: 'things',
    paint: {
      'circle-radius': radius, 'circle-color': ['get', 'colour'], 'circle-opacity': 0.88,
      'circle-stroke-color': ['case', ['boolean', ['feature-state', 'selected'], false], c.scenario, c.pointLine],
      'circle-stroke-width': ['case', ['boolean', ['feature-state', 'selected'], false], 3, 0.8],
    },
  }];
}

/** What a planner has drawn or picked. */
function draftLayers(c: Colours): LayerSpecification[] {
  return [
    { id: 'draft-fill', type: 'fill', source: 'draft', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': c.scenario, 'fill-opacity': 0.16 } },
    { id: 'draft-line', type: 'line', source: 'draft', paint: { 'line-color': c.scenario, 'line-width': 2.6, 'line-dasharray': [2, 1.4] } },
    { id: 'draft-point', type: 'circle', source: 'draft', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 5, 'circle-color': c.scenario, 'circle-stroke-color': c.halo, 'circle-stroke-width': 2 } },
  ];
}

const empty = (): SourceSpecification => ({ type: 'geojson', data: { type: 'FeatureCollection', features: [] }, promoteId: 'id' });

function sourceOf(layer: LayerInfo): SourceSpecification {
  if (layer.kind !== 'extrusion') return empty();
  const tiles = [new URL(layer.tiles!, location.href).href.replaceAll('%7B', '{').replaceAll('%7D', '}')];
  return { type: 'vector', tiles, minzoom: NEAREST_TILES, maxzoom: FARTHEST_TILES };
}

export function style(layers: LayerInfo[], theme: Theme): StyleSpecification {
  const c = palette.base[theme];
  const depth = (layer: LayerInfo) => ORDER.indexOf(roleOf(layer)) + (isOverlay(layer) ? ORDER.length : 0);
  const ordered = [...layers].sort((a, b) => depth(a) - depth(b));
  const sources = Object.fromEntries(layers.map((layer) => [sourceId(layer.id), sourceOf(layer)]));
  return {
    version: 8,
    sources: { ...sources, model: empty(), chosen: empty(), draft: empty(), things: empty() },
    layers: [
      { id: 'background', type: 'background', paint: { 'background-color': c.background } },
      ...ordered.flatMap((layer) => layersOf(layer, c)),
      ...modelLayers(c),
      ...draftLayers(c),
      ...thingLayers(c),
      ...ordered.filter((layer) => roleOf(layer) === 'observed').flatMap((layer) => points(layer, c)),
      ...ordered.flatMap((layer) => labels(layer, c)),
    ],
  };
}

/** Style layers that belong to a layer of the twin, for switching it on and off. */
export const styleLayers = (layer: string): string[] => ['', '-casing', '-line', '-label'].map((end) => sourceId(layer) + end);
