import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client as UrqlClient, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { afterAll, beforeAll, describe, it, test } from 'vitest';
import { AUTHORIZATION, TOKEN } from '../support/token.ts';
import { startGateway, type RunningGateway } from '../node/gateway.ts';
import { createPersistedLink } from './recipes/apollo-calls.ts';
import { createSseClient } from './recipes/graphql-sse.ts';
import { createWsClient } from './recipes/graphql-ws.ts';
import { once } from './recipes/once.ts';
import { codeOf } from './watchers.ts';

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A `fetch` with a token that records whether each request had the text of a document. */
function createFetch() {
  const withText: boolean[] = [];
  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    request.headers.set('authorization', AUTHORIZATION);
    withText.push(/"query":|[?&]query=/.test(request.url + (await request.clone().text())));
    return fetch(request);
  };
  return { send, withText };
}

function createClient(useGETForHashedQueries: boolean) {
  const { send, withText } = createFetch();
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([
      new PersistedQueryLink({ sha256, useGETForHashedQueries }),
      new HttpLink({ uri: `${gateway.url}/graphql`, fetch: send }),
    ]),
  });
  return { client, withText };
}

describe("Apollo's PersistedQueryLink", () => {
  it.for([false, true])('sends each document once (GET: %s)', async (useGet, { expect }) => {
    const query = gql(`query Viewer${useGet ? 'Get' : 'Post'} { viewer { scopes } }`);
    const { client, withText } = createClient(useGet);
    for (let i = 0; i < 3; i += 1) {
      const { data, error } = await client.query<{ viewer: { scopes: unknown[] } }>({ query, fetchPolicy: 'no-cache' });
      expect(error).toBeUndefined();
      expect(data?.viewer.scopes).toContain('voices:read');
    }
    expect(withText).toEqual([false, true, false, false]);
  });

  it('sends each document once in the recipe, with the browser’s own hash', async ({ expect }) => {
    const { send, withText } = createFetch();
    const http = new HttpLink({ uri: `${gateway.url}/graphql`, fetch: send });
    const client = new ApolloClient({ cache: new InMemoryCache(), link: createPersistedLink().concat(http) });
    const { data } = await client.query<{ viewer: { scopes: unknown[] } }>({
      query: gql('query ByRecipe { viewer { scopes } }'),
    });
    expect(data?.viewer.scopes).toContain('voices:read');
    expect(withText).toEqual([false, true]);
  });
});

test.for([false, true])("urql's persistedExchange sends each document once (GET: %s)", async (useGet, { expect }) => {
  const { send, withText } = createFetch();
  const client = new UrqlClient({
    url: `${gateway.url}/graphql`,
    fetch: send,
    preferGetMethod: false,
    exchanges: [persistedExchange({ preferGetForPersistedQueries: useGet }), fetchExchange],
  });
  const query = `query Urql${useGet ? 'Get' : 'Post'} { viewer { scopes } }`;
  for (let i = 0; i < 3; i += 1) {
    const { data, error } = await client.query<{ viewer: { scopes: unknown[] } }>(query, {});
    expect(error).toBeUndefined();
    expect(data?.viewer.scopes).toContain('voices:read');
  }
  expect(withText).toEqual([false, true, false, false]);
});

describe.each([
  ['graphql-ws', () => createWsClient(`${gateway.url.replace('http', 'ws')}/graphql`, async () => TOKEN)],
  ['graphql-sse', () => createSseClient(`${gateway.url}/graphql`, async () => TOKEN)],
] as const)('%s', (library, open) => {
  it('sends the hash of a document, its text if the hash is unknown, and later only the hash', async ({ expect }) => {
    const client = open();
    const text = `query Over${library.replace('-', '')} { viewer { scopes } }`;
    const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(text) } };
    const ask = (query: string) =>
      once<{ data?: { viewer: { scopes: unknown[] } }; errors?: unknown }>(client, { query, extensions }).catch(
        (errors: unknown) => ({ data: undefined, errors }),
      );
    expect(codeOf((await ask('')).errors)).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect((await ask(text)).data?.viewer.scopes).toContain('voices:read');
    expect((await ask('')).data?.viewer.scopes).toContain('voices:read');
    await client.dispose();
  });
});
