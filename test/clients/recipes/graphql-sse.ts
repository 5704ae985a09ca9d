import { createClient, type Client } from 'graphql-sse';
import { authorizedFetch, type GetToken } from './authorized';
import { backoff, resumable } from './resumable';

/** `url` is `https://…/graphql`. Each operation has its own connection. */
export function createSseClient(url: string, getToken: GetToken): Client {
  const send = authorizedFetch(getToken);
  let answer: Response | null = null;
  const client = createClient({
    url,
    fetchFn: async (...request: Parameters<typeof fetch>) => (answer = await send(...request)),
    retryAttempts: Infinity,
    async retry(retries) {
      // A fresh token was refused, so another attempt would fail too.
      if (answer?.status === 401) throw new Error('UNAUTHENTICATED', { cause: answer });
      await backoff(retries);
    },
  });
  return { ...client, subscribe: resumable(client) };
}
