import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client as UrqlClient, fetchExchange, makeOperation, mapExchange } from '@urql/core';
import { commitMutation, fetchQuery, requestSubscription } from 'relay-runtime';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startGateway, type RunningGateway } from '../node/gateway.ts';
import { mintToken } from '../support/token.ts';
import createVoiceTask, {
  type operationsCreateVoiceMutation,
} from './persisted/__generated__/operationsCreateVoiceMutation.graphql.ts';
import taskUpdates, {
  type operationsTaskSubscription,
} from './persisted/__generated__/operationsTaskSubscription.graphql.ts';
import viewerQuery, { type operationsViewerQuery } from './persisted/__generated__/operationsViewerQuery.graphql.ts';
import documents from './persisted/documents.json' with { type: 'json' };
import { authorizedFetch } from './recipes/authorized.ts';
import { watch } from './recipes/eventsource.ts';
import { execute } from './recipes/fetch.ts';
import { createSseClient } from './recipes/graphql-sse.ts';
import { createWsClient } from './recipes/graphql-ws.ts';
import { once } from './recipes/once.ts';
import { createEnvironment } from './recipes/relay.ts';
import { configWithManifest } from './trusted-config.ts';

/** The ids that relay-compiler wrote into the artefacts and the manifest. */
const VIEWER = viewerQuery.params.id!;
const VIEWER_TEXT = documents[VIEWER as keyof typeof documents];

let gateway: RunningGateway;
let url = '';
let socketUrl = '';
beforeAll(async () => {
  gateway = await startGateway({
    config: configWithManifest(join(import.meta.dirname, 'persisted/documents.json')),
    vars: { TRUSTED_DOCUMENTS: 'only' },
  });
  url = `${gateway.url}/graphql`;
  socketUrl = url.replace('http', 'ws');
});
afterAll(() => gateway.close());

const tenant = randomUUID();
const token = await mintToken(tenant);
const getToken = async () => token;

type Viewer = { readonly viewer: { readonly tenant: string } };
type Result = { readonly data?: Viewer | null };

/** How each library reads the viewer by the id of a document. */
const READERS: Readonly<Record<string, () => Promise<Viewer | null | undefined>>> = {
  async 'graphql-ws'() {
    const client = createWsClient(socketUrl, getToken);
    const { data } = await once<Result>(client, { query: '', documentId: VIEWER });
    await client.dispose();
    return data;
  },
  async 'graphql-sse'() {
    const client = createSseClient(url, getToken);
    return (await once<Result>(client, { query: '', documentId: VIEWER })).data;
  },
  async 'Apollo Client'() {
    const persisted = new PersistedQueryLink({ generateHash: async () => VIEWER });
    const http = new HttpLink({ uri: url, fetch: authorizedFetch(getToken) });
    const client = new ApolloClient({ cache: new InMemoryCache(), link: persisted.concat(http) });
    return (await client.query<Viewer>({ query: gql(VIEWER_TEXT), fetchPolicy: 'no-cache' })).data;
  },
  async urql() {
    // The body that `persistedExchange` sends with `enforcePersistedQueries` and a custom `generateHash`.
    const byId = mapExchange({
      onOperation: (operation) =>
        makeOperation(operation.kind, {
          ...operation,
          extensions: { persistedQuery: { version: 1, sha256Hash: VIEWER } },
        }),
    });
    const client = new UrqlClient({
      url,
      fetch: authorizedFetch(getToken),
      exchanges: [byId, fetchExchange],
      preferGetMethod: true,
    });
    return (await client.query<Viewer>(VIEWER_TEXT, {})).data;
  },
  Relay() {
    const environment = createEnvironment(url, getToken, { subscribe: () => () => {} });
    return fetchQuery<operationsViewerQuery>(environment, viewerQuery, {}).toPromise();
  },
  async fetch() {
    return (await execute<Viewer>(url, getToken, { documentId: VIEWER })).data;
  },
  EventSource() {
    return new Promise((resolve) => {
      watch(url, getToken, { documentId: VIEWER, variables: {} }, (result) => resolve((result as Result).data));
    });
  },
};

describe('a gateway that serves only the manifest of relay-compiler', () => {
  test.for(Object.entries(READERS))('answers %s, which sends an id', async ([, read], { expect }) => {
    expect((await read())?.viewer.tenant).toBe(tenant);
  });

  test('refuses a text, even that of a trusted document', async ({ expect }) => {
    const { errors } = await execute(url, getToken, { query: VIEWER_TEXT });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test('lets Relay create and watch a task', async ({ expect }) => {
    const socket = createWsClient(socketUrl, getToken);
    const environment = createEnvironment(url, getToken, socket);
    const sample = { url: `https://example.com/${randomUUID()}-sandbox-ok-12s.mp3` };
    const id = await new Promise<string>((resolve, reject) => {
      commitMutation<operationsCreateVoiceMutation>(environment, {
        mutation: createVoiceTask,
        variables: { input: { name: 'Persisted', sample } },
        onCompleted: (data) => resolve(data.createVoiceTask?.id ?? ''),
        onError: reject,
      });
    });
    const told = await new Promise((resolve, reject) => {
      requestSubscription<operationsTaskSubscription>(environment, {
        subscription: taskUpdates,
        variables: { id },
        onNext: (data) => resolve(data?.taskUpdates.task.id),
        onError: reject,
      });
    });
    expect(told).toBe(id);
    await socket.dispose();
  });
});
