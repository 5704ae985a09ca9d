import { createClient as createSocketClient } from 'graphql-ws';
import { Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql';
import { createCache, createKeepNewest } from './cache.ts';
import { codesOf } from './failure.ts';
import { subscribeResumably, type Progress, waitToRetry } from './resumable.ts';

/** The client of one signed-in caller. After `close`, nothing of it is left for the next caller. */
export interface Api {
  readonly client: Client;
  readonly connection: ConnectionStore;
  /** The position in the live changes. */
  readonly progress: Progress;
  /** Called with every new connection. */
  onConnected: (() => void) | null;
  close(): void;
}

/** The gateway's close codes for an invalid and for an expired token. */
const SIGNED_OUT_CODES: ReadonlySet<number> = new Set([4401, 4403]);

/** The code that graphql-ws closes with if no subscription is left, because all were refused or the page is left. */
const CLOSED_BY_US = 1000;

const PING_MS = 10_000;

/** Sends `token` only in a header and in `connection_init`. Calls `onSignedOut` if the gateway refuses it. */
export function createApi(token: string, onSignedOut: () => void): Api {
  const connection = createConnectionStore();
  const progress: Progress = { cursor: null, isWaiting: false };
  const keepNewest = createKeepNewest();
  const authorization = `Bearer ${token}`;
  const url = `${location.origin}/graphql`;

  const socket = createSocketClient({
    url: url.replace(/^http/, 'ws'),
    connectionParams: { authorization },
    keepAlive: PING_MS,
    retryAttempts: Infinity,
    retryWait: waitToRetry,
    shouldRetry: () => true,
    on: {
      connected() {
        connection.set('live');
        api.onConnected?.();
      },
      closed(event) {
        const code = event instanceof CloseEvent ? event.code : null;
        if (code === CLOSED_BY_US && !progress.isWaiting) connection.set('idle');
        else connection.set(navigator.onLine ? 'connecting' : 'offline');
        if (code !== null && SIGNED_OUT_CODES.has(code)) onSignedOut();
      },
    },
  });

  function goOffline(): void {
    connection.set('offline');
    // The browser may keep a dead socket for minutes. A new one is opened when it is online again.
    socket.terminate();
  }
  addEventListener('offline', goOffline);

  const client = new Client({
    url,
    preferGetMethod: false,
    requestPolicy: 'cache-and-network',
    fetchOptions: { headers: { authorization } },
    exchanges: [
      // Comes before the cache, which writes events of a subscription below the results of all running queries.
      // `noteEvent` passes each event to the cache as the answer of a query.
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: subscribeResumably({ query, variables: { ...variables } }, sink, {
              socket,
              progress,
              waitToRetry,
            }),
          }),
        }),
      }),
      createCache(),
      mapExchange({
        onResult(result) {
          if (codesOf(result.error).includes('UNAUTHENTICATED')) onSignedOut();
          return { ...result, data: keepNewest(result.data) };
        },
      }),
      fetchExchange,
    ],
  });

  const api: Api = {
    client,
    connection,
    progress,
    onConnected: null,
    close() {
      removeEventListener('offline', goOffline);
      void socket.dispose();
    },
  };
  return api;
}

/** The state of the live connection. `connecting` includes the wait before the next attempt. `idle` has no subscription. */
export type ConnectionState = 'connecting' | 'live' | 'offline' | 'idle';

/** A store for `useSyncExternalStore`. */
export interface ConnectionStore {
  get(): ConnectionState;
  set(state: ConnectionState): void;
  subscribe(listener: () => void): () => void;
}

function createConnectionStore(): ConnectionStore {
  let current: ConnectionState = 'connecting';
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set(state) {
      if (state === current) return;
      current = state;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
