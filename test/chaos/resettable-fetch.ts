import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { AUTHORIZATION } from '../support/token.ts';

/** A POST with its own connection, which can be reset. */
export interface ResettablePost {
  readonly response: Promise<IncomingMessage>;
  /** Resets the connection by RST instead of FIN. */
  reset(): void;
  /** Aborts the request, as a client does that needs no answer. */
  leave(): void;
}

/** Posts JSON as the tenant of the tests. Resolves with the head of the answer. */
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
    // Not removed, because a later reset is also an error of the request.
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

/** Creates a `fetch` for client libraries. `reset` resets the connection of the newest call. */
export interface ResettableFetch {
  readonly fetch: typeof fetch;
  readonly reset: () => void;
}

/** Converts an answer. Calls `onClosed` after any end of it. */
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
