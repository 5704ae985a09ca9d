import { cacheExchange, Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { authorizedFetch, type GetToken } from './authorized';
import type { Subscriber } from './resumable';

/** `subscriber` is `createWsClient(…)` or `createSseClient(…)`. */
export function createUrqlClient(url: string, getToken: GetToken, subscriber: Subscriber): Client {
  const subscriptions = subscriptionExchange({
    forwardSubscription: ({ query = '', variables }) => ({
      subscribe: (sink) => ({ unsubscribe: subscriber.subscribe({ query, variables: { ...variables } }, sink) }),
    }),
  });
  return new Client({
    url,
    fetch: authorizedFetch(getToken),
    preferGetMethod: false,
    exchanges: [cacheExchange, fetchExchange, subscriptions],
  });
}
