import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { AUTHORIZATION } from '../support/token.ts';
import { startGateway, type RunningGateway } from '../node/gateway.ts';

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** A client, and whether each of its requests carried a text. */
function createClient(useGETForHashedQueries: boolean) {
  const withText: boolean[] = [];
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([
      new PersistedQueryLink({
        sha256: (text: string) => createHash('sha256').update(text).digest('hex'),
        useGETForHashedQueries,
      }),
      new HttpLink({
        uri: `${gateway.url}/graphql`,
        fetch: async (input, init) => {
          const request = new Request(input, init);
          request.headers.set('authorization', AUTHORIZATION);
          withText.push(/"query":|[?&]query=/.test(request.url + (await request.clone().text())));
          return fetch(request);
        },
      }),
    ]),
  });
  return { client, withText };
}

describe("Apollo's PersistedQueryLink", () => {
  it.for([false, true])('sends each document once (GET: %s)', async (useGet, { expect }) => {
    const query = gql(`query Codes${useGet ? 'Get' : 'Post'} { errorCodes { code } }`);
    const { client, withText } = createClient(useGet);
    for (let i = 0; i < 3; i += 1) {
      const { data, error } = await client.query<{ errorCodes: unknown[] }>({ query, fetchPolicy: 'no-cache' });
      expect(error).toBeUndefined();
      expect(data?.errorCodes.length).toBeGreaterThan(5);
    }
    expect(withText).toEqual([false, true, false, false]);
  });
});
