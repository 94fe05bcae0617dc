// The state of a source in words and tone: the list and the detail say the same.
import type { Quality, Source } from '../../api/types';
import type { Key } from '../../i18n';

export const STATUS: Record<Source['status'], Key> = { fresh: 'fresh', closed: 'closed', unjudged: 'ageNotJudged', stale: 'staleSource', failed: 'failed', never: 'neverRun' };
export const TONE: Record<Source['status'], string> = { fresh: 'good', closed: 'plain', unjudged: 'plain', stale: 'plain', failed: 'bad', never: 'muted' };

type Grade = Quality['badge']['grade'];
export const GRADE: Record<Grade, Key> = { good: 'gradeGood', fair: 'gradeFair', poor: 'gradePoor', unknown: 'gradeUnknown' };
export const GRADE_TONE: Record<Grade, string> = { good: 'good', fair: 'plain', poor: 'bad', unknown: 'muted' };
