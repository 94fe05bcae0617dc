// How well a figure was observed: on how many days, and whether what was observed last has grown old.
import type { Figure } from '../../api/views';
import { number } from '../../i18n';
import { t } from './words';

const HOUR_MS = 3_600_000;

/** Of a period: on how many of its days it was measured. */
export const measured = ({ days }: Figure): string =>
  days ? t('measuredOn', { days: number(days.measured), of: number(days.of) }) : '';

/** Whether an observation is older than the dashboard says that it may be. */
export const isOld = ({ at, fresh_hours: hours }: Figure, now = Date.now()): boolean =>
  Boolean(at && hours) && now - Date.parse(at!) > hours! * HOUR_MS;
