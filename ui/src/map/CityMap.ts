// The one MapLibre map of a page, wrapped so that pages speak of layers, streets and hours, not of sources and paint.
// This module is the map chunk: it is imported lazily, so that figures, chart and table stand before (and without) it.
import 'maplibre-gl/dist/maplibre-gl.css';
import './map.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import {
  AttributionControl, Map as MapLibreMap, NavigationControl, ScaleControl, setWorkerUrl,
  type GeoJSONSource, type MapMouseEvent,
} from 'maplibre-gl';
import type { Feature, FeatureCollection, LayerInfo } from '../api/types';
import type { Theme } from '../state/preferences.svelte';
import { sourceId, style, styleLayers } from './basemap';
import { FlowLayer, type Frame } from './FlowLayer';
import { isOverlay, roleOf } from './roles';

setWorkerUrl(workerUrl);

export interface Options {
  layers: LayerInfo[];
  theme: Theme;
  bbox: [number, number, number, number];
  /** Longitude, latitude, zoom, pitch, bearing. */
  camera: number[];
  onCamera: (camera: number[]) => void;
  words: Record<string, string>;
}

export interface Hit {
  id: string;
  /** `model` for a street of the model, else the layer's id. */
  layer: string;
}

const MARGIN_DEGREES = 0.06;
/** Steps in which the address keeps longitude, latitude, zoom, pitch and bearing. */
const CAMERA_PRECISION = [2e-5, 2e-5, 0.02, 1, 1];

function bounds([west, south, east, north]: Options['bbox']): [number, number, number, number] {
  return [west - MARGIN_DEGREES, south - MARGIN_DEGREES, east + MARGIN_DEGREES, north + MARGIN_DEGREES];
}

/** GeoJSON for MapLibre: text ids go into the properties, where `promoteId` finds them. */
function promoted(collection: FeatureCollection<object>): GeoJSON.GeoJSON {
  const features = collection.features.map((feature) => ({ ...feature, properties: { ...feature.properties, id: feature.id } }));
  return { type: 'FeatureCollection', features } as GeoJSON.GeoJSON;
}

export class CityMap {
  readonly #map: MapLibreMap;
  readonly #flow = new FlowLayer();
  readonly #layers: LayerInfo[];
  readonly #loaded: Promise<void>;
  readonly #origin: [number, number];
  #highlighted = new Map<string, Set<string>>();
  #streets = new Map<string, Feature<object>>();
  #sent = new Map<string, FeatureCollection>();

