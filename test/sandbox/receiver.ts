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
 * 204, or 503 for the first n posts with `?fail=<n>`. `https://inbox.test/<box>` returns what a box has received. All
 * other requests fail.
 */
export async function receive(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const box = url.pathname.split('/')[1] ?? '';
  const received = boxes.get(box) ?? [];
  if (url.host === 'inbox.test') return Response.json(received);
  if (url.host !== 'receiver.test') return new Response(`unclaimed request to ${request.url}`, { status: 599 });
  received.push({ path: url.pathname, headers: Object.fromEntries(request.headers), body: await request.text() });
  boxes.set(box, received);
  const failures = Number(url.searchParams.get('fail') ?? 0);
  return new Response(null, { status: received.length <= failures ? 503 : 204 });
}
