// Who looks at the page, asked once. Actions that this person may not do are absent; the server refuses them anyway.
import { getMe } from '../api/client';
import type { Me } from '../api/types';

class MeState {
  me = $state.raw<Me | null>(null);
  /** Whether the answer is there, or known not to come. */
  settled = $state(false);

  /** Without an answer nothing is offered that needs a right. */
  async start(): Promise<void> {
    try {
      this.me = await getMe();
    } catch {
      this.me = null;
    }
    this.settled = true;
  }

  /** Whether this person has the right (a name of `/api/identity/roles`). */
  may(right: string): boolean {
    return this.me?.rights.includes(right) ?? false;
  }
}

export const meState = new MeState();
