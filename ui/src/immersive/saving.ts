// The scene as files that other programs open: binary glTF, the same at its place on the earth as 3D Tiles 1.1, and the tileset
// of all the city's buildings as the server makes it.
import { Box3, Group, type Object3D, type Scene } from 'three';
import { GLTFExporter } from 'three/addons/exporters/GLTFExporter.js';
import { ApiError } from '../api/client';
import { zip } from '../components/zip';
import { METRES_PER_DEGREE, type Ground } from './ground';
import { PEOPLE } from './people';

type File = [name: string, content: Uint8Array<ArrayBuffer>];

interface Tile {
  content?: { uri: string };
  children?: Tile[];
}

/** The earth's ellipsoid (WGS 84): half its long axis [m], its first eccentricity squared. */
const [AXIS_M, E2] = [6_378_137, 0.0066943799901413165];
const TILESETS = '/api/scene/3dtiles/';
const AT_ONCE = 4;

/** Whoever opens it brings light; who looks with us is not part of the city. */
const things = (scene: Scene): Object3D[] => scene.children.filter(({ name, type }) => name !== PEOPLE && (type === 'Mesh' || type === 'Group'));

/** The scene as binary glTF 2.0: metres to the east, up, to the south. */
export async function gltf(scene: Scene): Promise<ArrayBuffer> {
  return (await new GLTFExporter().parseAsync(things(scene), { binary: true })) as ArrayBuffer;
}

/** From metres east, north and up to the earth's centre, column by column; the scene's metres are those of a sphere and are stretched. */
function placed({ lng, lat }: Ground): number[] {
  const [lon, phi] = [(lng * Math.PI) / 180, (lat * Math.PI) / 180];
  const [sinLon, cosLon, sin, cos] = [Math.sin(lon), Math.cos(lon), Math.sin(phi), Math.cos(phi)];
  const normal = AXIS_M / Math.sqrt(1 - E2 * sin * sin);
  const meridian = (normal * (1 - E2)) / (1 - E2 * sin * sin);
  const degree = (radius: number) => (radius * Math.PI) / 180 / METRES_PER_DEGREE;
  const [east, north] = [degree(normal), degree(meridian)];
  return [
    -sinLon * east, cosLon * east, 0, 0,
    -sin * cosLon * north, -sin * sinLon * north, cos * north, 0,
    cos * cosLon, cos * sinLon, sin, 0,
    normal * cos * cosLon, normal * cos * sinLon, normal * (1 - E2) * sin, 1,
  ];
}

/** The scene at its place, as an archive of `tileset.json` and its one tile; it stands on the ellipsoid. */
export async function tileset(scene: Scene, ground: Ground): Promise<Blob> {
  const content = await gltf(scene);
  const group = new Box3().setFromObject(new Group().add(...things(scene).map((one) => one.clone())));
  const [middle, half] = [group.min.clone().add(group.max).divideScalar(2), group.max.clone().sub(group.min).divideScalar(2)];
  const box = [middle.x, -middle.z, middle.y, half.x, 0, 0, 0, half.z, 0, 0, 0, half.y];
  const root = { boundingVolume: { box }, geometricError: 0, refine: 'ADD', transform: placed(ground), content: { uri: 'scene.glb' } };
  const document = { asset: { version: '1.1', generator: 'Sympolis' }, geometricError: 2 * Math.hypot(half.x, half.y, half.z), root };
  return zip([['tileset.json', new TextEncoder().encode(JSON.stringify(document))], ['scene.glb', new Uint8Array(content)]]);
}

async function fetched(uri: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(TILESETS + uri);
  if (!response.ok) throw new ApiError(await response.json().catch(() => ({ title: response.statusText, status: response.status })));
  return new Uint8Array(await response.arrayBuffer());
}

function* tiles(root: Tile): Generator<Tile> {
  yield root;
  for (const child of root.children ?? []) yield* tiles(child);
}

/** All the city's buildings as an archive, tile by tile; `told` hears how many of how many are there. */
export async function buildings(told: (done: number, all: number) => void): Promise<Blob> {
  const document = JSON.parse(new TextDecoder().decode(await fetched('tileset.json')));
  const wanted = [...tiles(document.root)].filter(({ content }) => content);
  const files: File[] = [];
  let next = 0;
  const carry = async () => {
    while (next < wanted.length) {
      const at = next++;
      const content = wanted[at].content!;
      const bytes = await fetched(content.uri);
      content.uri = content.uri.split('?')[0];
      files[at] = [content.uri, bytes];
      told(files.filter(Boolean).length, wanted.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, carry));
  return zip([['tileset.json', new TextEncoder().encode(JSON.stringify(document))], ...files]);
}
