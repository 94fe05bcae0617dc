// The pages there are. Each is its own chunk; `nav` names the entry of the navigation it belongs to.
import type { Component } from 'svelte';
import type { Key } from '../i18n';

interface Page {
  title: Key;
  nav: string;
  load: () => Promise<{ default: Component }>;
}

export const PAGES: Record<string, Page> = {
  map: { title: 'navMap', nav: 'map', load: () => import('../pages/map/MapPage.svelte') },
  scenarios: { title: 'navScenarios', nav: 'scenarios', load: () => import('../pages/scenarios/ScenariosPage.svelte') },
  scenario: { title: 'scenarioBuilder', nav: 'scenarios', load: () => import('../pages/scenarios/BuilderPage.svelte') },
  compare: { title: 'comparison', nav: 'scenarios', load: () => import('../pages/scenarios/ComparePage.svelte') },
  services: { title: 'navServices', nav: 'services', load: () => import('../pages/services/ServicesPage.svelte') },
  forecasts: { title: 'navForecasts', nav: 'forecasts', load: () => import('../pages/forecasts/ForecastsPage.svelte') },
  models: { title: 'navModels', nav: 'models', load: () => import('../pages/models/ModelsPage.svelte') },
  sources: { title: 'navSources', nav: 'sources', load: () => import('../pages/sources/SourcesPage.svelte') },
  lineage: { title: 'lineage', nav: 'sources', load: () => import('../pages/lineage/LineagePage.svelte') },
};
