// What a new dashboard begins with: nothing, another that people put together, or the figures of one that the city declares.
import { getComposition, isComposed, type ComposedTile, type CompositionDraft } from '../../../api/composing';
import { getDashboard } from '../../../api/client';
import type { Dashboard } from '../../../api/views';
import { t } from '../words';
import { MOST_TILES } from './draft.svelte';

export const EMPTY: CompositionDraft = { title: {}, question: {}, visibility: 'draft', tiles: [] };

const named = (title: CompositionDraft['title']) => Object.fromEntries(Object.entries(title).map(([language, text]) => [language, t('copyOf', { title: text ?? '' })]));

/** Each figure that a tile of the city's dashboard shows, once. */
function ofDeclared({ id, title, question, tiles }: Dashboard): CompositionDraft {
  const figures = [...new Set(tiles.flatMap((tile) => tile.figures))].slice(0, MOST_TILES);
  const shown: ComposedTile[] = figures.map((figure, i) => ({ id: `tile-${i + 1}`, kind: 'figure', dashboard: id, figure }));
  return { ...EMPTY, title: named(title), question, tiles: shown };
}

export async function startFrom(id: string | undefined): Promise<CompositionDraft> {
  if (!id) return EMPTY;
  if (!isComposed(id)) return ofDeclared(await getDashboard(id));
  const found = await getComposition(id);
  return { ...found, title: named(found.title), visibility: 'draft' };
}
