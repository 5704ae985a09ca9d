import { createClient, type Client } from 'graphql-sse';
import { authorizedFetch, type GetToken } from './authorized.ts';
import { backoff, resumable } from './resumable.ts';

/** `url` is `https://…/graphql`. Each subscription has a connection of its own. */
export function createSseClient(url: string, getToken: GetToken): Client {
  const client = createClient({ url, fetchFn: authorizedFetch(getToken), retryAttempts: Infinity, retry: backoff });
  return { ...client, subscribe: resumable(client) };
}
