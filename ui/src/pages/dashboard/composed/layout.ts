// Where tiles stand: in one order, each so many columns wide and rows high. The order is also that of reading and of the
// keyboard, and a phone shows the same order in one column; nothing lies on anything.
import type { ComposedTile } from '../../../api/composing';

export const COLUMNS = 4;
export const ROWS = 4;

export const sizeOf = ({ width = 1, height = 1 }: ComposedTile) => ({ width, height });

/** The tiles with the one at `from` moved to `to`; ends are ends. */
export function moved(tiles: ComposedTile[], from: number, to: number): ComposedTile[] {
  const at = Math.min(Math.max(to, 0), tiles.length - 1);
  const rest = tiles.filter((_, i) => i !== from);
  return [...rest.slice(0, at), tiles[from], ...rest.slice(at)];
}

const within = (value: number, most: number) => Math.min(Math.max(value, 1), most);

export const resized = (tile: ComposedTile, width: number, height: number): ComposedTile => ({ ...tile, width: within(width, COLUMNS), height: within(height, ROWS) });

/** An id that no tile of the dashboard has. */
export function freeId(tiles: ComposedTile[]): string {
  for (let n = tiles.length + 1; ; n++) if (!tiles.some(({ id }) => id === `tile-${n}`)) return `tile-${n}`;
}
