import { POSSIBLE_TYPES } from '../generated.ts';
import { createCache } from '../recipes/apollo-calls.ts';
import { createApolloClient } from '../recipes/apollo-ws.ts';
import type { App, AppOptions } from './app.ts';
import { CLONE_VOICE, lineOf, linesOf, LIST, WATCH } from './documents.ts';

export function createApolloApp({ url, getToken }: AppOptions): App {
  const client = createApolloClient(url, getToken, createCache(POSSIBLE_TYPES));
  return {
    async list() {
      const { data } = await client.query({ query: LIST, fetchPolicy: 'network-only' });
      return (data?.tasks.nodes ?? []).map(lineOf);
    },
    async cloneVoice(name, sampleUrl) {
      const input = { name, label: name, sample: { url: sampleUrl } };
      const { data } = await client.mutate({ mutation: CLONE_VOICE, variables: { input } });
      return linesOf(data ?? { createVoiceTask: null });
    },
    watch(onLine) {
      const watching = client.subscribe({ query: WATCH }).subscribe(({ data }) => {
        if (data) onLine(lineOf(data.taskUpdates.task));
      });
      return () => watching.unsubscribe();
    },
    close: () => client.stop(),
  };
}