  constructor(container: HTMLElement, options: Options) {
    const [lng, lat, zoom, pitch, bearing] = options.camera;
    this.#layers = options.layers;
    this.#origin = [lng, lat];
    this.#map = new MapLibreMap({
      container,
      style: style(options.layers, options.theme),
      center: [lng, lat], zoom, pitch, bearing,
      minZoom: 10, maxZoom: 18, maxPitch: 60,
      maxBounds: bounds(options.bbox),
      attributionControl: false,
      fadeDuration: 0,
      locale: options.words,
    });
    this.#addControls(options.layers);
    this.#loaded = new Promise((resolve) => this.#map.once('style.load', () => resolve(this.#addFlow())));
    this.#map.on('moveend', () => options.onCamera(this.camera));
  }

  get camera(): number[] {
    const { lng, lat } = this.#map.getCenter();
    return [lng, lat, this.#map.getZoom(), this.#map.getPitch(), this.#map.getBearing()];
  }

  get canvas(): HTMLCanvasElement {
    return this.#map.getCanvas();
  }

  /** Resolves when everything given so far is drawn. */
  async idle(): Promise<void> {
    await this.#loaded;
    await this.#map.once('idle');
  }

  async setLayer(id: string, data: FeatureCollection) {
    if (this.#sent.get(id) === data) return;
    this.#sent.set(id, data);
    await this.#loaded;
    this.#source(sourceId(id))?.setData(promoted(data));
  }

  async setSegments(data: FeatureCollection<object>) {
    await this.#loaded;
    this.#streets = new Map(data.features.map((street) => [street.id, street]));
    this.#source('model')?.setData(promoted(data));
    this.#drawHalo();
    this.#flow.setFeatures(data.features as Feature[], this.#origin);
    this.#flow.refresh();
  }

  async setFrame(frame: Frame) {
    await this.#loaded;
    this.#flow.setFrame(frame);
  }

  async setTheme(theme: Theme) {
    await this.#loaded;
    for (const layer of style(this.#layers, theme).layers) {
      for (const [key, value] of Object.entries(layer.paint ?? {})) {
        this.#map.setPaintProperty(layer.id, key as never, value as never);
      }
    }
  }

  async show(layer: string, visible: boolean) {
    await this.#loaded;
    for (const id of styleLayers(layer).filter((candidate) => this.#map.getLayer(candidate))) {
      this.#map.setLayoutProperty(id, 'visibility', visible ? 'visible' : 'none');
    }
  }

  /** Colour the points of a layer: `#rrggbb` by feature id. */
  async paint(layer: string, colours: Map<string, string>) {
    await this.#loaded;
    const source = sourceId(layer);
    for (const [id, colour] of colours) this.#map.setFeatureState({ source, id }, { colour });
  }

  /** Make features stand out: `selected` (one the reader chose) or `affected` (all an override touches). */
  async highlight(state: 'selected' | 'affected', layer: string, ids: Iterable<string>) {
    await this.#loaded;
    const source = layer === 'model' || layer === 'things' ? layer : sourceId(layer);
    const key = `${state}/${source}`;
    const wanted = new Set(ids);
    if (layer === 'model') {
      this.#highlighted.set(key, wanted);
      return this.#drawHalo();
    }
    for (const id of this.#highlighted.get(key) ?? []) {
      if (!wanted.has(id)) this.#map.setFeatureState({ source, id }, { [state]: false });
    }
    for (const id of wanted) this.#map.setFeatureState({ source, id }, { [state]: true });
    this.#highlighted.set(key, wanted);
  }

  /** Points of an atlas; properties `colour` (#rrggbb) and `radius` [px] say how each is drawn. */
  async setThings(features: Feature<object>[]) {
    await this.#loaded;
    this.#source('things')?.setData(promoted({ type: 'FeatureCollection', features }));
  }

  async setDraft(features: Feature<object>[]) {
    await this.#loaded;
    this.#source('draft')?.setData(promoted({ type: 'FeatureCollection', features }));
  }

  /** Call back with what lies under a click: points before streets before areas. */
  onPick(listener: (hit: Hit | null, lngLat: [number, number]) => void): () => void {
    const handler = (event: MapMouseEvent) => listener(this.#hitAt(event), event.lngLat.toArray() as [number, number]);
    this.#map.on('click', handler);
    return () => this.#map.off('click', handler);
  }

  onHover(listener: (hit: Hit | null, x: number, y: number) => void): () => void {
    const handler = (event: MapMouseEvent) => {
      const hit = this.#hitAt(event);
      this.#map.getCanvas().classList.toggle('pickable', hit !== null && hit.layer !== 'area');
      listener(hit, event.point.x, event.point.y);
    };
    this.#map.on('mousemove', handler);
    return () => this.#map.off('mousemove', handler);
  }

  /** Where a place stands on the map, in pixels; null outside of it. */
  project(at: [number, number]): { x: number; y: number } | null {
    const { x, y } = this.#map.project(at);
    const { clientWidth, clientHeight } = this.canvas;
    return x < 0 || y < 0 || x > clientWidth || y > clientHeight ? null : { x, y };
  }

  /** Call back with every move of the camera. */
  onMove(listener: () => void): () => void {
    this.#map.on('move', listener);
    return () => this.#map.off('move', listener);
  }

  /** Call back with the place under the pointer; null when it leaves. */
  onPointer(listener: (at: [number, number] | null) => void): () => void {
    const moved = (event: MapMouseEvent) => listener(event.lngLat.toArray() as [number, number]);
    const left = () => listener(null);
    this.#map.on('mousemove', moved);
    this.#map.on('mouseout', left);
    return () => {
      this.#map.off('mousemove', moved);
      this.#map.off('mouseout', left);
    };
  }

  /** Call back with a place that is pointed out: right click, or a long press. */
  onMark(listener: (at: [number, number]) => void): () => void {
    const handler = (event: MapMouseEvent) => listener(event.lngLat.toArray() as [number, number]);
    this.#map.on('contextmenu', handler);
    return () => this.#map.off('contextmenu', handler);
  }

  /** A double click ends a polygon instead of zooming in. */
  setDrawing(drawing: boolean) {
    if (drawing) this.#map.doubleClickZoom.disable();
    else this.#map.doubleClickZoom.enable();
    this.canvas.classList.toggle('drawing', drawing);
  }

  get centre(): [number, number] {
    return this.#map.getCenter().toArray() as [number, number];
  }

  /** Show a whole box, clear of the cards that lie on the map. Coordinates: west, south, east, north. */
  fit(box: [number, number, number, number]) {
    const roomy = this.canvas.clientWidth > 700;
    const padding = roomy ? { top: 74, bottom: 104, left: 240, right: 60 } : { top: 70, bottom: 84, left: 16, right: 16 };
    this.#map.fitBounds(box, { padding, animate: false, maxZoom: 15 });
  }

  /** Move to a camera, unless the map is there already: it writes its own moves into the address, rounded. */
  jumpTo(camera: number[]) {
    const near = this.camera.every((value, i) => Math.abs(value - camera[i]) <= CAMERA_PRECISION[i]);
    const [lng, lat, zoom, pitch, bearing] = camera;
    if (!near && !this.#map.isMoving()) this.#map.jumpTo({ center: [lng, lat], zoom, pitch, bearing });
  }

  flyTo(centre: [number, number], zoom: number, animate: boolean) {
    this.#map.easeTo({ center: centre, zoom: Math.max(zoom, this.#map.getZoom()), animate, duration: 200 });
  }

  focus() {
    this.canvas.focus();
  }

  remove() {
    this.#map.remove();
  }

  #drawHalo() {
    const [selected, affected] = ['selected', 'affected'].map((state) => this.#highlighted.get(`${state}/model`) ?? new Set<string>());
    const streets = [...new Set([...affected, ...selected])].flatMap((id) => this.#streets.get(id) ?? []);
    const features = streets.map((street) => ({ ...street, properties: { ...street.properties, selected: selected.has(street.id) } }));
    this.#source('chosen')?.setData(promoted({ type: 'FeatureCollection', features }));
  }

  #source(id: string): GeoJSONSource | undefined {
    return this.#map.getSource<GeoJSONSource>(id);
  }

  #addControls(layers: LayerInfo[]) {
    const attribution = [...new Set(layers.flatMap((layer) => layer.attribution ?? []))].join(' · ');
    this.#map.addControl(new NavigationControl({ visualizePitch: true }), 'top-right');
    this.#map.addControl(new AttributionControl({ compact: true, customAttribution: attribution }), 'bottom-right');
    this.#map.addControl(new ScaleControl(), 'bottom-right');
  }

  #addFlow() {
    const above = this.#map.getStyle().layers.find((layer) => layer.type === 'circle' || layer.type === 'symbol');
    this.#map.addLayer(this.#flow, above?.id);
    this.#map.getContainer().querySelector('.maplibregl-ctrl-attrib')?.classList.remove('maplibregl-compact-show');
  }

  #hitAt(event: MapMouseEvent): Hit | null {
    const ids = (role: string) => this.#layers.filter((layer) => roleOf(layer) === role && !isOverlay(layer)).map((layer) => sourceId(layer.id));
    for (const layers of [['things'], ids('observed'), ['model-hit'], ['model-hit-area'], ids('areas')]) {
      const present = layers.filter((id) => this.#map.getLayer(id));
      const [found] = present.length > 0 ? this.#map.queryRenderedFeatures(event.point, { layers: present }) : [];
      if (found) return { id: String(found.properties.id), layer: found.source.replace(/^layer-/, '') };
    }
    return null;
  }
}
