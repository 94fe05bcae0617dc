// The URL is the state: page and id are its path, everything else a query, all in the fragment (`#/map?h=8&mode=compare`).
// Writing goes through `set`, which replaces the address a moment later, so that dragging a slider does not flood history.

type Query = Record<string, string>;

const CARRIED = ['lang', 'theme', 'together'];
/** Pages that have another name in addresses that others keep. */
const ALIASES: Record<string, string> = { dashboards: 'dashboard' };
const EMBED = '/embed/';

/** `/embed/map?…` shows a page without header and navigation, for other sites. */
export const embedded = location.pathname.startsWith(EMBED);

/** What stands behind `#/`; an embedded page may also be named by its path. */
function fragment(): string {
  if (location.hash.length > 1 || !embedded) return location.hash;
  return location.pathname.slice(EMBED.length) + location.search;
}
const WRITE_DELAY_MS = 150;

function parse(hash: string): { page: string; id: string | null; query: Query } {
  const [path, search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [page, ...rest] = path.split('/');
  const id = rest.length > 0 ? decodeURIComponent(rest.join('/')) : null;
  return { page: ALIASES[page] ?? (page || (embedded ? 'map' : 'overview')), id, query: Object.fromEntries(new URLSearchParams(search)) };
}

function format(page: string, id: string | null, query: Query): string {
  const search = new URLSearchParams(query).toString();
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ''}${search ? `?${search}` : ''}`;
}

class Route {
  page = $state('overview');
  id = $state<string | null>(null);
  query = $state<Query>({});
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#read();
    window.addEventListener('hashchange', () => this.#read());
  }

  #read() {
    clearTimeout(this.#timer);
    const { page, id, query } = parse(fragment());
    this.page = page;
    this.id = id;
    for (const key of Object.keys(this.query)) if (!(key in query)) delete this.query[key];
    Object.assign(this.query, query);
  }

  /** Change the query; `null` or an empty text removes a key. */
  set(changes: Record<string, string | number | null>) {
    for (const [key, value] of Object.entries(changes)) {
      if (value === null || value === '') delete this.query[key];
      else this.query[key] = String(value);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), WRITE_DELAY_MS);
  }

  /** Write the address now (before it is copied or left). */
  flush() {
    clearTimeout(this.#timer);
    history.replaceState(history.state, '', format(this.page, this.id, this.query));
  }

  /** The address of another page; language and theme come along, and with whom one looks. */
  href(page: string, id: string | null = null, query: Record<string, string | null | undefined> = {}): string {
    const kept = CARRIED.filter((key) => key in this.query).map((key) => [key, this.query[key]]);
    const own = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
    return format(page, id, Object.fromEntries([...own, ...kept]));
  }

  go(address: string) {
    this.flush();
    location.hash = address;
  }
}

export const route = new Route();
