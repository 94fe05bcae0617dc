// A dashboard while somebody works on it: nothing reaches the twin before it is saved, and every step can be taken back.
import { changeComposition, createComposition, type ComposedTile, type Composition, type CompositionDraft } from '../../../api/composing';
import { freeId, moved, resized, sizeOf } from './layout';

const MOST_STEPS = 50;
export const MOST_TILES = 24;

const content = ({ title, question, visibility, tiles }: CompositionDraft): CompositionDraft => ({ title, question, visibility, tiles });

export class BoardDraft {
  now = $state.raw<CompositionDraft>({ title: {}, question: {}, visibility: 'draft', tiles: [] });
  #past = $state.raw<CompositionDraft[]>([]);
  #saved = $state.raw<CompositionDraft | null>(null);
  readonly changed = $derived(JSON.stringify(this.now) !== JSON.stringify(this.#saved));
  readonly canUndo = $derived(this.#past.length > 0);

  constructor(readonly composition: Composition | null, start: CompositionDraft) {
    this.now = content(start);
    this.#saved = composition ? content(composition) : null;
  }

  change(changes: Partial<CompositionDraft>) {
    this.#past = [...this.#past, this.now].slice(-MOST_STEPS);
    this.now = { ...this.now, ...changes };
  }

  undo() {
    const before = this.#past.at(-1);
    if (!before) return;
    this.#past = this.#past.slice(0, -1);
    this.now = before;
  }

  /** Back to what is kept; that, too, can be taken back. */
  reset() {
    this.change(this.#saved ?? { title: {}, question: {}, visibility: 'draft', tiles: [] });
  }

  put(tile: Omit<ComposedTile, 'id'> & { id?: string }) {
    const { tiles } = this.now;
    if (tile.id) this.change({ tiles: tiles.map((one) => (one.id === tile.id ? { ...tile, id: one.id } : one)) });
    else this.change({ tiles: [...tiles, { ...tile, id: freeId(tiles) }] });
  }

  remove(id: string) {
    this.change({ tiles: this.now.tiles.filter((one) => one.id !== id) });
  }

  move(id: string, to: number) {
    const from = this.now.tiles.findIndex((one) => one.id === id);
    const tiles = moved(this.now.tiles, from, to);
    if (from >= 0 && tiles.some((one, i) => one !== this.now.tiles[i])) this.change({ tiles });
  }

  step(id: string, by: number) {
    this.move(id, this.now.tiles.findIndex((one) => one.id === id) + by);
  }

  resize(id: string, width: number, height: number) {
    const tile = this.now.tiles.find((one) => one.id === id);
    if (!tile) return;
    const [was, made] = [sizeOf(tile), resized(tile, width, height)];
    if (made.width === was.width && made.height === was.height) return;
    this.change({ tiles: this.now.tiles.map((one) => (one.id === id ? made : one)) });
  }

  save(): Promise<Composition> {
    return this.composition ? changeComposition(this.composition.id, this.now, this.composition.version) : createComposition(this.now);
  }
}
