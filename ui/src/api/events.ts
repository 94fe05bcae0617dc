// Server-sent events: the run's progress and the change log. The browser reconnects and sends Last-Event-ID itself.
import type { Progress, RunStatus } from './types';

export interface RunEvent {
  status: RunStatus;
  progress: Progress;
}

const ENDED: RunStatus[] = ['done', 'failed', 'cancelled'];

/** Flat (`{share, text, status}`) and nested (`{status, progress}`) events mean the same. */
function readRunEvent(text: string): RunEvent {
  const data = JSON.parse(text);
  return data.progress ? data : { status: data.status, progress: data };
}

/** Follow a run until it has ended; returns a function that stops following. */
export function followRun(id: string, onEvent: (event: RunEvent) => void): () => void {
  const stream = new EventSource(`/api/runs/${encodeURIComponent(id)}/events`);
  stream.addEventListener('progress', (message) => {
    const event = readRunEvent(message.data);
    if (ENDED.includes(event.status)) stream.close();
    onEvent(event);
  });
  return () => stream.close();
}

export interface ChangeEvent {
  number: number;
  at: string;
  entity: string;
  types: string[];
}

const RETRY_MS = 3000;

/**
 * Follow the change log; `onState` says whether the line is up. The browser takes a lost line up again by itself, but
 * gives up where it is answered with an error (a proxy whose twin is away): then it is asked anew, from where it ended.
 */
export function followChanges(onChange: (event: ChangeEvent) => void, onState: (up: boolean) => void): () => void {
  let stream: EventSource;
  let newest: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  function open() {
    stream = new EventSource(newest === null ? '/api/changes' : `/api/changes?after=${newest}`);
    stream.addEventListener('open', () => onState(true));
    stream.addEventListener('error', () => {
      onState(false);
      if (stream.readyState === EventSource.CLOSED) timer = setTimeout(open, RETRY_MS);
    });
    stream.addEventListener('change', (message) => {
      const event = JSON.parse(message.data) as ChangeEvent;
      newest = event.number;
      onChange(event);
    });
  }
  open();
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}
