// Whether the page still hears from the twin. When the line drops, figures grow old: the header then says so and how old.
import { followChanges } from '../api/events';

type Listener = () => void;
const GRACE_MS = 2000;

class Live {
  up = $state(true);
  since = $state(Date.now());
  #lost = false;
  #listeners = new Set<Listener>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  start() {
    followChanges(() => this.#heard(), (up) => this.#turn(up));
  }

  /** Call back on each change of the twin, and when the line is back after a loss; returns a function that stops it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #heard() {
    this.#turn(true);
    this.#tell();
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }

  #turn(up: boolean) {
    clearTimeout(this.#timer);
    if (up) {
      this.up = true;
      this.since = Date.now();
      if (this.#lost) this.#tell(); // what was asked meanwhile failed, and not all that changes is in the log
      this.#lost = false;
      return;
    }
    this.#lost = true;
    this.#timer = setTimeout(() => (this.up = false), GRACE_MS); // a quick reconnect is no news
  }
}

export const live = new Live();
