import { createClient, type Client } from 'graphql-ws';
import { backoff, resumable } from './resumable.ts';

/** `url` is `wss://…/graphql`. */
export function createWsClient(url: string): Client {
  const client = createClient({
    url,
    keepAlive: 10_000,
    retryAttempts: Infinity,
    retryWait: backoff,
    shouldRetry: () => true,
  });
  return { ...client, subscribe: resumable(client) };
}
