import { DurableObject } from 'cloudflare:workers';
import { decodeSegment } from '../routes.ts';
import { findExample, findResult, type MediaFile } from './examples.ts';

const headers = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'range',
  'access-control-expose-headers': 'accept-ranges, content-length, content-range',
  'cross-origin-resource-policy': 'cross-origin',
};

/** Whether a result was deleted before its time. */
export type IsDeleted = (path: string) => Promise<boolean>;

/**
 * Answers `/files/examples/<name>`, and `/files/<kind>/<id>.<extension>` for any id. Refuses the link of a result after its
 * `x-expires` (in seconds).
 */
export async function serveFile(request: Request, url: URL, now: number, isDeleted: IsDeleted): Promise<Response> {
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers });
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405);
  const [kind = '', name = '', ...more] = url.pathname.slice('/files/'.length).split('/');
  if (name === '' || more.length > 0) return refuse(404);
  if (kind === 'examples') return send(request, findExample(decodeSegment(name)));
  if (Number(url.searchParams.get('x-expires') ?? Number.MAX_SAFE_INTEGER) * 1000 < now) return refuse(403);
  if (await isDeleted(url.pathname)) return refuse(404);
  return send(request, findResult(kind, decodeSegment(name)));
}

function send(request: Request, file: MediaFile | null): Response {
  if (file === null) return refuse(404);
  const { type, bytes } = file;
  const range = readRange(request.headers.get('range'), bytes.byteLength);
  if (range === 'unsatisfiable') return refuse(416, { 'content-range': `bytes */${bytes.byteLength}` });
  const part = range === null ? bytes : bytes.subarray(range.from, range.to + 1);
  return new Response(request.method === 'HEAD' ? null : part, {
    status: range === null ? 200 : 206,
    headers: {
      ...headers,
      'content-type': type,
      'content-length': String(part.byteLength),
      'accept-ranges': 'bytes',
      // A range counts the bytes of the file, so no proxy may compress it.
      'cache-control': 'public, max-age=3600, no-transform',
      ...(range === null ? {} : { 'content-range': `bytes ${range.from}-${range.to}/${bytes.byteLength}` }),
    },
  });
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

function refuse(status: number, more: Record<string, string> = {}): Response {
  return new Response(null, { status, headers: { ...headers, ...more } });
}

/** Remembers which results were deleted before their time, by the control endpoint. One object holds those of all accounts. */
export class SandboxFiles extends DurableObject<SandboxEnv> {
  /** `path` is that of the result's URL. */
  delete(path: string): void {
    this.ctx.storage.kv.put(path, true);
  }

  isDeleted(path: string): boolean {
    return this.ctx.storage.kv.get<boolean>(path) === true;
  }
}
