// What a run stands for: hours of the day, or the model's own period such as a heat-wave day.
import type { Window } from '../api/types';
import { hourSpan, say } from '../i18n';
import { cityState } from '../state/city.svelte';

/** The hour that the map shows, or the period that its values stand for. */
export function periodShown(hour: number): string {
  return cityState.timeless ? say(cityState.model!.period) : hourSpan(hour, hour + 1);
}

export function periodOf(model: string, window: Window): string {
  const found = cityState.modelOf(model);
  return found && !found.hours_matter ? say(found.period) : hourSpan(window.start_hour, window.end_hour);
}
