// How levels, moments and what a score rests on are said.
import type { Indicator, Level, Mark, Question } from '../../api/assessing';
import type { t } from './words';

type Word = Parameters<typeof t>[0];

export const LEVEL: Record<Level, Word> = { none: 'levelNone', initial: 'levelInitial', partial: 'levelPartial', full: 'levelFull' };
export const BASIS: Record<Question['basis'], Word> = {
  evidence: 'fromEvidence',
  answer: 'fromAnswer',
  none: 'fromNothing',
  'not applicable': 'skipped',
};
export const MOMENT: Record<string, Word> = { baseline: 'baseline', interim: 'interim', final: 'final' };
export const MARK: Record<Mark, Word> = { yes: 'yes', no: 'no', 'n/a': 'skipped', open: 'openMark' };
export const COUNTED: Record<Indicator['basis'], Word> = { counted: 'counted', reported: 'reportedBy', none: 'missingValue' };
