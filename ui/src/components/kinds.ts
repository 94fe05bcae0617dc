// Kinds of entities in words: as the city's models call them, else the name of the type, spelled as words.
import { say } from '../i18n';
import { cityState } from '../state/city.svelte';

/** `type` is a type's name or its whole address. */
export function typeText(type: string): string {
  const name = type.split(/[/#:]/).pop() ?? type;
  const titles = cityState.titlesOf(name);
  return titles.length === 1 ? say(titles[0]) : name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}
