// What a refusal of the server means, in the reader's language. Its own words (RFC 9457 `detail`) are English and follow as they are.
import type { Problem } from '../api/types';
import { t, type Key } from '.';

/** By the last part of the problem's `type`: the platform's kinds of error. A kind that is not here is told by its status. */
const BY_KIND: Record<string, Key> = {
  AlreadyExists: 'refusalTaken',
  Cancelled: 'refusalStopped',
  ContextNotAvailable: 'refusalOutside',
  ModelFailed: 'refusalModelFailed',
  OperationNotSupported: 'refusalNotOffered',
  OverrideRefused: 'notAllowed',
  QuotaExceeded: 'refusalQuota',
  TooComplexQuery: 'refusalTooMuch',
  TooManyResults: 'refusalTooMuch',
};

const BY_STATUS: Record<number, Key> = {
  0: 'refusalUnreachable',
  400: 'refusalInvalid',
  401: 'signInForThis',
  403: 'refusalForbidden',
  404: 'refusalMissing',
  405: 'refusalNotOffered',
  406: 'refusalKindOfFile',
  409: 'refusalConflict',
  411: 'refusalInvalid',
  413: 'refusalTooMuch',
  415: 'refusalKindOfFile',
  422: 'refusalInvalid',
  429: 'refusalTooOften',
  500: 'refusalDefect',
  501: 'refusalNotOffered',
  502: 'refusalOutside',
  503: 'refusalBusy',
  504: 'refusalBusy',
};

/** What the signed-out reader can do is all there is to say; everywhere else the server's words name the field or the thing. */
const SAYS_ALL: Key[] = ['signInForThis', 'refusalUnreachable'];

/** A sentence in the reader's language and, on a line of its own, where and what in the server's words. */
export function refusalText(problem: Problem): string {
  const kind = problem.type?.split('/').at(-1) ?? '';
  const key = BY_KIND[kind] ?? BY_STATUS[problem.status] ?? 'refusalDefect';
  if (SAYS_ALL.includes(key)) return t(key);
  const said = problem.detail || problem.title;
  const where = problem.where && !said.includes(problem.where) ? `${problem.where}: ` : '';
  return `${t(key)}\n${where}${said}`;
}
