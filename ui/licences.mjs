// Lists the licence of every package that is shipped in the built UI, so that a city can see what it publishes.
// Fails on a licence that is not on the permissive list: copyleft must be a decision, not a surprise.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SHIPPED = ['maplibre-gl', 'svelte', 'uplot', '@fontsource/atkinson-hyperlegible-next', '@lucide/svelte'];
const PERMISSIVE = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'OFL-1.1', '0BSD', 'Unlicense', 'CC0-1.0']);
const OUT = process.env.SYMPOLIS_UI_OUT ?? '../src/sympolis/web/assets';

function packages(names) {
  const found = new Map();
  const queue = [...names];
  while (queue.length > 0) {
    const name = queue.pop();
    const folder = join('node_modules', name);
    if (found.has(name) || !existsSync(join(folder, 'package.json'))) continue;
    const info = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    found.set(name, { ...info, folder });
    queue.push(...Object.keys(info.dependencies ?? {}));
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function licenceText(folder) {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  return file ? readFileSync(join(folder, file), 'utf8').trim() : '(no licence file in the package)';
}

/** "(MIT OR Apache-2.0)" is fine if one choice is; "MIT AND GPL-2.0" only if every part is. */
function permissive(expression = '') {
  const bare = expression.replace(/[()]/g, '');
  return bare.split(' AND ').every((part) => part.split(' OR ').some((licence) => PERMISSIVE.has(licence.trim())));
}

const shipped = packages(SHIPPED);
const odd = shipped.filter((info) => !permissive(info.license));
if (odd.length > 0) {
  throw new Error(`licence not on the permissive list: ${odd.map((info) => `${info.name} (${info.license})`).join(', ')}`);
}
const head = shipped.map((info) => `${info.name} ${info.version}: ${info.license}`).join('\n');
const body = shipped.map((info) => `\n---- ${info.name} ${info.version} ----\n\n${licenceText(info.folder)}\n`).join('');
writeFileSync(join(OUT, 'licences.txt'), `Software and fonts shipped in this web interface\n\n${head}\n${body}`);
