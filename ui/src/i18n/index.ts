// Words and numbers in the reader's language. Keys are typed from en.json; a test holds the three files to the same keys.
import type { Interval, Text, Verdict } from '../api/types';
import { cityState } from '../state/city.svelte';
import { preferences } from '../state/preferences.svelte';
import de from './de.json';
import en from './en.json';
import it from './it.json';

/** The forms of a text that counts: `{n}` chooses among them as the language does; every language has `other`. */
type Forms = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>;

type Plain<Words> = { [Key in keyof Words]: Words[Key] extends string ? Key : never }[keyof Words];
type Counted<Words> = Exclude<keyof Words, Plain<Words>>;
type SameAs<Words> = { [Key in keyof Words]: Words[Key] extends string ? string : Forms };

export type Key = Plain<typeof en>;

type Values = Record<string, string | number>;

/** The plain form stands last: it is the one that `Parameters<typeof t>` sees. */
interface Speak<Words> {
  (key: Counted<Words>, values: Values & { n: number }): string;
  (key: Plain<Words>, values?: Values): string;
}

/** The form for a number as it is shown, without decimals. Italian's form for whole millions is that of other numbers where digits are written. */
function formFor(forms: Forms, n: number): string {
  return forms[new Intl.PluralRules(preferences.language).select(Math.round(n))] ?? forms.other;
}

/**
 * The words of one page from its three files, typed by the English one: they travel in the page's own chunk.
 * `{name}` in a text is replaced from `values`; a text with plural forms takes its number as `n` and writes it by locale.
 */
export function vocabulary<Words extends Record<string, string | Forms>>(words: { it: SameAs<Words>; de: SameAs<Words>; en: Words }): Speak<Words> {
  const byLanguage: Record<string, Record<keyof Words, string | Forms>> = words;
  return (key: keyof Words, values: Values = {}): string => {
    const entry = byLanguage[preferences.language][key];
    const [text, shown] = typeof entry === 'string' ? [entry, values] : [formFor(entry, Number(values.n)), { ...values, n: number(Number(values.n)) }];
    return text.replace(/\{(\w+)\}/g, (whole, name) => String(shown[name] ?? whole));
  };
}

/** The words of the shell and of what several pages show. */
export const t = vocabulary({ it, de, en });

/** A text of the city package in the reader's language, else in English, else in whichever there is. */
export function say(text: Text | string | null | undefined): string {
  if (!text) return '';
  if (typeof text === 'string') return text;
  return text[preferences.language] ?? text.en ?? Object.values(text)[0] ?? '';
}

const isNumber = (value: number | null | undefined): value is number => value != null && Number.isFinite(value);

/** Every number that people read is written here: the locale's digits, with a true minus where Intl has a hyphen. */
const written = (value: number, options: Intl.NumberFormatOptions): string =>
  new Intl.NumberFormat(preferences.language, options).format(value).replace('-', '−');

export function number(value: number | null | undefined, decimals = 0): string {
  if (!isNumber(value)) return '–';
  const options = { signDisplay: 'negative', minimumFractionDigits: decimals, maximumFractionDigits: decimals } as const;
  return written(value, options);
}

/** Units that are words, or abbreviate words, of one language. */
const UNITS: Record<string, Key> = {
  pp: 'points',
  persons: 'unitPersons',
  veh: 'unitVehicle',
  'veh·h': 'unitVehicleHours',
  'veh/h': 'unitVehicles',
  'veh/d': 'unitVehiclesADay',
  d: 'unitDays',
  'd/a': 'unitDaysAYear',
  a: 'unitYears',
  'person·h/d': 'unitPersonHoursADay',
  'person·h': 'unitPersonHours',
  'of 100': 'unitOfHundred',
  kinds: 'unitKinds',
  points: 'unitPlaces',
  rooms: 'unitRooms',
  trees: 'unitTrees',
  'veh·km/h': 'unitVehicleKilometres',
  'veh·km/d': 'unitVehicleKilometresADay',
  'm2/person': 'unitAreaEach',
  'kWh/(person a)': 'unitEnergyEach',
  '0/1': 'unitYesNo',
  'C62/KMK': 'unitEachSquareKilometre',
};

const RAISED: Record<string, string> = { 2: '²', 3: '³' };

