import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { INTROSPECTION } from '../generated.ts';
import { authorizedFetch } from '../recipes/authorized.ts';
import { createWsClient } from '../recipes/graphql-ws.ts';
import type { Subscriber } from '../recipes/resumable.ts';
import { createCacheExchange } from '../recipes/urql-calls.ts';
import type { App, AppOptions } from './app.ts';
import { CLONE_VOICE, lineOf, linesOf, LIST, WATCH } from './documents.ts';

export function createUrqlApp({ url, socketUrl, getToken }: AppOptions): App {
  const sockets = createWsClient(socketUrl, getToken);
  const subscriber: Subscriber = sockets;
  const subscriptions = subscriptionExchange({
    forwardSubscription: ({ query = '', variables }) => ({
      subscribe: (sink) => ({ unsubscribe: subscriber.subscribe({ query, variables: { ...variables } }, sink) }),
    }),
  });
  const client = new Client({
    url,
    fetch: authorizedFetch(getToken),
    preferGetMethod: false,
    exchanges: [createCacheExchange(INTROSPECTION), fetchExchange, subscriptions],
  });
  return {
    async list() {
      const { data } = await client.query(LIST, {}, { requestPolicy: 'network-only' });
      return (data?.tasks.nodes ?? []).map(lineOf);
    },
    async cloneVoice(name, sampleUrl) {
      const input = { name, label: name, sample: { url: sampleUrl } };
      const { data } = await client.mutation(CLONE_VOICE, { input });
      return linesOf(data ?? { createVoiceTask: null });
    },
    watch(onLine) {
      const watching = client.subscription(WATCH, {}).subscribe(({ data }) => {
        if (data) onLine(lineOf(data.taskUpdates.task));
      });
      return () => watching.unsubscribe();
    },
    close: () => void sockets.dispose(),
  };
}
