// Several files as one archive (PKWARE APPNOTE 6.3, sections 4.3.7 to 4.3.16): stored, not packed, for what is packed already.

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
/** Names are UTF-8. */
const FLAGS = 0x0800;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let found = n;
  for (let bit = 0; bit < 8; bit++) found = found & 1 ? 0xedb88320 ^ (found >>> 1) : found >>> 1;
  return found;
});

function checksum(content: Uint8Array): number {
  let found = 0xffffffff;
  for (const byte of content) found = TABLE[(found ^ byte) & 0xff] ^ (found >>> 8);
  return (found ^ 0xffffffff) >>> 0;
}

/** Little-endian numbers of two and four bytes. */
function packed(fields: [size: 2 | 4, value: number][]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

/** The archive of these files, in their order; the names are paths with slashes. At most 4 GB and 65,535 files. */
export function zip(files: [name: string, content: Uint8Array<ArrayBuffer>][]): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const index: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const [path, content] of files) {
    const name = new TextEncoder().encode(path);
    const about: [2 | 4, number][] = [[2, VERSION], [2, FLAGS], [2, 0], [4, 0], [4, checksum(content)], [4, content.length], [4, content.length], [2, name.length], [2, 0]];
    parts.push(packed([[4, LOCAL], ...about]), name, content);
    index.push(packed([[4, CENTRAL], [2, VERSION], ...about, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]), name);
    at += 30 + name.length + content.length;
  }
  const size = index.reduce((sum, { length }) => sum + length, 0);
  const end = packed([[4, END], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, at], [2, 0]]);
  return new Blob([...parts, ...index, end], { type: 'application/zip' });
}
