// Which words say the protocol's states and messages, and those of calls; what is not known is shown as it came.
import { t } from './words';

type Word = Parameters<typeof t>[0];
const PROCESS: Record<string, Word> = {
  '': 'process_begun',
  REQUESTED: 'process_requested',
  OFFERED: 'process_offered',
  ACCEPTED: 'process_accepted',
  AGREED: 'process_agreed',
  VERIFIED: 'process_verified',
  FINALIZED: 'process_finalized',
  STARTED: 'process_started',
  SUSPENDED: 'process_suspended',
  COMPLETED: 'process_completed',
  TERMINATED: 'process_terminated',
};
const MESSAGE: Record<string, Word> = {
  request: 'message_request',
  offer: 'message_offer',
  accept: 'message_accept',
  agree: 'message_agree',
  verify: 'message_verify',
  finalize: 'message_finalize',
  start: 'message_start',
  suspend: 'message_suspend',
  complete: 'message_complete',
  terminate: 'message_terminate',
};
const CALL: Record<string, Word> = { begun: 'call_begun', running: 'call_running', done: 'call_done', failed: 'call_failed', stopped: 'call_stopped' };
const FORMAT: Record<string, Word> = {
  'HttpData-PULL': 'format_http',
  'File-PULL': 'format_file',
  'NGSI-LD-PULL': 'format_ngsi',
  'OGC-Features-PULL': 'format_ogc',
  'LDES-PULL': 'format_ldes',
  'OGC-Processes': 'format_processes',
  'Compute-To-Data': 'format_compute',
  'Signed-Model-Package': 'format_model',
};

const said = (words: Record<string, Word>) => (name: string) => (name in words ? t(words[name]) : name);
export const processState = said(PROCESS);
export const messageName = said(MESSAGE);
export const callState = said(CALL);
export const formatName = said(FORMAT);
