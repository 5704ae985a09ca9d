import { CONTENT_TYPES, type FilePermit, type FileUrls } from '../domain/media.ts';
import type { Log } from '../lib/log.ts';
import type { RequestTrace } from './log.ts';
import type { RouteAccess } from './origin.ts';
import { respond } from './respond.ts';

/** The access of pages to files. */
export const MEDIA_ACCESS: RouteAccess = {
  methods: 'GET, HEAD, OPTIONS',
  requestHeaders: ['if-match', 'if-modified-since', 'if-none-match', 'if-range', 'range'],
  exposed: 'accept-ranges, content-length, content-range, etag',
  vary: 'Origin',
};

/** The longest time for which a browser may keep a file without asking whether it was deleted: an hour. */
const CACHE_SECONDS_MAX = 3_600;

const PICTURE_TYPES = { jpg: 'image/jpeg', png: 'image/png', webp: 'image/webp' } as const;
const TYPES = { ...CONTENT_TYPES, ...PICTURE_TYPES } satisfies Record<FilePermit['extension'], string>;

/** The dependencies of `handleMedia`. */
export interface MediaDeps {
  readonly urls: Pick<FileUrls, 'fileOf'>;
  readonly bucket: Pick<R2Bucket, 'get' | 'head'>;
  readonly keyOf: (permit: FilePermit) => string;
  readonly admit: (key: string) => Promise<void>;
  readonly now: () => number;
  readonly log: Log;
}

/** How long a client waits after a failure of the bucket. */
const RETRY_AFTER_MS = 5_000;

/**
 * Serves one file of the bucket, whole or a range. The token in the URL is the permission, and is never logged. A forged or
 * expired token, another name and a deleted file are all the same 404.
 */
export async function handleMedia(
  request: Request,
  token: string,
  name: string,
  { notes, requestId }: RequestTrace,
  deps: MediaDeps,
): Promise<Response> {
  const isHead = request.method === 'HEAD';
  if (request.method !== 'GET' && !isHead) {
    return respond({ status: 405, body: 'Only GET and HEAD are allowed.', headers: { allow: MEDIA_ACCESS.methods } });
  }
  const permit = await deps.urls.fileOf(token);
  const remainingMs = permit === null ? 0 : permit.expiresAtMs - deps.now();
  if (permit === null || remainingMs <= 0 || name !== `clip.${permit.extension}`) return notFound();
  const { tenant } = permit;
  notes.tenant = tenant;
  await deps.admit(`file ${permit.id}`);
  const key = deps.keyOf(permit);

  /** A bucket that does not answer is logged, and the client may try again. */
  function down(error: unknown): Response {
    deps.log({ level: 'warn', message: 'bucket does not answer', requestId, tenant, cause: String(error) });
    return respond({ status: 503, body: 'The file cannot be read now: try again.', retryAfterMs: RETRY_AFTER_MS });
  }

  const file = await deps.bucket.head(key).catch(down);
  if (file === null) return notFound();
  if (file instanceof Response) return file;

  const etag = file.httpEtag;
  const common = {
    etag,
    'accept-ranges': 'bytes',
    'last-modified': file.uploaded.toUTCString(),
    // Without a name, so that a link can give it: `<a download="holiday.mp4">`.
    'content-disposition': 'inline',
  };
  const seconds = Math.min(Math.floor(remainingMs / 1000), CACHE_SECONDS_MAX);
  // A range counts the bytes of the file, so no proxy may compress it.
  const cacheControl = `private, max-age=${seconds}, no-transform`;
  if (isKnown(request.headers, etag)) return respond({ status: 304, body: null, cacheControl, headers: common });
  const range = readRange(request.headers, file.size, etag);
  if (range === 'UNSATISFIABLE') {
    const headers = { ...common, 'content-range': `bytes */${file.size}` };
    return respond({ status: 416, body: `The file has ${file.size} bytes.`, headers });
  }
  const { start, length } = range ?? { start: 0, length: file.size };
  const headers = {
    ...common,
    'content-length': String(length),
    ...(range !== null && { 'content-range': `bytes ${start}-${start + length - 1}/${file.size}` }),
  };
  const status = range === null ? 200 : 206;
  const contentType = TYPES[permit.extension];
  if (isHead) return respond({ status, body: null, contentType, cacheControl, headers });
  const found = await deps.bucket.get(key, { range: { offset: start, length } }).catch(down);
  if (found === null) return notFound();
  if (found instanceof Response) return found;
  return respond({ status, body: found.body, contentType, cacheControl, headers });
}

/** Returns true if the client has this version of the file. */
function isKnown(headers: Headers, etag: string): boolean {
  const known = headers.get('if-none-match');
  if (known === null) return false;
  return known.split(',', 50).some((one) => [etag, `W/${etag}`, '*'].includes(one.trim()));
}

/** Reads one range. Returns null to send the whole file, also for several ranges and for a range of another version. */
function readRange(
  headers: Headers,
  bytes: number,
  etag: string,
): { readonly start: number; readonly length: number } | null | 'UNSATISFIABLE' {
  const condition = headers.get('if-range');
  if (condition !== null && condition !== etag) return null;
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.get('range')?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return null;
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  // A last byte before the first one is no range (RFC 9110, section 14.1.2).
  if (first !== '' && last !== '' && Number(last) < start) return null;
  return start >= bytes || start > end ? 'UNSATISFIABLE' : { start, length: end - start + 1 };
}

function notFound(): Response {
  return respond({ status: 404, body: 'Not found' });
}
