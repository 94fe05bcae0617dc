// Walking through the scene: by keys, by dragging, by touch, or with a headset (WebXR). Nothing moves by itself.
import { PerspectiveCamera, Raycaster, Vector2, Vector3, WebGLRenderer, type Group, type Scene } from 'three';
import { RADIUS_M } from './scene';

/** Where one looks from: the street, a balcony, a roof; how high [m], and how far down [rad]. */
export const STANDS = { street: [1.7, 0], balcony: [12, -0.15], roof: [45, -0.45] } as const;
export type Stand = keyof typeof STANDS;
const STEP_MPS = 6;
const TURN_RPS = 1.2;
const KEYS: Record<string, [number, number]> = {
  ArrowUp: [1, 0], KeyW: [1, 0], ArrowDown: [-1, 0], KeyS: [-1, 0], ArrowLeft: [0, 1], KeyA: [0, 1], ArrowRight: [0, -1], KeyD: [0, -1],
};

export class Walk {
  readonly camera = new PerspectiveCamera(70, 1, 0.1, RADIUS_M * 2);
  #renderer: WebGLRenderer;
  #pressed = new Set<string>();
  #turn = 0;
  #tilt = 0;
  #last = 0;
  #observer: ResizeObserver;

  /** Throws where the browser has no WebGL. `onmove` hears of every step and turn. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly scene: Scene,
    readonly onmove: () => void,
  ) {
    this.#renderer = new WebGLRenderer({ canvas, antialias: true });
    this.#renderer.xr.enabled = true;
    this.stand('roof');
    this.#observer = new ResizeObserver(() => this.#fit());
    this.#observer.observe(canvas.parentElement ?? canvas);
    this.#fit();
    canvas.addEventListener('keydown', this.#down);
    canvas.addEventListener('keyup', this.#up);
    canvas.addEventListener('blur', this.#release);
    canvas.addEventListener('pointermove', this.#look);
    this.draw();
  }

  /** Put other results in the place of the present ones. */
  show(results: Group) {
    this.scene.getObjectByName('results')?.removeFromParent();
    this.scene.add(results);
    this.draw();
  }

  /** Go up or down to where one looks from. */
  stand(at: Stand) {
    [this.camera.position.y, this.#tilt] = STANDS[at];
    this.#go(0, 0);
    this.draw();
  }

  /** Metres east and south, metres up, and where one looks [rad, counter-clockwise from north]. */
  get place(): { x: number; z: number; height: number; turn: number } {
    const { x, y, z } = this.camera.position;
    return { x, z, height: y, turn: this.#turn };
  }

  /** Stand where somebody else stands. */
  go(x: number, z: number, turn: number) {
    this.camera.position.x = x;
    this.camera.position.z = z;
    this.#turn = turn;
    this.#go(0, 0);
    this.draw();
  }

  /** Put other figures in the place of the present ones. */
  people(group: Group) {
    this.scene.getObjectByName(group.name)?.removeFromParent();
    this.scene.add(group);
    this.draw();
  }

  /** The point of the ground in the middle of the view, in metres east and south; null where one looks at the sky. */
  aim(): [number, number] | null {
    const ray = new Raycaster();
    ray.setFromCamera(new Vector2(0, 0), this.camera);
    const { origin, direction } = ray.ray;
    if (direction.y >= -0.01) return null;
    const hit = new Vector3().copy(origin).addScaledVector(direction, -origin.y / direction.y);
    return [hit.x, hit.z];
  }

  /** A step forward or back, for buttons. */
  step(metres: number) {
    this.#go(metres, 0);
    this.draw();
  }

  turn(radians: number) {
    this.#go(0, radians);
    this.draw();
  }

  /** With a headset: the same scene around the person who wears it. */
  async enter(): Promise<void> {
    const session = await navigator.xr!.requestSession('immersive-vr', { optionalFeatures: ['local-floor'] });
    await this.#renderer.xr.setSession(session);
    this.#renderer.setAnimationLoop(() => this.draw());
    session.addEventListener('end', () => this.#renderer.setAnimationLoop(null));
  }

  draw() {
    this.#renderer.render(this.scene, this.camera);
  }

  close() {
    this.#observer.disconnect();
    this.#release();
    this.#renderer.setAnimationLoop(null);
    this.#renderer.dispose();
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement ?? this.canvas;
    if (width === 0 || height === 0) return;
    this.#renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.#renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.draw();
  }

  #go(metres: number, radians: number) {
    this.#turn += radians;
    const limit = (value: number) => Math.min(RADIUS_M, Math.max(-RADIUS_M, value));
    this.camera.position.x = limit(this.camera.position.x - Math.sin(this.#turn) * metres);
    this.camera.position.z = limit(this.camera.position.z - Math.cos(this.#turn) * metres);
    this.camera.rotation.set(this.#tilt, this.#turn, 0, 'YXZ');
    this.onmove();
  }

  #down = (event: KeyboardEvent) => {
    if (!(event.code in KEYS)) return;
    event.preventDefault();
    const still = this.#pressed.size === 0;
    this.#pressed.add(event.code);
    if (still) {
      this.#last = performance.now();
      requestAnimationFrame(this.#frame);
    }
  };

  #up = (event: KeyboardEvent) => this.#pressed.delete(event.code);
  #release = () => this.#pressed.clear();

  #frame = (now: number) => {
    if (this.#pressed.size === 0) return;
    const seconds = Math.min((now - this.#last) / 1000, 0.1);
    this.#last = now;
    for (const key of this.#pressed) this.#go(KEYS[key][0] * STEP_MPS * seconds, KEYS[key][1] * TURN_RPS * seconds);
    this.draw();
    requestAnimationFrame(this.#frame);
  };

  #look = (event: PointerEvent) => {
    if (event.buttons === 0) return;
    this.#tilt = Math.min(1.2, Math.max(-1.2, this.#tilt - event.movementY * 0.004));
    this.turn(event.movementX * 0.004);
  };
}
