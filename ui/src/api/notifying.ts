// Notices: what stands, who sees to it, and the rules by which people are told.
import { get, part, send } from './client';
import type { Text } from './types';

export interface Notice {
  id: string;
  rule: string;
  title: Text;
  reading: { title: Text; value: number; unit: string; at: string; page: string };
  urgent: boolean;
  state: 'open' | 'acknowledged' | 'over';
  raised_at: string;
  acknowledged_by: string;
}

export interface Way {
  channel: string;
  to: string;
}

export interface Rule {
  id: string;
  title: Text;
  about: 'indicator' | 'forecast' | 'alert' | 'source' | 'question';
  subject: string;
  above: number | null;
  below: number | null;
  urgent: boolean;
  to: Way[];
  quiet: { start: string; until: string } | null;
  builtin: boolean;
}

export const listNotices = async () => (await get<{ notifications: Notice[] }>('notifications?limit=50')).notifications;
export const acknowledge = (notice: string) => send<Notice>('POST', `notifications/${part(notice)}/acknowledgement`);
export const listRules = () => get<{ rules: Rule[]; channels: string[] }>('notifications/rules');
export const keepRule = (id: string, rule: Partial<Rule>) => send<Rule>('PUT', `notifications/rules/${part(id)}`, rule);
export const dropRule = (id: string) => send<void>('DELETE', `notifications/rules/${part(id)}`);
export const getPushKey = async () => (await get<{ public_key: string }>('notifications/push-key')).public_key;
