import { getIntrospectionQuery } from 'graphql';
import { describe, it } from 'vitest';
import { GRAPHQL_URL, post, send } from '../support/browser.ts';
import { openSandbox } from '../support/ledger.ts';
import { useSockets } from '../support/socket.ts';

/** A production gateway without a setting for introspection. */
openSandbox('schema-disclosure', {
  ENVIRONMENT: 'production',
  KLING_BASE_URL: 'https://api-singapore.klingai.com',
  PUBLIC_URL: 'https://gateway.example.com',
});
const openSocket = useSockets();

/** Queries that could disclose names of the schema to an attacker who guesses. */
const GUESSES: readonly [name: string, query: string][] = [
  ['the introspection query', getIntrospectionQuery()],
  ['a type by its name', '{ __type(name: "Task") { name fields { name } } }'],
  ['introspection in a fragment', '{ ...a } fragment a on Query { b: __schema { types { name } } }'],
  ['introspection in a mutation', 'mutation { __schema { types { name } } }'],
  ['a misspelt field', '{ voic { id } }'],
  ['a misspelt argument', '{ tasks(firs: 1) { edges { cursor } } }'],
  ['a misspelt enum value', '{ tasks(filter: { kind: VOICES }) { edges { cursor } } }'],
  ['a misspelt type', '{ node(id: "x") { ... on VoiceTas { id } } }'],
  [
    'a misspelt input field',
    'mutation { identifyFaces(video: { ur: "x" }) { ... on FaceScan { id } ... on Failure { code message } } }',
  ],
];

const SUBSCRIPTION_GUESSES: readonly [name: string, query: string][] = [
  ['introspection in a subscription', 'subscription { __schema { types { name } } }'],
  ['a misspelt subscription', 'subscription { taskChange(id: "x") { cursor } }'],
  ['a misspelt field of an event', 'subscription { taskUpdates { curso } }'],
];

const DISCLOSED = /did you mean|LIP_SYNC|VoiceTask|"types"|"fields"/i;

describe('in production', () => {
  it.for([...GUESSES, ...SUBSCRIPTION_GUESSES])(
    'the schema is not disclosed over HTTP: %s',
    async ([, query], { expect }) => {
      for (const accept of ['application/json', 'text/event-stream']) {
        const text = await (await post(null, { accept }, query)).text();
        expect(text).toContain('"errors"');
        expect(text).not.toMatch(DISCLOSED);
      }
    },
  );

  it.for([...GUESSES, ...SUBSCRIPTION_GUESSES])(
    'the schema is not disclosed over WebSocket: %s',
    async ([, query], { expect }) => {
      const socket = await openSocket();
      socket.subscribe('1', query);
      const text = JSON.stringify(await socket.next());
      expect(text).toMatch(/"type":"error"|"errors"/);
      expect(text).not.toMatch(DISCLOSED);
    },
  );

  it.for(['/graphql', '/graphql?query={__typename}', '/', '/graphiql', '/playground', '/sandbox'])(
    'no developer tool is served at %s',
    async (path, { expect }) => {
      const response = await send(new URL(path, GRAPHQL_URL).href, { headers: { accept: 'text/html,*/*;q=0.1' } });
      expect(response.headers.get('content-type')).not.toContain('html');
      expect(await response.text()).not.toMatch(/<html|graphiql|<script/i);
    },
  );

  it('a client can still query __typename', async ({ expect }) => {
    expect(await (await post(null)).json()).toEqual({ data: { __typename: 'Query' } });
  });
});
