import { createClient, type Client } from 'graphql-ws';
import type { GetToken } from './authorized.ts';
import { backoff, resumable } from './resumable.ts';

/** `url` is `wss://…/graphql`. */
export function createWsClient(url: string, getToken: GetToken): Client {
  const client = createClient({
    url,
    connectionParams: async () => ({ authorization: `Bearer ${await getToken()}` }),
    keepAlive: 10_000,
    retryAttempts: Infinity,
    retryWait: backoff,
    shouldRetry: () => true,
  });
  return { ...client, subscribe: resumable(client) };
}
