import { createClient as createSseClient, NetworkError } from 'graphql-sse';
import { createClient as createWsClient, type Client } from 'graphql-ws';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { AUTHORIZATION } from '../support/token.ts';
import type { Transport } from './history.ts';
import { createMultipartReader } from './multipart-reader.ts';
import { createResettableFetch, post } from './resettable-fetch.ts';

/** Called with a GraphQL result, or the errors instead of one. */
export interface Result {
  readonly data?: Readonly<Record<string, unknown>> | null | undefined;
  readonly errors?: readonly GraphqlError[] | undefined;
}

interface GraphqlError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export interface Listener {
  readonly next: (result: Result) => void;
  /** Called if the gateway completes the subscription. */
  readonly complete: () => void;
  /** Called if the connection ends otherwise. Can be called more than once. */
  readonly broke: (reason: string) => void;
}

export interface Connection {
  /** Ends the subscription in the way of the transport. */
  readonly leave: () => void;
  /** Resets the TCP connection. */
  readonly reset: () => void;
}

/** Subscribes once, without retries. */
export type Subscribe = (operation: { query: string; variables: Record<string, unknown> }, to: Listener) => Connection;

/** The client of one watcher. */
export function createTransport(transport: Transport, gatewayUrl: string): Subscribe {
  const url = `${gatewayUrl}/graphql`;
  if (transport === 'ws') return createWs(url.replace('http', 'ws'));
  return transport === 'sse' ? createSse(url) : createMultipart(url);
}

/** A client that returns within this time uses its socket again. */
const LAZY_CLOSE_MS = 250;

function createWs(url: string): Subscribe {
  let socket: WebSocket | null = null;
  const client: Client = createWsClient({
    url,
    connectionParams: { authorization: AUTHORIZATION },
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazyCloseTimeout: LAZY_CLOSE_MS,
    on: { opened: (opened) => void (socket = opened as WebSocket) },
  });
  return (operation, { next, complete, broke }) => {
    const leave = client.subscribe(operation, {
      next: (result) => next(result),
      complete,
      error(error) {
        if (Array.isArray(error)) next({ errors: error as GraphqlError[] });
        const { code, message } = error as { readonly code?: number; readonly message?: string };
        broke(String(code ?? message));
      },
    });
    return {
      leave,
      // `ws` itself can end a connection only by FIN.
      // oxlint-disable-next-line no-underscore-dangle -- it has no other name for the TCP socket
      reset: () => (socket as unknown as { readonly _socket?: Socket } | null)?._socket?.resetAndDestroy(),
    };
  };
}

/** Reports the end itself, because the client misses one that arrives while it passes on earlier results. */
const NOTICED_MS = 500;

function createSse(url: string): Subscribe {
  return (operation, { next, complete, broke }) => {
    const { fetch, reset } = createResettableFetch(() => setTimeout(() => broke('closed'), NOTICED_MS));
    const client = createSseClient({ url, fetchFn: fetch, retryAttempts: 0 });
    const leave = client.subscribe(operation, {
      next: (result) => next(result),
      complete,
      error(error) {
        const status = error instanceof NetworkError ? error.response?.status : null;
        broke(status === undefined ? 'closed' : `${status ?? String(error)}`);
      },
    });
    return { leave, reset };
  };
}

const ACCEPT = 'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json';

function createMultipart(url: string): Subscribe {
  return (operation, { next, complete, broke }) => {
    const call = post(url, JSON.stringify(operation), ACCEPT);
    function part(json: string): void {
      const { payload, errors } = JSON.parse(json) as { payload?: Result | null; errors?: readonly GraphqlError[] };
      if (payload || errors !== undefined) next(payload ?? { errors });
    }
    void call.response.then(
      (incoming) => {
        const read = createMultipartReader({ part, end: complete });
        if (incoming.statusCode !== 200) broke(`${incoming.statusCode}`);
        incoming.setEncoding('utf8').on('data', read);
        incoming.on('error', () => {});
        incoming.on('close', () => broke('closed'));
        return null;
      },
      () => {
        broke('closed');
        return null;
      },
    );
    return call;
  };
}
