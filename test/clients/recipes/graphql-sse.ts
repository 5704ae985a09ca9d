import { createClient, type Client } from 'graphql-sse';
import { backoff, resumable } from './resumable.ts';

/** `url` is `https://…/graphql`. Each subscription has a connection of its own. */
export function createSseClient(url: string): Client {
  const client = createClient({ url, retryAttempts: Infinity, retry: backoff });
  return { ...client, subscribe: resumable(client) };
}
