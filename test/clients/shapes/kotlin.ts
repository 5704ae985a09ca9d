import { createHash } from 'node:crypto';
import {
  BAD_TOKEN,
  CREATE_VOICE,
  ENDED,
  graphqlResponse,
  type HttpShape,
  multipart,
  NO_TASK,
  NOT_FOUND_BY_HASH,
  REFUSED_VOICE,
  type SocketShape,
  ONE_TASK,
  VIEWER,
  VIEWER_DATA,
  WRONG_INPUT,
} from './shape.ts';

const COMPOSER =
  'apollographql/apollo-kotlin libraries/apollo-api/src/commonMain/kotlin/com/apollographql/apollo/api/http/DefaultHttpRequestComposer.kt 0c03e8e8';
const PARAMETERS =
  'apollographql/apollo-kotlin libraries/apollo-api/src/commonMain/kotlin/com/apollographql/apollo/api/RequestParameters.kt 463aaea4';
const AWARENESS =
  'apollographql/apollo-kotlin libraries/apollo-runtime/src/commonMain/kotlin/com/apollographql/apollo/network/http/ClientAwarenessInterceptor.kt d1c6a1bd';
const SOCKET =
  'apollographql/apollo-kotlin libraries/apollo-runtime/src/commonMain/kotlin/com/apollographql/apollo/network/websocket/GraphQLWsProtocol.kt 6684a793';

const ACCEPT = 'multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json';
const ACCEPT_STREAM = 'multipart/mixed;subscriptionSpec=1.0, application/graphql-response+json, application/json';
const POST = { Accept: ACCEPT, 'Content-Type': 'application/json', 'Accept-Encoding': 'gzip' };
const GET = { 'Apollo-Require-Preflight': 'true', Accept: ACCEPT, 'Accept-Encoding': 'gzip' };

const clientLibrary = { name: 'apollo-kotlin', version: '4.3.3' };
const BY_HASH = 'query KotlinByHash { viewer { tenant } }';
const BY_HASH_5 = 'query Kotlin5ByHash { viewer { tenant } }';
const BY_HASH_GET = 'query KotlinByHashGet { viewer { tenant } }';

function persistedQuery(text: string): object {
  return { version: 1, sha256Hash: createHash('sha256').update(text).digest('hex') };
}

const byGet = {
  operationName: 'KotlinByHashGet',
  variables: '{}',
  extensions: JSON.stringify({ persistedQuery: persistedQuery(BY_HASH_GET) }),
};
const byPost = {
  operationName: 'KotlinByHash',
  variables: {},
  extensions: { persistedQuery: persistedQuery(BY_HASH), clientLibrary },
};
const by5 = {
  operationName: 'Kotlin5ByHash',
  variables: {},
  extensions: { persistedQuery: persistedQuery(BY_HASH_5) },
};

