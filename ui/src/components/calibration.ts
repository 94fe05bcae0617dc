// The figures of a calibration in words. Models give different ones; those without a form of their own show under their name.
import type { Figures } from '../api/types';
import { figure, number, percent, t } from '../i18n';

interface Form {
  label: () => string;
  show: (value: number | undefined) => string;
}

const KNOWN: Record<string, Form> = {
  r2: { label: () => 'R²', show: (value) => number(value, 2) },
  geh_below_5: { label: () => 'GEH < 5', show: percent },
  ratio: { label: () => t('ratio'), show: (value) => number(value, 2) },
  mae: { label: () => t('meanAbsoluteError'), show: figure },
  rmse: { label: () => 'RMSE', show: figure },
  coverage_90: { label: () => t('coverage90'), show: percent },
  half_width_90: { label: () => t('halfWidth90'), show: figure },
  n: { label: () => 'n', show: number },
};

export const figureLabel = (name: string): string => KNOWN[name]?.label() ?? name.replaceAll('_', ' ');
/** So many observations the other figures rest on: cells, where the points of the chart are means of many. */
export const seen = (figures: Figures | undefined): number | undefined => figures?.cells ?? figures?.n;

export const figureText = (name: string, figures: Figures | undefined): string =>
  (KNOWN[name]?.show ?? figure)(name === 'n' ? seen(figures) : figures?.[name]);

/** The names of the figures that any of these give and that have a form: columns of a table. */
export const figureNames = (all: (Figures | undefined)[]): string[] =>
  Object.keys(KNOWN).filter((name) => all.some((figures) => figures?.[name] !== undefined));
