import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { cacheExchange, Client, fetchExchange } from '@urql/core';
import { EventSource } from 'eventsource';
import { createClient } from 'graphql-sse';
import { describe, it } from 'vitest';
import { ALLOWED_ORIGIN, GRAPHQL_URL, preflight } from '../support/browser.ts';
import { openSandbox } from '../support/ledger.ts';

openSandbox('browser-clients', { CORS_ORIGINS: ALLOWED_ORIGIN });

const QUERY = 'query A { tasks { edges { cursor } } }';
const SUBSCRIPTION = 'subscription A { taskUpdates { cursor } }';

/** Creates a `fetch` that records the headers of a client, and returns an empty answer. */
function createRecorder() {
  const { promise: sent, resolve } = Promise.withResolvers<Headers>();
  async function record(_input: unknown, init?: { readonly headers?: HeadersInit }): Promise<Response> {
    resolve(new Headers(init?.headers));
    return Response.json({ data: null });
  }
  return { sent, record: record as typeof fetch };
}

function createApollo(record: typeof fetch): ApolloClient {
  const link = new HttpLink({ uri: GRAPHQL_URL, fetch: record, headers: { authorization: 'Bearer token' } });
  return new ApolloClient({ cache: new InMemoryCache(), link, clientAwareness: { name: 'web', version: '1' } });
}

function createUrql(record: typeof fetch, preferGetMethod: boolean): Client {
  return new Client({ url: GRAPHQL_URL, preferGetMethod, exchanges: [cacheExchange, fetchExchange], fetch: record });
}

const IGNORING = { next() {}, error() {}, complete() {} };

const CLIENTS: readonly [name: string, ask: (record: typeof fetch) => unknown][] = [
  [
    'Apollo Client with a query',
    (record) =>
      createApollo(record)
        .query({ query: gql(QUERY) })
        .catch(() => {}),
  ],
  [
    'Apollo Client with a subscription',
    (record) =>
      createApollo(record)
        .subscribe({ query: gql(SUBSCRIPTION) })
        .subscribe(IGNORING),
  ],
  ['urql with a POST', (record) => createUrql(record, false).query(QUERY, {}).toPromise()],
  ['urql with a GET', (record) => createUrql(record, true).query(QUERY, {}).toPromise()],
  [
    'graphql-sse',
    (record) =>
      createClient({ url: GRAPHQL_URL, retryAttempts: 0, fetchFn: record }).subscribe(
        { query: SUBSCRIPTION },
        IGNORING,
      ),
  ],
  [
    'the eventsource polyfill',
    (record) => {
      const source = new EventSource(GRAPHQL_URL, {
        fetch: async (url, init) => record(url, { headers: init.headers }),
      });
      source.addEventListener('error', () => source.close());
    },
  ],
];

describe('a preflight from an allowed origin', () => {
  it.for(CLIENTS)('allows every header that %s sends', async ([, ask], { expect }) => {
    const allowed = (await preflight(ALLOWED_ORIGIN)).headers.get('access-control-allow-headers')?.split(', ');
    const { sent, record } = createRecorder();
    void ask(record);
    const names = [...(await sent).keys()];
    expect(names).toContain('accept');
    expect(names.filter((name) => !allowed?.includes(name))).toEqual([]);
  });
});
