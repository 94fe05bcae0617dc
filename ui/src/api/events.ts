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

/** Follow the change log; `onState` says whether the line is up. */
export function followChanges(onChange: (event: ChangeEvent) => void, onState: (up: boolean) => void): () => void {
  const stream = new EventSource('/api/changes');
  stream.addEventListener('open', () => onState(true));
  stream.addEventListener('error', () => onState(false));
  stream.addEventListener('change', (message) => onChange(JSON.parse(message.data)));
  return () => stream.close();
}
