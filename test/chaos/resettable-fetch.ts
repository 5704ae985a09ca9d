import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { AUTHORIZATION } from '../support/token.ts';

/** A POST whose connection is its own, and can be reset under it. */
export interface ResettablePost {
  readonly response: Promise<IncomingMessage>;
  /** RST instead of FIN: nothing is said to the other side. */
  reset(): void;
  /** As a client does that has no more need of an answer. */
  leave(): void;
}

/** Posts JSON, as the tenant of the tests. The answer is there as soon as its head is. */
export function post(url: string, body: string, accept: string): ResettablePost {
  const headers = {
    authorization: AUTHORIZATION,
    accept,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const call = request(url, { method: 'POST', agent: false, headers });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve);
    // Stays on: a reset is an error of the request, too.
    call.on('error', reject);
  });
  call.end(body);
  return {
    response,
    reset() {
      if (call.socket === null) call.destroy();
      else call.socket.resetAndDestroy();
    },
    leave: () => void call.destroy(),
  };
}

/** A `fetch` for clients that bring none: each call is a `post`, and `reset` breaks the newest. */
export interface ResettableFetch {
  readonly fetch: typeof fetch;
  readonly reset: () => void;
}

/** `onClosed`: the answer has ended, however. */
export function createResettableFetch(onClosed: () => void): ResettableFetch {
  let newest: ResettablePost | null = null;
  return {
    async fetch(input, init) {
      const call = post(input as string, init?.body as string, 'text/event-stream');
      newest = call;
      init?.signal?.addEventListener('abort', () => call.leave());
      const incoming = await call.response;
      incoming.once('close', onClosed);
      return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, {
        status: incoming.statusCode ?? 0,
      });
    },
    reset: () => newest?.reset(),
  };
}
