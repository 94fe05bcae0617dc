// Streets as people know them: all segments of one name, as one choice.
import type { Feature, SegmentProperties } from '../../api/types';
import type { Option } from '../../components/Combobox.svelte';
import { t } from '../../i18n';

const PREFIX = 'street:';
type Segments = Feature<SegmentProperties>[];

function byName(segments: Segments): Map<string, string[]> {
  const streets = new Map<string, string[]>();
  for (const feature of segments) {
    const name = feature.properties.name;
    if (name) streets.set(name, [...(streets.get(name) ?? []), feature.id]);
  }
  return streets;
}

export function streetOptions(segments: Segments): Option[] {
  return [...byName(segments)]
    .filter(([, ids]) => ids.length > 1)
    .map(([name, ids]) => ({ id: PREFIX + name, label: name, detail: t('wholeStreet', { n: ids.length }) }))
    .sort((a, b) => a.label.localeCompare(b.label));
}

/** The segments of an option made above; empty for any other id. */
export const segmentsOfStreet = (segments: Segments, id: string): string[] =>
  id.startsWith(PREFIX) ? (byName(segments).get(id.slice(PREFIX.length)) ?? []) : [];
