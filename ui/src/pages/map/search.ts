// What the search field finds: streets of the model, observed points, areas.
import type { Option } from '../../components/Combobox.svelte';
import { say, t } from '../../i18n';
import { isArea } from '../../map/geometry';
import { isOverlay, roleOf } from '../../map/roles';
import { cityState } from '../../state/city.svelte';
import { twin } from '../../state/twin.svelte';
import { segmentName } from './rows';

const SEARCHED = ['observed', 'areas'];
/** Comparing by one collator is many times faster than text by text. */
const byLabel = () => {
  const { compare } = new Intl.Collator();
  return (a: Option, b: Option) => compare(a.label, b.label);
};
const local = (id: string) => id.slice(id.lastIndexOf(':') + 1);

export function segmentOptions(): Option[] {
  return (twin.segments?.features ?? [])
    .map((feature) => ({ id: feature.id, label: segmentName(feature, feature.id), detail: `${t(isArea(feature.geometry) ? 'area' : 'street')} ${local(feature.id)}` }))
    .sort(byLabel());
}

export function layerOptions(role: string): Option[] {
  return cityState.layers
    .filter((layer) => roleOf(layer) === role && !isOverlay(layer))
    .flatMap((layer) =>
      (twin.layerData[layer.id]?.features ?? []).map((feature) => ({
        id: feature.id,
        label: String(feature.properties.name ?? local(feature.id)),
        detail: say(layer.title),
      })),
    )
    .sort(byLabel());
}

export const searchOptions = (): Option[] => [...segmentOptions(), ...SEARCHED.flatMap(layerOptions)];