/** Sent in this order. The first use of each hash is unknown. */
export const KOTLIN: readonly HttpShape[] = [
  {
    name: 'a query',
    source: COMPOSER,
    method: 'POST',
    headers: POST,
    body: { operationName: 'Viewer', variables: {}, query: VIEWER, extensions: { clientLibrary } },
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'a query over GET, with the name of the application',
    source: `${COMPOSER}; ${AWARENESS}`,
    method: 'GET',
    headers: { ...GET, 'apollographql-client-name': 'com.example.app', 'apollographql-client-version': '1.0' },
    search: { operationName: 'Viewer', variables: '{}', query: VIEWER, extensions: JSON.stringify({ clientLibrary }) },
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'a query with `onError`, which asks not to let a null climb: it is not known here, and left out',
    source: `${PARAMETERS}; the key is of release 5.0.1`,
    method: 'POST',
    headers: POST,
    body: { query: VIEWER, operationName: 'Viewer', variables: {}, extensions: { clientLibrary }, onError: 'NULL' },
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'a mutation with a wrong input',
    source: COMPOSER,
    method: 'POST',
    headers: POST,
    body: { operationName: 'CreateVoice', variables: WRONG_INPUT, query: CREATE_VOICE, extensions: { clientLibrary } },
    answer: graphqlResponse(REFUSED_VOICE),
  },
  {
    name: 'a query whose token is not valid: Kotlin reads errors of a 4xx under this media type alone',
    source: COMPOSER,
    method: 'POST',
    headers: { ...POST, Authorization: 'Bearer nothing' },
    body: { operationName: 'Viewer', variables: {}, query: VIEWER },
    answer: graphqlResponse(BAD_TOKEN, 401),
  },
  {
    name: 'the hash of a document',
    source: COMPOSER,
    method: 'POST',
    headers: POST,
    body: byPost,
    answer: graphqlResponse(NOT_FOUND_BY_HASH),
  },
  {
    name: 'the hash with the text',
    source: COMPOSER,
    method: 'POST',
    headers: POST,
    body: { operationName: 'KotlinByHash', variables: {}, query: BY_HASH, extensions: byPost.extensions },
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'the hash again',
    source: COMPOSER,
    method: 'POST',
    headers: POST,
    body: byPost,
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'the hash of a document as 5 sends it, with null for the text',
    source: PARAMETERS,
    method: 'POST',
    headers: POST,
    body: { query: null, ...by5 },
    answer: graphqlResponse(NOT_FOUND_BY_HASH),
  },
  {
    name: 'the hash of a document over GET',
    source: COMPOSER,
    method: 'GET',
    headers: GET,
    search: byGet,
    answer: graphqlResponse(NOT_FOUND_BY_HASH),
  },
  {
    name: 'the hash with the text over GET',
    source: COMPOSER,
    method: 'GET',
    headers: GET,
    search: { operationName: 'KotlinByHashGet', variables: '{}', query: BY_HASH_GET, extensions: byGet.extensions },
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'the hash over GET again',
    source: COMPOSER,
    method: 'GET',
    headers: GET,
    search: byGet,
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'a subscription',
    source: COMPOSER,
    method: 'POST',
    headers: { ...POST, Accept: ACCEPT_STREAM },
    body: {
      operationName: 'TaskUpdates',
      variables: { id: '<task>' },
      query: ONE_TASK,
      extensions: { clientLibrary },
    },
    answer: multipart(`{"payload":${ENDED}}`),
  },
  {
    name: 'a subscription to a task that is not there',
    source: COMPOSER,
    method: 'POST',
    headers: { ...POST, Accept: ACCEPT_STREAM },
    body: {
      operationName: 'TaskUpdates',
      variables: { id: 'none' },
      query: ONE_TASK,
      extensions: { clientLibrary },
    },
    answer: multipart(`{"payload":null,"errors":[${NO_TASK}]}`),
  },
];

const ID = 'f2e4d8a0-5a57-4c6b-9a83-1f6a4f7a0c11';

export const KOTLIN_SOCKETS: readonly SocketShape[] = [
  {
    name: 'a subscription, with a ping, and a query',
    source: SOCKET,
    headers: {},
    subprotocol: 'graphql-transport-ws',
    turns: [
      ['{"type":"connection_init","payload":{"authorization":"Bearer <token>"}}', ['{"type":"connection_ack"}']],
      ['{"type":"ping"}', ['{"type":"pong"}']],
      [
        JSON.stringify({
          type: 'subscribe',
          id: ID,
          payload: {
            operationName: 'TaskUpdates',
            variables: { id: '<task>' },
            query: ONE_TASK,
            extensions: { clientLibrary },
          },
        }),
        [`{"id":"${ID}","type":"next","payload":${ENDED}}`, `{"id":"${ID}","type":"complete"}`],
      ],
      [
        JSON.stringify({
          type: 'subscribe',
          id: ID,
          payload: { operationName: 'Viewer', variables: {}, query: VIEWER, extensions: { clientLibrary } },
        }),
        [`{"id":"${ID}","type":"next","payload":${VIEWER_DATA}}`, `{"id":"${ID}","type":"complete"}`],
      ],
    ],
  },
  {
    name: 'a connection without a payload, as it is unless told',
    source: SOCKET,
    headers: {},
    subprotocol: 'graphql-transport-ws',
    turns: [['{"type":"connection_init"}', []]],
    closed: [4403, 'Send a token: "authorization: Bearer ...".'],
  },
];
