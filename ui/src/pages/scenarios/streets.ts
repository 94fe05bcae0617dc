// Streets as people know them: all segments of one name, as one choice.
import type { Option } from '../../components/Combobox.svelte';
import { number, t } from '../../i18n';
import { twin } from '../../state/twin.svelte';

const PREFIX = 'street:';

function byName(): Map<string, string[]> {
  const streets = new Map<string, string[]>();
  for (const feature of twin.segments?.features ?? []) {
    const name = feature.properties.name;
    if (name) streets.set(name, [...(streets.get(name) ?? []), feature.id]);
  }
  return streets;
}

export function streetOptions(): Option[] {
  return [...byName()]
    .filter(([, segments]) => segments.length > 1)
    .map(([name, segments]) => ({ id: PREFIX + name, label: name, detail: t('wholeStreet', { n: number(segments.length) }) }))
    .sort((a, b) => a.label.localeCompare(b.label));
}

/** The segments of an option made above; empty for any other id. */
export const segmentsOfStreet = (id: string): string[] =>
  id.startsWith(PREFIX) ? (byName().get(id.slice(PREFIX.length)) ?? []) : [];
