// What a layer of the twin is on the map. Free of MapLibre, so that the shell can ask without loading the map.
import type { LayerInfo, LayerRole } from '../api/types';

const BY_KIND: Record<LayerInfo['kind'], LayerRole> = { fill: 'areas', line: 'streets', point: 'observed', extrusion: 'buildings' };

/** Lines and areas that are off by default are not the ground but something laid over it. */
export const isOverlay = (layer: LayerInfo): boolean => !layer.default && layer.kind !== 'point' && layer.kind !== 'extrusion';

export const roleOf = (layer: LayerInfo): LayerRole => layer.role ?? BY_KIND[layer.kind];
