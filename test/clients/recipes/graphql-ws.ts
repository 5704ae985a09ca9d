import { createClient, type Client } from 'graphql-ws';
import type { GetToken } from './authorized';
import { backoff, resumable } from './resumable';

/** `url` is `wss://…/graphql`. */
export function createWsClient(url: string, getToken: GetToken): Client {
  let isAccepted = false;
  const client = createClient({
    url,
    connectionParams: async () => ({ authorization: `Bearer ${await getToken()}` }),
    keepAlive: 10_000,
    // Keeps one socket for consecutive calls.
    lazyCloseTimeout: 5_000,
    retryAttempts: Infinity,
    retryWait: backoff,
    on: { connecting: () => (isAccepted = false), connected: () => (isAccepted = true) },
    // 4403 means that the token has expired. Before the acknowledgement, it means that a fresh token is invalid, so a retry would fail too.
    shouldRetry: (event) => isAccepted || (event as CloseEvent).code !== 4403,
  });
  return { ...client, subscribe: resumable(client) };
}
