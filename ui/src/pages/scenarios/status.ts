// A scenario's states, in the order of its way to a decision, and how each is called.
import type { ScenarioStatus } from '../../api/reviewing';

export const STATUS = {
  draft: 'statusDraft',
  submitted: 'statusSubmitted',
  'sent-back': 'statusSentBack',
  reviewed: 'statusReviewed',
  adopted: 'statusAdopted',
  withdrawn: 'statusWithdrawn',
} as const satisfies Record<ScenarioStatus, string>;

/** What the button of a step says; to a draft there are two ways. */
export const STEP = {
  submitted: 'submit',
  'sent-back': 'sendBack',
  reviewed: 'approve',
  adopted: 'adopt',
  withdrawn: 'withdraw',
} as const;

export const STATUSES = Object.keys(STATUS) as ScenarioStatus[];
export const isStatus = (text: string | undefined): text is ScenarioStatus => !!text && text in STATUS;
