import { audioBase64, imageBase64, videoBase64 } from './base64.ts';

const files = {
  video: { extension: 'mp4', type: 'video/mp4', bytes: decode(videoBase64) },
  image: { extension: 'png', type: 'image/png', bytes: decode(imageBase64) },
  audio: { extension: 'mp3', type: 'audio/mpeg', bytes: decode(audioBase64) },
} as const;

const cors = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'range',
  'access-control-expose-headers': 'accept-ranges, content-length, content-range',
};

/** Answers `/files/<kind>/<id>.<extension>` for any id. Refuses a link after its `x-expires` (in seconds). */
export function serveFile(request: Request, url: URL, now: number): Response {
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: cors });
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405);
  const match = /^\/files\/(video|image|audio)\/[^/]+\.(mp4|png|mp3)$/.exec(url.pathname);
  const kind = match?.[1];
  if (kind !== 'video' && kind !== 'image' && kind !== 'audio') return refuse(404);
  const { extension, type, bytes } = files[kind];
  if (match?.[2] !== extension) return refuse(404);
  if (Number(url.searchParams.get('x-expires') ?? Number.MAX_SAFE_INTEGER) * 1000 < now) return refuse(403);
  const range = readRange(request.headers.get('range'), bytes.byteLength);
  if (range === 'unsatisfiable') return refuse(416, { 'content-range': `bytes */${bytes.byteLength}` });
  const part = range === null ? bytes : bytes.subarray(range.from, range.to + 1);
  const headers = {
    ...cors,
    'content-type': type,
    'content-length': String(part.byteLength),
    'accept-ranges': 'bytes',
    // A range counts the bytes of the file, so no proxy may compress it.
    'cache-control': 'public, max-age=3600, no-transform',
    ...(range === null ? {} : { 'content-range': `bytes ${range.from}-${range.to}/${bytes.byteLength}` }),
  };
  const status = range === null ? 200 : 206;
  return new Response(request.method === 'HEAD' ? null : part, { status, headers });
}

/** Reads one range of bytes, both ends included. Returns null to send the whole file, also for several ranges. */
function readRange(header: string | null, size: number): { from: number; to: number } | null | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return null;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return from >= size || from > to ? 'unsatisfiable' : { from, to };
}

function refuse(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers: { ...cors, ...headers } });
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
