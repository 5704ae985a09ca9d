import { createClient as createSocketClient } from 'graphql-ws';
import { Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql';
import { createCache, createKeepNewest } from './cache.ts';
import { ViewerDocument } from './documents.ts';
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
const REFUSED_CODES: ReadonlySet<number> = new Set([4401, 4403]);

/** The code that graphql-ws closes with if no subscription is left, because all were refused or the page is left. */
const CLOSED_BY_US = 1000;

const PING_MS = 10_000;

const URL_OF_GATEWAY = `${location.origin}/graphql`;

/** Sends `token` only in a header and in `connection_init`. Calls `onRefused` once if the gateway refuses it. */
export function createApi(token: string, onRefused: () => void): Api {
  const connection = createConnectionStore();
  const progress: Progress = { cursor: null, isWaiting: false };
  const keepNewest = createKeepNewest();
  const authorization = `Bearer ${token}`;
  let isOver = false;

  function refuse(): void {
    if (isOver) return;
    isOver = true;
    // Another attempt with this token would be refused too.
    disposeSocket();
    connection.set('idle');
    onRefused();
  }

  const socket = createSocketClient({
    url: URL_OF_GATEWAY.replace(/^http/, 'ws'),
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
        if (code !== null && REFUSED_CODES.has(code)) refuse();
      },
    },
  });

  /** Ends the socket. graphql-ws rejects if its last attempt was refused, which `closed` has handled. */
  function disposeSocket(): void {
    Promise.resolve(socket.dispose()).catch(() => {});
  }

  function goOffline(): void {
    connection.set('offline');
    // The browser may keep a dead socket for minutes. A new one is opened when it is online again.
    socket.terminate();
  }
  addEventListener('offline', goOffline);

  const client = new Client({
    url: URL_OF_GATEWAY,
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
          if (codesOf(result.error).includes('UNAUTHENTICATED')) refuse();
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
      isOver = true;
      removeEventListener('offline', goOffline);
      disposeSocket();
    },
  };
  return api;
}

/** Returns the tenant of a caller whose token has been accepted. Null before. */
export function tenantOf({ client }: Api): string | null {
  return client.readQuery(ViewerDocument, {}, { requestPolicy: 'cache-only' })?.data?.viewer.tenant ?? null;
}

/** The tenant of a token, or why it is not known. */
export type TokenCheck = { readonly tenant: string } | 'refused' | 'unreachable';

export async function checkToken(token: string): Promise<TokenCheck> {
  const client = new Client({
    url: URL_OF_GATEWAY,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    exchanges: [fetchExchange],
  });
  const { data, error } = await client.query(ViewerDocument, {}).toPromise();
  if (data) return { tenant: data.viewer.tenant };
  return codesOf(error).includes('UNAUTHENTICATED') ? 'refused' : 'unreachable';
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
