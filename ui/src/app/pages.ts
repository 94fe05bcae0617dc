// The pages there are. Each is its own chunk; `nav` names the entry of the navigation it belongs to.
import type { Component } from 'svelte';
import BookOpen from '@lucide/svelte/icons/book-open';
import Boxes from '@lucide/svelte/icons/boxes';
import ChartSpline from '@lucide/svelte/icons/chart-spline';
import ClipboardCheck from '@lucide/svelte/icons/clipboard-check';
import ClipboardList from '@lucide/svelte/icons/clipboard-list';
import Database from '@lucide/svelte/icons/database';
import Gavel from '@lucide/svelte/icons/gavel';
import GitCompareArrows from '@lucide/svelte/icons/git-compare-arrows';
import ChartColumn from '@lucide/svelte/icons/chart-column';
import CircleQuestionMark from '@lucide/svelte/icons/circle-question-mark';
import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard';
import ListTodo from '@lucide/svelte/icons/list-todo';
import MapPinned from '@lucide/svelte/icons/map-pinned';
import MapIcon from '@lucide/svelte/icons/map';
import MessageCircleQuestion from '@lucide/svelte/icons/message-circle-question-mark';
import MessagesSquare from '@lucide/svelte/icons/messages-square';
import Package from '@lucide/svelte/icons/package';
import Network from '@lucide/svelte/icons/network';
import ShieldCheck from '@lucide/svelte/icons/shield-check';
import Waypoints from '@lucide/svelte/icons/waypoints';
import type { Key } from '../i18n';

interface Page {
  title: Key;
  nav: string;
  load: () => Promise<{ default: Component }>;
}

export const PAGES: Record<string, Page> = {
  overview: { title: 'navOverview', nav: 'overview', load: () => import('../pages/overview/OverviewPage.svelte') },
  map: { title: 'navMap', nav: 'map', load: () => import('../pages/map/MapPage.svelte') },
  dashboard: { title: 'navDashboard', nav: 'dashboard', load: () => import('../pages/dashboard/DashboardPage.svelte') },
  atlas: { title: 'navAtlas', nav: 'atlas', load: () => import('../pages/atlas/AtlasPage.svelte') },
  scenarios: { title: 'navScenarios', nav: 'scenarios', load: () => import('../pages/scenarios/ScenariosPage.svelte') },
  scenario: { title: 'scenarioBuilder', nav: 'scenarios', load: () => import('../pages/scenarios/BuilderPage.svelte') },
  compare: { title: 'comparison', nav: 'scenarios', load: () => import('../pages/scenarios/ComparePage.svelte') },
  services: { title: 'navServices', nav: 'services', load: () => import('../pages/services/ServicesPage.svelte') },
  joint: { title: 'jointPlanning', nav: 'services', load: () => import('../pages/joint/JointPage.svelte') },
  worklist: { title: 'navWorklist', nav: 'worklist', load: () => import('../pages/worklist/WorklistPage.svelte') },
  plan: { title: 'navPlan', nav: 'plan', load: () => import('../pages/plan/PlanPage.svelte') },
  participation: { title: 'navParticipation', nav: 'participation', load: () => import('../pages/participation/ParticipationPage.svelte') },
  decisions: { title: 'navDecisions', nav: 'decisions', load: () => import('../pages/decisions/DecisionsPage.svelte') },
  forecasts: { title: 'navForecasts', nav: 'forecasts', load: () => import('../pages/forecasts/ForecastsPage.svelte') },
  models: { title: 'navModels', nav: 'models', load: () => import('../pages/models/ModelsPage.svelte') },
  sources: { title: 'navSources', nav: 'sources', load: () => import('../pages/sources/SourcesPage.svelte') },
  federation: { title: 'navFederation', nav: 'federation', load: () => import('../pages/federation/FederationPage.svelte') },
  assets: { title: 'navAssets', nav: 'assets', load: () => import('../pages/assets/AssetsPage.svelte') },
  governance: { title: 'navGovernance', nav: 'governance', load: () => import('../pages/governance/GovernancePage.svelte') },
  notifications: { title: 'navNotifications', nav: 'overview', load: () => import('../pages/notifications/NotificationsPage.svelte') },
  stories: { title: 'navStories', nav: 'stories', load: () => import('../pages/stories/StoriesPage.svelte') },
  walk: { title: 'navWalk', nav: 'map', load: () => import('../pages/walk/WalkPage.svelte') },
  assessment: { title: 'navAssessment', nav: 'assessment', load: () => import('../pages/assessment/AssessmentPage.svelte') },
  ecosystem: { title: 'navEcosystem', nav: 'ecosystem', load: () => import('../pages/ecosystem/EcosystemPage.svelte') },
  help: { title: 'navHelp', nav: 'help', load: () => import('../pages/help/HelpPage.svelte') },
  lineage: { title: 'lineage', nav: 'sources', load: () => import('../pages/lineage/LineagePage.svelte') },
};

export interface Entry {
  page: string;
  label: Key;
  icon: typeof MapIcon;
  /** Entries of one group stand together: to see, to decide, to trust, to share, to run. */
  group: 'see' | 'decide' | 'trust' | 'share' | 'run';
  /** Only where the city has this part (`parts` of /api/city). */
  part?: string;
  /** Only for those who have this right (`rights` of /api/identity/me). */
  right?: string;
}

/** In this order; a phone shows the first four, the rest behind "More". */
export const ENTRIES: Entry[] = [
  { page: 'overview', label: 'navOverview', icon: LayoutDashboard, group: 'see' },
  { page: 'map', label: 'navMap', icon: MapIcon, group: 'see' },
  { page: 'stories', label: 'navStories', icon: BookOpen, group: 'see', part: 'stories' },
  { page: 'dashboard', label: 'navDashboard', icon: ChartColumn, group: 'see', part: 'composing' },
  { page: 'atlas', label: 'navAtlas', icon: MapPinned, group: 'see', part: 'atlases' },
  { page: 'scenarios', label: 'navScenarios', icon: GitCompareArrows, group: 'decide', part: 'models' },
  { page: 'services', label: 'navServices', icon: MessageCircleQuestion, group: 'decide', part: 'services' },
  { page: 'plan', label: 'navPlan', icon: ClipboardList, group: 'decide', part: 'plans' },
  { page: 'participation', label: 'navParticipation', icon: MessagesSquare, group: 'decide', part: 'participation' },
  { page: 'decisions', label: 'navDecisions', icon: Gavel, group: 'decide', part: 'decisions' },
  { page: 'forecasts', label: 'navForecasts', icon: ChartSpline, group: 'trust', part: 'forecasts' },
  { page: 'models', label: 'navModels', icon: Boxes, group: 'trust', part: 'models' },
  { page: 'sources', label: 'navSources', icon: Database, group: 'trust' },
  { page: 'worklist', label: 'navWorklist', icon: ListTodo, group: 'trust', part: 'services' },
  { page: 'federation', label: 'navFederation', icon: Network, group: 'share', part: 'federation', right: 'federation.read' },
  { page: 'ecosystem', label: 'navEcosystem', icon: Waypoints, group: 'share', part: 'assessment', right: 'assessment.read' },
  { page: 'assets', label: 'navAssets', icon: Package, group: 'share', part: 'assets', right: 'federation.read' },
  { page: 'assessment', label: 'navAssessment', icon: ClipboardCheck, group: 'run', part: 'assessment', right: 'assessment.read' },
  { page: 'governance', label: 'navGovernance', icon: ShieldCheck, group: 'run', right: 'sources.read' },
  { page: 'help', label: 'navHelp', icon: CircleQuestionMark, group: 'run', part: 'help' },
];
