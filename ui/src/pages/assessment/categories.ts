// Kinds of costs as calls name them, in words.
import type { Text } from '../../api/types';
import { say } from '../../i18n';

const TEXTS: Record<string, Text> = {
  personnel: { it: 'personale', de: 'Personal', en: 'personnel' },
  subcontracting: { it: 'subappalto', de: 'Unteraufträge', en: 'subcontracting' },
  purchase: { it: 'acquisti', de: 'Anschaffungen', en: 'purchase' },
};

/** A kind in the reader's language; one that only a call of one's own knows stays as it is written there. */
export const categoryText = (code: string): string => say(TEXTS[code]) || code;
