// The city around a place as a three.js scene: the same streets, areas, buildings and results as on the map. What the data
// do not have is not there: no invented houses, no invented trees.
import {
  AmbientLight, BufferGeometry, Color, DirectionalLight, DoubleSide, ExtrudeGeometry, Float32BufferAttribute, Fog, Group, Mesh,
  MeshBasicMaterial, MeshStandardMaterial, Path, PlaneGeometry, Scene, Shape, ShapeGeometry,
} from 'three';
import { mergeGeometries } from 'three/addons/utils/BufferGeometryUtils.js';
import type { Feature } from '../api/types';
import palette from '../palette.json';
import type { Theme } from '../state/preferences.svelte';
import { lines, polygons, type Ground } from './ground';

export const RADIUS_M = 500;
const STREET_M = 6;
const RESULT_M = 3;
/** The two directions of a street stand beside each other, each on its right. */
const APART_M = 1.5;

export interface Surroundings {
  streets: Feature[];
  green: Feature[];
  buildings: { feature: Feature; height: number }[];
  /** The model's streets with the colour of their result, `#rrggbb`, and how high [m] it stands on the street. */
  results: { feature: Feature; colour: string; height: number }[];
}

/** A flat ribbon along a line, `width` metres wide and `above` metres over the ground. */
function ribbon(ground: Ground, line: number[][], width: number, above: number): BufferGeometry {
  const points = line.map((position) => ground.place(position));
  const corners: number[] = [];
  for (let at = 0; at + 1 < points.length; at++) {
    const [[ax, az], [bx, bz]] = [points[at], points[at + 1]];
    const length = Math.hypot(bx - ax, bz - az) || 1;
    const [dx, dz] = [((bz - az) / length) * (width / 2), (-(bx - ax) / length) * (width / 2)];
    const [a, b, c, d] = [[ax + dx, az + dz], [ax - dx, az - dz], [bx + dx, bz + dz], [bx - dx, bz - dz]];
    for (const [x, z] of [a, b, c, b, d, c]) corners.push(x, above, z);
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new Float32BufferAttribute(corners, 3));
  geometry.setAttribute('normal', new Float32BufferAttribute(corners.map((_, at) => (at % 3 === 1 ? 1 : 0)), 3));
  return geometry;
}

/** A wall along a line: at eye height a colour on the ground would hardly be seen. */
function wall(ground: Ground, line: number[][], height: number): BufferGeometry {
  const points = line.map((position) => ground.place(position));
  const corners: number[] = [];
  for (let at = 0; at + 1 < points.length; at++) {
    const [from, to] = [points[at], points[at + 1]];
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
    const [dx, dz] = [((from[1] - to[1]) / length) * APART_M, ((to[0] - from[0]) / length) * APART_M];
    const [[ax, az], [bx, bz]] = [[from[0] + dx, from[1] + dz], [to[0] + dx, to[1] + dz]];
    for (const [x, y, z] of [[ax, 0, az], [bx, 0, bz], [ax, height, az], [bx, 0, bz], [bx, height, bz], [ax, height, az]]) corners.push(x, y, z);
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new Float32BufferAttribute(corners, 3));
  geometry.setAttribute('normal', new Float32BufferAttribute(corners.map((_, at) => (at % 3 === 2 ? 1 : 0)), 3));
  return geometry;
}

/** Rings to a shape in the plane; three.js has y up there, so south is minus. */
function shape(ground: Ground, rings: number[][][]): Shape {
  const [outer, ...holes] = rings.map((ring) => ring.map((position) => ground.place(position)));
  const draw = <P extends Path>(path: P, ring: [number, number][]): P => {
    ring.forEach(([x, z], at) => (at === 0 ? path.moveTo(x, -z) : path.lineTo(x, -z)));
    return path;
  };
  const found = draw(new Shape(), outer);
  found.holes = holes.map((ring) => draw(new Path(), ring));
  return found;
}

function mesh(name: string, parts: BufferGeometry[], colour: string, lit: boolean): Mesh | null {
  if (parts.length === 0) return null;
  const options = { color: colour, side: DoubleSide };
  const found = new Mesh(mergeGeometries(parts), lit ? new MeshStandardMaterial(options) : new MeshBasicMaterial(options));
  found.name = name;
  return found;
}

function ribbons(ground: Ground, features: Feature[], width: number, above: number): BufferGeometry[] {
  return features.filter(({ geometry }) => ground.isNear(geometry, RADIUS_M)).flatMap(({ geometry }) => lines(geometry).map((line) => ribbon(ground, line, width, above)));
}

function flat(ground: Ground, features: Feature[], above: number): BufferGeometry[] {
  return features.filter(({ geometry }) => ground.isNear(geometry, RADIUS_M)).flatMap(({ geometry }) =>
    polygons(geometry).map((rings) => new ShapeGeometry(shape(ground, rings)).rotateX(-Math.PI / 2).translate(0, above, 0)),
  );
}

function houses(ground: Ground, buildings: Surroundings['buildings']): BufferGeometry[] {
  return buildings.flatMap(({ feature, height }) =>
    polygons(feature.geometry).map((rings) => new ExtrudeGeometry(shape(ground, rings), { depth: height, bevelEnabled: false }).rotateX(-Math.PI / 2)),
  );
}

/** The results by colour: one mesh for each, so that today and scenario are exchanged at once. */
export function paintResults(ground: Ground, results: Surroundings['results']): Group {
  const byColour = new Map<string, BufferGeometry[]>();
  for (const { feature, colour, height } of results) {
    const parts = lines(feature.geometry).flatMap((line) => [ribbon(ground, line, RESULT_M, 0.15), wall(ground, line, height)]);
    byColour.set(colour, [...(byColour.get(colour) ?? []), ...parts]);
  }
  const group = new Group();
  group.name = 'results';
  for (const [colour, parts] of byColour) {
    const found = mesh(`results ${colour}`, parts, colour, false);
    if (found) group.add(found);
  }
  return group;
}

/** Everything but the results. */
export function build(ground: Ground, around: Surroundings, theme: Theme): Scene {
  const colours = palette.base[theme];
  const scene = new Scene();
  scene.background = new Color(colours.background);
  scene.fog = new Fog(colours.background, RADIUS_M * 0.5, RADIUS_M * 1.1);
  const light = new DirectionalLight('#ffffff', 1.6);
  light.position.set(120, 300, 180);
  scene.add(new AmbientLight('#ffffff', 1.3), light);
  const floor = new Mesh(new PlaneGeometry(RADIUS_M * 3, RADIUS_M * 3).rotateX(-Math.PI / 2).translate(0, -0.05, 0), new MeshStandardMaterial({ color: colours.casing }));
  floor.name = 'ground';
  scene.add(floor);
  for (const part of [
    mesh('green', flat(ground, around.green, 0.02), colours.green, true),
    mesh('streets', ribbons(ground, around.streets, STREET_M, 0.06), colours.street, true),
    mesh('buildings', houses(ground, around.buildings), colours.building, true),
  ]) if (part) scene.add(part);
  scene.add(paintResults(ground, around.results));
  return scene;
}
