// Language and theme: from the URL, else from the last visit, else from the browser.
import type { Language } from '../api/types';
import { route } from './route.svelte';

export type Theme = 'light' | 'dark';
export const LANGUAGES: Language[] = ['it', 'de', 'en'];

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`sympolis.${key}`);
  } catch {
    return null; // storage may be switched off; the URL still carries the choice
  }
}

function remember(key: string, value: string) {
  try {
    localStorage.setItem(`sympolis.${key}`, value);
  } catch {
    // see above
  }
}

const browserLanguage = (): Language =>
  navigator.languages.map((tag) => tag.slice(0, 2) as Language).find((tag) => LANGUAGES.includes(tag)) ?? 'en';
const browserTheme = (): Theme => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');

const startLanguage = remembered('lang') ?? browserLanguage();
const startTheme = remembered('theme') ?? browserTheme();

class Preferences {
  get language(): Language {
    const wanted = (route.query.lang ?? startLanguage) as Language;
    return LANGUAGES.includes(wanted) ? wanted : 'en';
  }

  set language(value: Language) {
    remember('lang', value);
    route.set({ lang: value });
  }

  get theme(): Theme {
    return (route.query.theme ?? startTheme) === 'dark' ? 'dark' : 'light';
  }

  set theme(value: Theme) {
    remember('theme', value);
    route.set({ theme: value });
  }

  readonly reducedMotion = matchMedia('(prefers-reduced-motion: reduce)').matches;
}

export const preferences = new Preferences();
