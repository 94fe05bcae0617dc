// What a status is called; unknown ones are shown as they come.
import { t, type Word } from './words';

const STEP: Record<string, Word> = {
  open: 'open',
  described: 'described',
  cannot: 'cannot',
  queued: 'queued',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

const MEASURE: Record<string, Word> = {
  proposed: 'proposed',
  decided: 'decided',
  'under way': 'under way',
  done: 'done',
  'given up': 'given up',
};

export const MEASURE_STATUSES = Object.keys(MEASURE);
export const stepStatus = (status: string): string => (STEP[status] ? t(STEP[status]) : status);
export const measureStatus = (status: string): string => (MEASURE[status] ? t(MEASURE[status]) : status);
