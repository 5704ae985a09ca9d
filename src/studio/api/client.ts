import { createClient as createSocketClient } from 'graphql-ws';
import { Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql';
import { createCache, createKeepNewest } from './cache.ts';
import { codesOf } from './failure.ts';
import { subscribeResumably, type Progress, waitToRetry } from './resumable.ts';

/** Everything that one signed-in caller has. Ended with `close`, it leaves nothing behind for the next caller. */
export interface Api {
  readonly client: Client;
  readonly connection: ConnectionStore;
  /** Where the live changes stand; null before the first. */
  readonly progress: Progress;
  /** Called with every new connection. */
  onConnected: (() => void) | null;
  close(): void;
}

/** The gateway's close codes for a token that proves nothing, or nothing any more. */
const SIGNED_OUT_CODES: ReadonlySet<number> = new Set([4401, 4403]);

/** What graphql-ws closes with once nothing is followed any more: all was refused, or the page is left. */
const CLOSED_BY_US = 1000;

const PING_MS = 10_000;

/** `token` is sent in a header and in `connection_init`, nowhere else. `onSignedOut` is told when it is worth nothing any more. */
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
    // The browser may keep a dead socket for minutes: a new one is tried when it is back.
    socket.terminate();
  }
  addEventListener('offline', goOffline);

  const client = new Client({
    url,
    preferGetMethod: false,
    requestPolicy: 'cache-and-network',
    fetchOptions: { headers: { authorization } },
    exchanges: [
      // Before the cache, which writes all events of a subscription beneath whatever is read while it lasts: `noteEvent`
      // brings each to it as an answer.
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

/** How the live connection stands. `connecting` is also between a break and the next attempt; `idle`: nothing is followed. */
export type ConnectionState = 'connecting' | 'live' | 'offline' | 'idle';

/** A value that React can follow with `useSyncExternalStore`. */
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
