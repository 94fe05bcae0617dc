// The documentation's Markdown as blocks: what its pages use and no more; nothing of it ever becomes HTML by itself.

export type Inline = { kind: 'text' | 'code' | 'strong'; text: string } | { kind: 'link'; text: string; to: string };

export type Block =
  | { kind: 'heading'; level: number; spans: Inline[] }
  | { kind: 'text'; spans: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'list'; ordered: boolean; items: Inline[][] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] };

const SPAN = /`([^`]+)`|\*\*(.+?)\*\*|(?<![\w*])\*([^*\s][^*]*?)\*(?!\w)|!?\[([^\]]*)\]\(([^)\s]+)\)/g;
const ITEM = /^\s*(?:[-*]|(\d+)\.)\s+(.*)$/;
const RULE = /^\|[\s:|-]+\|$/;

/** Words, code, emphasis and links of a line. */
export function inline(text: string): Inline[] {
  const found: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(SPAN)) {
    if (match.index > from) found.push({ kind: 'text', text: text.slice(from, match.index) });
    const [whole, code, strong, slanted, label, to] = match;
    if (code !== undefined) found.push({ kind: 'code', text: code });
    else if (strong !== undefined) found.push({ kind: 'strong', text: strong.replaceAll('`', '') });
    else if (slanted !== undefined) found.push({ kind: 'text', text: slanted });
    else if (whole.startsWith('!')) found.push({ kind: 'text', text: label });
    else found.push({ kind: 'link', text: label.replaceAll('`', ''), to });
    from = match.index + whole.length;
  }
  if (from < text.length) found.push({ kind: 'text', text: text.slice(from) });
  return found;
}

const cells = (line: string) => line.trim().replace(/^\||\|$/g, '').split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replaceAll('\\|', '|')));

/** The blocks of a page; comments are left out. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  const lines = text.replace(/<!--[\s\S]*?-->/g, '').split('\n');
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (line.trimStart().startsWith('```')) {
      const end = lines.findIndex((one, place) => place > at && one.trimStart().startsWith('```'));
      const last = end < 0 ? lines.length : end;
      found.push({ kind: 'code', text: lines.slice(at + 1, last).join('\n') });
      at = last + 1;
    } else if (heading) {
      found.push({ kind: 'heading', level: heading[1].length, spans: inline(heading[2]) });
      at += 1;
    } else if (line.startsWith('|') && RULE.test(lines[at + 1]?.trim() ?? '')) {
      let last = at + 2;
      while (lines[last]?.startsWith('|')) last += 1;
      found.push({ kind: 'table', head: cells(line), rows: lines.slice(at + 2, last).map(cells) });
      at = last;
    } else if (ITEM.test(line)) {
      at = list(lines, at, found);
    } else if (line.trim()) {
      at = paragraph(lines, at, found);
    } else at += 1;
  }
  return found;
}

const ends = (line: string | undefined) => !line?.trim() || /^(#{1,6}\s|\||\s*```)/.test(line);

function paragraph(lines: string[], from: number, found: Block[]): number {
  let at = from + 1;
  while (!ends(lines[at]) && !ITEM.test(lines[at])) at += 1;
  found.push({ kind: 'text', spans: inline(lines.slice(from, at).map((one) => one.trim().replace(/^>\s?/, '')).join(' ')) });
  return at;
}

function list(lines: string[], from: number, found: Block[]): number {
  const items: string[] = [];
  let at = from;
  for (; !ends(lines[at]); at += 1) {
    const item = ITEM.exec(lines[at]);
    if (item) items.push(item[2]);
    else items[items.length - 1] += ` ${lines[at].trim()}`;
  }
  found.push({ kind: 'list', ordered: ITEM.exec(lines[from])?.[1] !== undefined, items: items.map(inline) });
  return at;
}

/** The page that a link of a page means, as `howto/be-told`; null where it leads out of the documentation. */
export function pageOf(to: string, from: string): string | null {
  if (/^[a-z]+:/.test(to) || !/\.md(#.*)?$/.test(to)) return null;
  const parts = from.split('/').slice(0, -1);
  for (const part of to.replace(/#.*$/, '').replace(/\.md$/, '').split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
