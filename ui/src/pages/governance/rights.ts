// What each right means, in words of this page; the server's own sentence for one that it has and this list has not.
import { t } from './words';

const RIGHTS = [
  'context.read',
  'catalogue.read',
  'results.read',
  'data.read',
  'context.write',
  'context.subscribe',
  'context.administer',
  'scenarios.run',
  'scenarios.review',
  'decisions.take',
  'dashboards.compose',
  'scenes.share',
  'participation.write',
  'participation.moderate',
  'models.submit',
  'models.release',
  'help.ask',
  'help.answer',
  'notifications.manage',
  'sources.read',
  'sources.deliver',
  'sources.run',
  'sources.release',
  'datasets.submit',
  'datasets.release',
  'subjects.answer',
  'policies.read',
  'policies.write',
  'users.manage',
  'audit.read',
  'federation.read',
  'federation.compute',
  'federation.manage',
  'assessment.read',
  'assessment.manage',
  'system.read',
] as const;
type Right = (typeof RIGHTS)[number];

const isKnown = (right: string): right is Right => (RIGHTS as readonly string[]).includes(right);

export const rightText = (right: string): string | null => (isKnown(right) ? t(right) : null);
