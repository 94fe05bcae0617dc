// A scene that several people look at together, over one WebSocket. Who leads shows camera, scenario and hour; everybody
// else follows unless they would rather look around; pointers are everybody's. Nothing of it is kept anywhere.
import { send } from '../api/client';
import { route } from './route.svelte';

export interface Person {
  id: number;
  name: string;
  signed_in: boolean;
}

/** What all look at; what is absent stays as it is. Camera: longitude, latitude, zoom, pitch, bearing. */
export interface Look {
  camera?: number[];
  scenario?: string;
  hour?: number;
  mode?: string;
  field?: string;
}

export interface Pointer {
  at: [number, number] | null;
  height?: number | null;
  heading?: number | null;
  mark?: boolean;
}

type Event =
  | { type: 'welcome'; you: number; leader: number | null; participants: Person[]; look: Look; ends_at: string }
  | { type: 'joined'; participant: Person }
  | { type: 'left'; id: number; leader: number }
  | ({ type: 'look'; by: number } & Look)
  | ({ type: 'point'; by: number } & Pointer)
  | { type: 'leads'; id: number };

const LOOKS_MS = 150;
const POINTS_MS = 120;
const MARK_MS = 8000;
/** Colours that differ for everybody (after Okabe and Ito), all light enough for black numbers; the number says the same. */
const COLOURS = ['#56b4e9', '#e69f00', '#2fb58c', '#d98cb3', '#e8743b', '#f0e442', '#a99cf0'];
export const colourOf = (id: number): string => COLOURS[(id - 1) % COLOURS.length];

/** Sends the newest of what comes in quick succession, never more often than every `wait` milliseconds. */
function throttled<T>(wait: number, act: (value: T) => void): (value: T) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let newest: T;
  let last = 0;
  return (value) => {
    newest = value;
    if (timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      last = Date.now();
      act(newest);
    }, Math.max(0, last + wait - Date.now()));
  };
}

class Together {
  state = $state<'off' | 'joining' | 'in'>('off');
  code = $state('');
  you = $state(0);
  leader = $state<number | null>(null);
  people = $state.raw<Person[]>([]);
  pointers = $state.raw<Record<number, Pointer>>({});
  /** What the leader shows. */
  look = $state.raw<Look>({});
  following = $state(true);
  /** Why it ended, in the server's words; or that the line dropped. */
  ended = $state<number | null>(null);
  endsAt = $state('');
  readonly leads = $derived(this.state === 'in' && this.leader === this.you);
  readonly others = $derived(this.people.filter(({ id }) => id !== this.you));
  #socket: WebSocket | null = null;
  #sent = '';

  /** The code of a scene that somebody invited to. */
  get invitation(): string | null {
    return this.state === 'off' ? (route.query.together ?? null) : null;
  }

  /** Open a scene of one's own and sit down in it. */
  async open(name: string): Promise<void> {
    const { code } = await send<{ code: string }>('POST', 'scenes');
    this.join(code, name);
  }

  join(code: string, name: string) {
    this.state = 'joining';
    this.ended = null;
    this.code = code;
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/scenes/${encodeURIComponent(code)}/socket`);
    this.#socket = socket;
    socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'hello', name: name.trim().slice(0, 40) })));
    socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(data)));
    socket.addEventListener('close', ({ code: why }) => socket === this.#socket && this.#over(why));
    route.set({ together: code });
  }

  leave() {
    this.#say({ type: 'leave' });
    this.#socket?.close();
    this.#socket = null;
    this.#over(null);
  }

  lead() {
    this.#say({ type: 'lead' });
  }

  /** Show this to all; nothing is sent unless one leads and something changed. */
  readonly show = throttled<Look>(LOOKS_MS, (look) => {
    const text = JSON.stringify(look);
    if (!this.leads || text === this.#sent) return;
    this.#sent = text;
    this.#say({ type: 'look', ...look });
  });

  readonly point = throttled<Pointer>(POINTS_MS, (pointer) => this.#say({ type: 'point', ...pointer }));

  #say(message: object) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #hear(event: Event) {
    if (event.type === 'welcome') {
      this.state = 'in';
      [this.you, this.leader, this.people, this.look, this.endsAt] = [event.you, event.leader, event.participants, event.look, event.ends_at];
    } else if (event.type === 'joined') {
      this.people = [...this.people, event.participant];
      this.#sent = ''; // whoever leads shows the newcomer what all see
    } else if (event.type === 'left') {
      this.people = this.people.filter(({ id }) => id !== event.id);
      this.leader = event.leader;
      this.#drop(event.id);
    } else if (event.type === 'leads') {
      this.leader = event.id;
      this.#sent = '';
    } else if (event.type === 'look') {
      const { type: _, by: __, ...look } = event;
      this.look = { ...this.look, ...look };
    } else {
      this.#pointed(event);
    }
  }

  #pointed({ by, at, height, heading, mark }: Pointer & { by: number }) {
    const pointer = { at, height, heading, mark };
    this.pointers = { ...this.pointers, [by]: pointer };
    if (mark) setTimeout(() => this.pointers[by] === pointer && this.#drop(by), MARK_MS);
  }

  #drop(id: number) {
    const { [id]: _, ...rest } = this.pointers;
    this.pointers = rest;
  }

  #over(why: number | null) {
    this.state = 'off';
    this.ended = why;
    this.people = [];
    this.pointers = {};
    this.look = {};
    this.leader = null;
    this.#sent = '';
    this.#socket = null;
    route.set({ together: null });
  }
}

export const together = new Together();
