// What licences are called that catalogues name by an address.
const NAMES: Record<string, string> = {
  'creativecommons.org/publicdomain/zero/1.0': 'CC0 1.0',
  'opendatacommons.org/licenses/odbl': 'ODbL 1.0',
  'govdata.de/dl-de/by-2-0': 'DL-DE BY 2.0',
  'govdata.de/dl-de/zero-2-0': 'DL-DE Zero 2.0',
  'dati.gov.it/iodl/2.0': 'IODL 2.0',
  'apache.org/licenses/license-2.0': 'Apache 2.0',
  'eclipse.org/legal/epl-2.0': 'EPL 2.0',
};

/** The short name of a licence; an address that is not known stays as it is, without its protocol. */
export function licenceText(licence: string): string {
  const address = licence.toLowerCase();
  const [, kind, version] = /creativecommons\.org\/licenses\/([a-z-]+)\/([\d.]+)/.exec(address) ?? [];
  if (kind) return `CC ${kind.toUpperCase()} ${version}`;
  const known = Object.keys(NAMES).find((part) => address.includes(part));
  return known ? NAMES[known] : licence.replace(/^https?:\/\/(spdx\.org\/licenses\/)?/, '');
}
