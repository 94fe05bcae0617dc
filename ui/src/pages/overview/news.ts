// What changed since yesterday: deliveries that brought something, scenarios that were computed.
import type { Scenario, Source } from '../../api/types';
import { say } from '../../i18n';
import { t } from './words';

export interface Item {
  at: string;
  text: string;
  detail: string;
  page: string;
  id: string;
}

const DAY_MS = 86_400_000;
const MOST = 8;

function delivered({ id, title, last_run: run }: Source): Item[] {
  if (!run || (run.accepted === 0 && run.quarantined === 0)) return [];
  const detail = [run.accepted > 0 ? t('changedRows', { n: run.accepted }) : '', run.quarantined > 0 ? t('heldRows', { n: run.quarantined }) : ''];
  return [{ at: run.finished_at ?? run.started_at, text: say(title), detail: detail.filter(Boolean).join(', '), page: 'sources', id }];
}

function computed({ id, title, modified_at: at, builtin }: Scenario): Item[] {
  return at && !builtin ? [{ at, text: say(title), detail: '', page: 'scenario', id }] : [];
}

/** Newest first, of the last 24 hours. */
export function news(sources: Source[], scenarios: Scenario[], now = Date.now()): Item[] {
  const items = [...sources.flatMap(delivered), ...scenarios.flatMap(computed)];
  const recent = items.filter(({ at }) => now - Date.parse(at) < DAY_MS);
  return recent.sort((one, other) => Date.parse(other.at) - Date.parse(one.at)).slice(0, MOST);
}
