import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Response, type Request } from 'miniflare';

/** One received callback. */
export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const boxes = new Map<string, Received[]>();

/**
 * Answers every outgoing request of the sandbox. `https://receiver.test/<box>/...` keeps what is posted to it and answers
 * 204, or 503 for the first n posts with `?fail=<n>`. `https://inbox.test/<box>` returns what a box has received.
 * `localhost` and `https://gateway.test` serve media files. All other requests fail.
 */
export async function receive(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const box = url.pathname.split('/')[1] ?? '';
  const received = boxes.get(box) ?? [];
  if (url.host === 'inbox.test') return Response.json(received);
  if (url.hostname === 'localhost' || url.host === 'gateway.test') return serveMedia(url, request.headers.get('range'));
  if (url.host !== 'receiver.test') return new Response(`unclaimed request to ${request.url}`, { status: 599 });
  received.push({ path: url.pathname, headers: Object.fromEntries(request.headers), body: await request.text() });
  boxes.set(box, received);
  const failures = Number(url.searchParams.get('fail') ?? 0);
  return new Response(null, { status: received.length <= failures ? 503 : 204 });
}

const FILES = join(import.meta.dirname, '../../src/sandbox/media/files');

/**
 * Answers `/<file of the sandbox>/<any name>`, so that the name can lie. The query changes the file: `width` and `noise`, its
 * claimed size: `claims`, or the answer: `whole` (no ranges), `status`.
 */
function serveMedia({ pathname, searchParams }: URL, range: string | null): Response {
  const status = Number(searchParams.get('status') ?? 200);
  if (status !== 200) return new Response(null, { status });
  const file = readFileSync(join(FILES, basename(pathname.split('/')[1] ?? '')));
  const width = searchParams.get('width');
  if (width !== null) file.writeUInt16BE(Number(width), file.indexOf('avc1', file.indexOf('stsd')) + 28);
  if (searchParams.has('noise')) file.fill(0x55);
  if (searchParams.has('whole')) return new Response(file);
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const part = file.subarray(Number(first), Number(last === '' ? file.length : last) + 1);
  const total = searchParams.get('claims') ?? file.length;
  const contentRange = `bytes ${first}-${Number(first) + part.length - 1}/${total}`;
  return new Response(part, { status: 206, headers: { 'content-range': contentRange } });
}
