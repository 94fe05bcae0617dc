// Whether the page still hears from the twin. When the line drops, figures grow old: the header then says so and how old.
import { followChanges, type ChangeEvent } from '../api/events';

type Listener = (event: ChangeEvent) => void;
const GRACE_MS = 2000;

class Live {
  up = $state(true);
  since = $state(Date.now());
  #listeners = new Set<Listener>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  start() {
    followChanges((event) => this.#heard(event), (up) => this.#turn(up));
  }

  /** Call back on each change of the twin; returns a function that stops it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #heard(event: ChangeEvent) {
    this.#turn(true);
    for (const listener of this.#listeners) listener(event);
  }

  #turn(up: boolean) {
    clearTimeout(this.#timer);
    if (up) {
      this.up = true;
      this.since = Date.now();
      return;
    }
    this.#timer = setTimeout(() => (this.up = false), GRACE_MS); // a quick reconnect is no news
  }
}

export const live = new Live();
