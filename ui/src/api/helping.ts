// Search of the documentation, questions to people, tutorials in this twin.
import { get, part, send } from './client';
import type { Text } from './types';

export interface Answer { title: string; names: Text; heading: string; passage: string; page: string | null; address: string }
export interface Question {
  id: string;
  text: string;
  topic: string;
  topic_title: Text;
  state: 'open' | 'answered' | 'overdue';
  asked_at: string;
  due: string;
  answer: string | null;
  mine: boolean;
  for_me: boolean;
  suggestions?: Answer[];
}
export interface Step { id: string; title: Text; text: Text; view: string | null; command: string | null; done_at: string | null }
export interface Tutorial { id: string; title: Text; lead: Text; minutes: number; page: string; begun_at: string | null; done: number; complete: boolean; steps: Step[] }
export interface Page { page: string; title: string; text: string }

export const searchHelp = (words: string) => get<{ answers: Answer[] }>(`help/search?q=${part(words)}&limit=6`).then(({ answers }) => answers);
export const getPage = (page: string) => get<Page>(`help/pages/${page.split('/').map(part).join('/')}`);
export const listTopics = () => get<{ topics: { id: string; title: Text }[]; answer_days: number }>('help/topics');
export const listQuestions = (whose: 'mine' | 'for-me' | 'waiting') => get<{ questions: Question[] }>(`help/questions?whose=${whose}`).then(({ questions }) => questions);
export const ask = (text: string, topic: string) => send<Question>('POST', 'help/questions', topic ? { text, topic } : { text });
export const answer = (question: string, text: string) => send<Question>('PUT', `help/questions/${part(question)}/answer`, { text });
export const withdraw = (question: string) => send<void>('DELETE', `help/questions/${part(question)}`);
export const listTutorials = () => get<{ tutorials: Tutorial[] }>('help/tutorials').then(({ tutorials }) => tutorials);
export const begin = (tutorial: string) => send<Tutorial>('PUT', `help/tutorials/${part(tutorial)}/progress`, {});
