import { type Request, Response } from 'miniflare';

/** One received webhook. */
export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Box {
  readonly received: ReceivedWebhook[];
  /** The answer from now on: a status, such as `204` or `503 retry-after 60`, or one of the words below. */
  answer: string;
}

const boxes = new Map<string, Box>();

const LARGE = new Uint8Array(1024 * 1024).fill(0x61);

const ANSWERS: Readonly<Record<string, () => Promise<Response>>> = {
  hang: () => new Promise(() => {}),
  redirect: async () => new Response(null, { status: 302, headers: { location: 'https://receiver.test/redirected' } }),
  large: async () => new Response(LARGE),
  'slow body': async () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })),
  reset: async () => {
    throw new Error('reset');
  },
};

/**
 * Answers the webhooks of the gateway's tests. `https://receiver.test/<box>` keeps what is posted to it, and answers as the
 * box is told. `https://inbox.test/<box>` returns what a box has received; a PUT tells it what to answer. All other
 * requests fail.
 */
export async function receiveWebhook(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const name = url.pathname.split('/')[1] ?? '';
  const box = boxes.get(name) ?? { received: [], answer: '204' };
  boxes.set(name, box);
  if (url.host === 'inbox.test') {
    if (request.method === 'PUT') box.answer = await request.text();
    return Response.json(box.received);
  }
  if (url.host !== 'receiver.test') return new Response(`unclaimed request to ${request.url}`, { status: 599 });
  const headers = Object.fromEntries(request.headers);
  box.received.push({ path: url.pathname + url.search, headers, body: await request.text() });
  const [code, retryAfter] = box.answer.split(' retry-after ');
  const status = Number(code);
  if (Number.isNaN(status)) return (await ANSWERS[box.answer]?.()) ?? new Response(null, { status: 599 });
  const asked = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  return new Response(status === 204 ? null : `answer ${status}`, { status, headers: asked });
}