/** UCUM writes m2 and ug/m3 where people raise the figure and write a µ. */
const raised = (unit: string): string => unit.replace(/\b([cdk]?m)([23])\b/g, (_, length, power) => length + RAISED[power]).replace(/^ug\b/, 'µg');

/** UCUM writes 1 for what has no unit, such as a number of children; people write nothing. Units that are words have one in each language. */
export function unitText(unit: string): string {
  if (unit === '1') return '';
  return UNITS[unit] ? t(UNITS[unit]) : raised(unit).replace('/100k', ` ${t('unitEachHundredThousand')}`).trim();
}

/** What a change is counted in: a share changes by points, or nobody knows of what the percentage is. */
export const changeUnit = (unit: string): string => (unit === '%' ? t('points') : unitText(unit));

/** Three significant digits at most: for measured values whose precision is not declared. */
export function figure(value: number | null | undefined): string {
  if (!isNumber(value)) return '–';
  const options = { signDisplay: 'negative', ...(Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 }) } as const;
  return written(value, options);
}

/** With so many significant digits at most. */
export const significant = (value: number | null | undefined, digits: number): string =>
  isNumber(value) ? written(value, { signDisplay: 'negative', maximumSignificantDigits: digits }) : '–';

/** Without `decimals`: three significant digits, for values whose precision is not declared. */
export function signed(value: number | null | undefined, decimals: number | null = 1): string {
  if (!isNumber(value)) return '–';
  const digits = decimals === null
    ? (Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })
    : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const options = { signDisplay: 'exceptZero', ...digits } as const;
  return written(value, options);
}

export function percent(share: number | null | undefined, decimals = 0): string {
  if (!isNumber(share)) return '–';
  return written(share, { style: 'percent', signDisplay: 'negative', maximumFractionDigits: decimals });
}

/** Whole euros. */
export function euros(value: number | null | undefined): string {
  return isNumber(value) ? written(value, { style: 'currency', currency: 'EUR', signDisplay: 'negative', maximumFractionDigits: 0 }) : '–';
}

export function range(interval: Interval | null | undefined, decimals = 0): string {
  if (!interval) return '–';
  return t(interval.low < 0 ? 'rangeInWords' : 'range', { low: number(interval.low, decimals), high: number(interval.high, decimals) });
}

/** Times are the city's, wherever the reader sits. */
const zone = (): string | undefined => cityState.city?.timezone;

/** From one figure to another; in words below nought, where a dash would stand before a minus. */
export const between = (low: number | null | undefined, high: number | null | undefined): string =>
  t((low ?? 0) < 0 ? 'rangeInWords' : 'range', { low: figure(low), high: figure(high) });

/** An interval whose precision is not declared: an end that is not 0 never reads as 0. */
export const spread = (interval: Interval | null | undefined): string => (interval ? between(interval.low, interval.high) : '–');

/** Dates in English as Europe writes them: the day before the month, and 24 hours. */
const calendar = (): string => (preferences.language === 'en' ? 'en-GB' : preferences.language);

export function dateTime(text: string | null | undefined): string {
  if (!text) return '–';
  const options = { dateStyle: 'medium', timeStyle: 'short', timeZone: zone() } as const;
  return new Intl.DateTimeFormat(calendar(), options).format(new Date(text));
}

export function date(text: string | null | undefined): string {
  if (!text) return '–';
  return new Intl.DateTimeFormat(calendar(), { dateStyle: 'medium', timeZone: zone() }).format(new Date(text));
}

/** Short enough for an axis. */
export function dayAndHour(text: string): string {
  const options = { day: 'numeric', month: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone() } as const;
  return new Intl.DateTimeFormat(calendar(), options).format(new Date(text));
}

export const hourText = (hour: number): string => `${String(hour).padStart(2, '0')}:00`;
export const hourSpan = (start: number, end: number): string => `${hourText(start)}–${hourText(end)}`;

const VERDICTS: Record<Verdict, Key> = {
  'likely better': 'likelyBetter',
  'likely worse': 'likelyWorse',
  'likely higher': 'likelyHigher',
  'likely lower': 'likelyLower',
  'no clear change': 'noClearChange',
};

export const verdictText = (verdict: Verdict): string => t(VERDICTS[verdict] ?? 'noClearChange');
