import { createClient, type Client } from 'graphql-ws';
import type { GetToken } from './authorized.ts';
import { backoff, resumable } from './resumable.ts';

/** `url` is `wss://…/graphql`. */
export function createWsClient(url: string, getToken: GetToken): Client {
  let isAccepted = false;
  const client = createClient({
    url,
    connectionParams: async () => ({ authorization: `Bearer ${await getToken()}` }),
    keepAlive: 10_000,
    // One socket for calls that follow each other.
    lazyCloseTimeout: 5_000,
    retryAttempts: Infinity,
    retryWait: backoff,
    on: { connecting: () => (isAccepted = false), connected: () => (isAccepted = true) },
    // 4403: a token expired; or, before it was accepted, it proves nothing, and the next try would end as this one.
    shouldRetry: (event) => isAccepted || (event as CloseEvent).code !== 4403,
  });
  return { ...client, subscribe: resumable(client) };
}
