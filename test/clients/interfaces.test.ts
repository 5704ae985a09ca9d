import { randomUUID } from 'node:crypto';
import { ApolloClient, gql, HttpLink } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startGateway, type RunningGateway } from '../node/gateway.ts';
import { mintToken } from '../support/token.ts';
import { taskOf } from './callers/caller.ts';
import { FETCH } from './callers/http.ts';
import { INTROSPECTION, POSSIBLE_TYPES } from './generated.ts';
import { createCache } from './recipes/apollo-calls.ts';
import { authorizedFetch } from './recipes/authorized.ts';
import { createCacheExchange } from './recipes/urql-calls.ts';

/** Leaves the cache with an object of which it knows only the id. */
const READ_ID = 'query ReadId($id: ID!) { node(id: $id) { __typename id } }';

/** The fragment on `Task` is inside one on `Node`, and two of the types have no such fields. */
const READ = `query Read($id: ID!) {
  node(id: $id) { ...Row }
}
fragment Row on Node {
  __typename id
  ... on Task { status externalId }
  ... on FaceScan { klingSessionId }
}`;

let gateway: RunningGateway;
let id: string;
const externalId = randomUUID();
const token = await mintToken(randomUUID());
const getToken = async (): Promise<string> => token;
const fetch = authorizedFetch(getToken);

beforeAll(async () => {
  gateway = await startGateway();
  const url = `${gateway.url}/graphql`;
  const sample = { url: 'https://example.com/sandbox-never-ends.mp3' };
  const calls = FETCH.open({ url, socketUrl: url.replace('http', 'ws'), getToken });
  ({ id } = taskOf(await calls.createVoiceTask({ name: 'Ann', sample, externalId })));
});
afterAll(() => gateway.close());

describe('a fragment on an interface loses no data', () => {
  test('in Apollo Client, from the network and from the cache', async ({ expect }) => {
    const link = new HttpLink({ uri: `${gateway.url}/graphql`, fetch });
    const client = new ApolloClient({ cache: createCache(POSSIBLE_TYPES), link });
    const query = gql(READ);
    await client.query({ query: gql(READ_ID), variables: { id } });
    const expected = { node: { __typename: 'VoiceTask', id, externalId, status: expect.any(String) } };
    expect((await client.query({ query, variables: { id } })).data).toEqual(expected);
    expect(client.readQuery({ query, variables: { id } })).toEqual(expected);
    client.stop();
  });

  test('in urql with its normalised cache, from the network and from the cache', async ({ expect }) => {
    const exchanges = [createCacheExchange(INTROSPECTION), fetchExchange];
    const client = new Client({ url: `${gateway.url}/graphql`, fetch, exchanges, preferGetMethod: false });
    const expected = { node: { __typename: 'VoiceTask', id, externalId, status: expect.any(String) } };
    await client.query(READ_ID, { id });
    for (const requestPolicy of ['cache-first', 'cache-only'] as const) {
      const { data, error } = await client.query(READ, { id }, { requestPolicy });
      expect(error).toBeUndefined();
      expect(data).toEqual(expected);
    }
  });
});
