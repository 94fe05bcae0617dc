// Words for what the API names, and the colour and letter of each type: never the colour alone.
import type { Compared, Kind, State, Status } from '../../api/participating';
import { t } from './words';

export const KIND = { idea: 'kindIdea', concern: 'kindConcern', question: 'kindQuestion', praise: 'kindPraise', design: 'kindDesign', 'what-if': 'kindWhatIf' } as const;
export const STATE = { waiting: 'stateWaiting', published: 'statePublished', hidden: 'stateHidden', appealed: 'stateAppealed', withdrawn: 'stateWithdrawn', erased: 'stateErased' } as const;
export const STATUS = { planned: 'statusPlanned', open: 'statusOpen', between: 'statusBetween', closed: 'statusClosed' } as const;
const ACT: Record<string, Parameters<typeof t>[0]> = { publish: 'actPublish', hide: 'actHide', appeal: 'actAppeal', withdraw: 'actWithdraw', held: 'actHeld', reported: 'actReported', erase: 'actErase' };
const VERDICT = { more: 'verdictMore', fewer: 'verdictFewer', 'no clear difference': 'verdictNone', 'too few to tell': 'verdictFew' } as const;

/** Okabe & Ito's colours, dark enough on paper and light enough at night. */
export const COLOUR: Record<Kind, string> = {
  idea: '#0072b2', concern: '#d55e00', question: '#cc79a7', praise: '#009e73', design: '#e69f00', 'what-if': '#56b4e9',
};

export const kindText = (kind: Kind) => t(KIND[kind]);
export const stateText = (state: State) => t(STATE[state]);
/** A step of somebody's: what was done to a contribution. */
export const actText = (act: string) => (act in ACT ? t(ACT[act]) : act);
export const statusText = (status: Status) => t(STATUS[status]);
export const verdictText = (verdict: Compared['verdict']) => t(VERDICT[verdict]);
export const failed = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
