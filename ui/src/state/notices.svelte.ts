// What stands and nobody has seen to yet: the number beside the bell. Read again with the twin's own changes, at most every half minute.
import { listNotices, type Notice } from '../api/notifying';
import { live } from './live.svelte';

const PAUSE_MS = 30_000;

class NoticeState {
  all = $state.raw<Notice[]>([]);
  readonly open = $derived(this.all.filter(({ state }) => state === 'open'));
  #timer: ReturnType<typeof setTimeout> | undefined;

  start() {
    void this.load();
    live.listen(() => {
      this.#timer ??= setTimeout(() => void this.load(), PAUSE_MS);
    });
  }

  /** Whoever may not read them has none. */
  async load(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.all = await listNotices();
    } catch {
      this.all = [];
    }
  }
}

export const noticeState = new NoticeState();
