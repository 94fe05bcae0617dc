// Tasks that follow one another with the same consequence: it is said once, above them. Their order stays.
import { say } from '../i18n';
import type { Text } from '../api/types';

interface Consequential {
  id: string;
  consequence: Text;
}

export function byConsequence<T extends Consequential>(tasks: T[]): { text: string; tasks: T[] }[] {
  const groups: { text: string; tasks: T[] }[] = [];
  for (const task of tasks) {
    const text = say(task.consequence);
    const last = groups.at(-1);
    if (last?.text === text) last.tasks.push(task);
    else groups.push({ text, tasks: [task] });
  }
  return groups;
}
