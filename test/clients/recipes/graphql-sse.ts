import { createClient, type Client } from 'graphql-sse';
import { authorizedFetch, type GetToken } from './authorized.ts';
import { backoff, resumable } from './resumable.ts';

/** `url` is `https://…/graphql`. Each operation has a connection of its own. */
export function createSseClient(url: string, getToken: GetToken): Client {
  const send = authorizedFetch(getToken);
  let answer: Response | null = null;
  const client = createClient({
    url,
    fetchFn: async (...request: Parameters<typeof fetch>) => (answer = await send(...request)),
    retryAttempts: Infinity,
    async retry(retries) {
      // The token was fresh, and proves nothing: the next try would end as this one.
      if (answer?.status === 401) throw new Error('UNAUTHENTICATED', { cause: answer });
      await backoff(retries);
    },
  });
  return { ...client, subscribe: resumable(client) };
}
