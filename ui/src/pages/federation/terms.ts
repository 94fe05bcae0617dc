// What an agreement's ODRL says of time: the moments that its constraints name, and how they bound the use.

export interface Bound {
  /** `until`: use ends there; `from`: it begins there. */
  kind: 'until' | 'from';
  at: string;
}

const ENDS = ['lt', 'lteq'];
const BEGINS = ['gt', 'gteq'];

/** Every constraint on `dateTime` in a policy, however deep. */
export function boundsOf(policy: unknown): Bound[] {
  if (Array.isArray(policy)) return policy.flatMap(boundsOf);
  if (policy === null || typeof policy !== 'object') return [];
  const one = policy as Record<string, unknown>;
  const word = (value: unknown): string => String(typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['@id'] : value).split(/[:/#]/).pop() ?? '';
  if (word(one.leftOperand) === 'dateTime') {
    const right = one.rightOperand;
    const at = typeof right === 'object' && right !== null ? (right as Record<string, unknown>)['@value'] : right;
    const kind = ENDS.includes(word(one.operator)) ? 'until' : BEGINS.includes(word(one.operator)) ? 'from' : null;
    return kind && typeof at === 'string' ? [{ kind, at }] : [];
  }
  return Object.values(one).flatMap(boundsOf);
}
