// Drawing an area on the map, by pointer (click the corners, click the first one again to close) or by keyboard
// (move the map, add the corner under its centre).
import type { Feature, Geometry, Target } from '../../api/types';
import { ring } from '../../map/geometry';

const CLOSE_DEGREES = 0.0006;
const LEAST_CORNERS = 3;

export class PolygonTool {
  /** What a click on the map means for the active override. */
  target = $state<Target>('segments');
  drawing = $state(false);
  corners = $state<number[][]>([]);

  /** Adds the corner under the map's centre; set once the map is there. */
  addCentre = $state.raw<(() => void) | null>(null);

  constructor(readonly onfinish: (polygon: Geometry) => void) {}

  get canFinish(): boolean {
    return this.corners.length >= LEAST_CORNERS;
  }

  start() {
    this.corners = [];
    this.drawing = true;
  }

  add(corner: [number, number]) {
    const [first] = this.corners;
    const closes = this.canFinish && Math.hypot(first[0] - corner[0], first[1] - corner[1]) < CLOSE_DEGREES;
    if (closes) this.finish();
    else this.corners.push(corner);
  }

  back() {
    this.corners.pop();
  }

  finish() {
    if (!this.canFinish) return;
    this.onfinish(ring($state.snapshot(this.corners)));
    this.cancel();
  }

  cancel() {
    this.corners = [];
    this.drawing = false;
  }

  /** What the map shows while drawing. */
  get features(): Feature<object>[] {
    const points = this.corners.map((coordinates, i): Feature<object> => feature(`corner-${i}`, { type: 'Point', coordinates }));
    if (this.corners.length < 2) return points;
    const outline: Geometry = this.canFinish ? ring(this.corners) : { type: 'LineString', coordinates: this.corners };
    return [feature('outline', outline), ...points];
  }
}

export const feature = (id: string, geometry: Geometry): Feature<object> => ({ type: 'Feature', id, geometry, properties: {} });
