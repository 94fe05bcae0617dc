// Kinds and tiers of assets, and what people call them.
import type { Tier } from '../../api/assets';
import { t } from './words';

export const KINDS = [
  'service', 'model', 'dataset', 'data-model', 'mapping', 'dashboard', 'story', 'plan', 'notebook', 'pipeline', 'rulebook', 'contract-template', 'learning-material',
] as const;
export const TIERS: Tier[] = ['gold', 'silver', 'bronze', 'listed'];

const KIND_WORDS: Record<string, Parameters<typeof t>[0]> = {
  service: 'kindService',
  model: 'kindModel',
  dataset: 'kindDataset',
  'data-model': 'kindDataModel',
  mapping: 'kindMapping',
  dashboard: 'kindDashboard',
  story: 'kindStory',
  plan: 'kindPlan',
  notebook: 'kindNotebook',
  pipeline: 'kindPipeline',
  rulebook: 'kindRulebook',
  'contract-template': 'kindContract',
  'learning-material': 'kindLearning',
};
const TIER_WORDS: Record<Tier, Parameters<typeof t>[0]> = { listed: 'tierListed', bronze: 'tierBronze', silver: 'tierSilver', gold: 'tierGold' };

export const kindName = (kind: string): string => (kind in KIND_WORDS ? t(KIND_WORDS[kind]) : kind);
export const tierName = (tier: Tier): string => t(TIER_WORDS[tier]);
