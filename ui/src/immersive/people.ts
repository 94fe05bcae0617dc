// Those who look at the scene with us: a figure in their colour where they stand, a tall mark where they point.
import { ConeGeometry, CylinderGeometry, Group, Mesh, MeshBasicMaterial, SphereGeometry } from 'three';
import { colourOf, type Pointer } from '../state/together.svelte';
import type { Ground } from './ground';
import { RADIUS_M } from './scene';

/** The name of their group; it is left out of what is saved. */
export const PEOPLE = 'people';
const EYES_M = 1.7;
const MARK_M = 30;

function figure(colour: string, height: number, heading: number): Group {
  const paint = new MeshBasicMaterial({ color: colour, fog: false });
  const [body, head, nose] = [new Mesh(new CylinderGeometry(0.35, 0.5, EYES_M - 0.3, 10), paint), new Mesh(new SphereGeometry(0.35, 12, 8), paint), new Mesh(new ConeGeometry(0.18, 0.6, 8), paint)];
  body.position.y = height - (EYES_M + 0.3) / 2;
  head.position.y = height;
  nose.position.set(0, height, -0.55);
  nose.rotation.x = -Math.PI / 2;
  const group = new Group();
  group.add(body, head, nose);
  group.rotation.y = heading;
  return group;
}

function mark(colour: string): Mesh {
  const found = new Mesh(new CylinderGeometry(0.6, 0.1, MARK_M, 8), new MeshBasicMaterial({ color: colour, fog: false }));
  found.position.y = MARK_M / 2;
  return found;
}

/** Everybody who is within the scene. */
export function people(ground: Ground, pointers: Record<number, Pointer>, but: number): Group {
  const group = new Group();
  group.name = PEOPLE;
  for (const [id, { at, height, heading, mark: points }] of Object.entries(pointers)) {
    if (!at || Number(id) === but) continue;
    const [x, z] = ground.place(at);
    if (Math.hypot(x, z) > 2 * RADIUS_M) continue;
    const colour = colourOf(Number(id));
    const one = points ? mark(colour) : figure(colour, height ?? EYES_M, heading ?? 0);
    one.position.x = x;
    one.position.z = z;
    group.add(one);
  }
  return group;
}
