// Ids and addresses of the log, short enough to be read: the whole of them stands behind.

const UUID = /^(?:urn:uuid:)?([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f-]{14,}$/i;
/** What every address begins with says nothing of what it is about. */
const PREFIX = /^\/(?:api|ngsi-ld\/v1|ogc|sensorthings\/v[\d.]+|dsp)\//;
/** Words of an address have neither; ids mostly have one of them. */
const ID = /[:\d\-A-Z]/;

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A UUID by its beginning, a twin by its address, an entity by type and last part; whatever is short as it is. */
export function shortId(id: string): string {
  const uuid = UUID.exec(id);
  if (uuid) return uuid[1];
  const [scheme, kind, ...rest] = id.split(':');
  if (scheme === 'did') return plain(rest.join('/'));
  if (scheme === 'urn' && kind === 'ngsi-ld') return `${rest[0]} ${rest.at(-1)}`;
  return scheme === 'urn' ? (rest.at(-1) ?? id) : id;
}

/** What an address is about: its ids, those of datasets by their titles; the address itself where it has none. */
export function shortTarget(target: string, titles: Record<string, string>): string {
  const parts = target.startsWith('/') ? target.replace(PREFIX, '/').split('/').filter(Boolean).map(plain) : [target];
  const ids = target.startsWith('/') ? parts.slice(1).filter((part) => part in titles || ID.test(part)) : parts;
  return ids.length > 0 ? ids.map((id) => titles[id] ?? shortId(id)).join(' · ') : parts.join(' › ');
}
