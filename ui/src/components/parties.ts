// Kinds of parties as calls name them, and parts of the quadruple helix, in words.
import { say } from '../i18n';
import { preferences } from '../state/preferences.svelte';
import type { Text } from '../api/types';

const KIND_TEXTS: Record<string, Text> = {
  'local authority': { it: 'autorità locale', de: 'Kommune', en: 'local authority' },
  'regional authority': { it: 'autorità regionale', de: 'Regionalbehörde', en: 'regional authority' },
  company: { it: 'impresa', de: 'Unternehmen', en: 'company' },
  research: { it: 'ente di ricerca', de: 'Forschungseinrichtung', en: 'research organisation' },
  university: { it: 'università', de: 'Hochschule', en: 'university' },
  'non-profit': { it: 'ente senza scopo di lucro', de: 'gemeinnützige Organisation', en: 'non-profit' },
  'public body': { it: 'ente pubblico', de: 'öffentliche Stelle', en: 'public body' },
  network: { it: 'rete', de: 'Netzwerk', en: 'network' },
};

const HELIX_TEXTS: Record<string, Text> = {
  government: { it: 'amministrazione', de: 'Verwaltung', en: 'government' },
  business: { it: 'imprese', de: 'Wirtschaft', en: 'business' },
  academia: { it: 'ricerca', de: 'Wissenschaft', en: 'academia' },
  'civil society': { it: 'società civile', de: 'Zivilgesellschaft', en: 'civil society' },
};

export const KINDS = Object.keys(KIND_TEXTS);
export const HELICES = Object.keys(HELIX_TEXTS);

/** The name of a country; what is no code of ISO 3166 stays as it is. */
export function countryText(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  return new Intl.DisplayNames(preferences.language, { type: 'region' }).of(code) ?? code;
}

/** What a code of either list says; what people wrote themselves stays as it is. */
export const partyText = (code: string): string => say(KIND_TEXTS[code] ?? HELIX_TEXTS[code]) || code;
