import { createHash } from 'node:crypto';
import {
  BAD_TOKEN,
  CREATE_VOICE,
  ENDED,
  graphqlResponse,
  type HttpShape,
  json,
  multipart,
  NOT_FOUND_BY_HASH,
  REFUSED_VOICE,
  type SocketShape,
  ONE_TASK,
  VIEWER,
  VIEWER_DATA,
  WRONG_INPUT,
} from './shape.ts';

const REQUEST = 'apollographql/apollo-ios-dev apollo-ios/Sources/Apollo/JSONRequest.swift a681d564';
const BODY = 'apollographql/apollo-ios-dev apollo-ios/Sources/Apollo/RequestBodyCreator.swift 980712fe';
const AWARENESS = 'apollographql/apollo-ios Sources/Apollo/ClientAwarenessMetadata.swift 0aa92e69';
const REQUEST_1 = 'apollographql/apollo-ios-dev apollo-ios/Sources/Apollo/HTTPRequest.swift 1d7c0712';
const SEARCH = 'apollographql/apollo-ios Sources/Apollo/GraphQLGETTransformer.swift 00a66cb5';
const MESSAGE = 'apollographql/apollo-ios Sources/ApolloWebSocket/WebSocketMessage.swift cdde10e4';
const SOCKET_1 = 'apollographql/apollo-ios Sources/ApolloWebSocket/DefaultImplementation/WebSocket.swift 0333f14b';
const MESSAGE_1 = 'apollographql/apollo-ios Sources/ApolloWebSocket/OperationMessage.swift 03ef2122';

const AWARE = { 'apollographql-client-name': 'com.example.app-apollo-ios', 'apollographql-client-version': '1.0-1' };
const ACCEPT = 'multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json';
const ACCEPT_STREAM = 'multipart/mixed;subscriptionSpec=1.0,application/graphql-response+json,application/json';
const GET = { Accept: ACCEPT, ...AWARE };
const POST = { 'Content-Type': 'application/json', ...GET };

/** Version 1 leaves `accept` to the system. */
const POST_1 = {
  Accept: '*/*',
  'Content-Type': 'application/json',
  'X-APOLLO-OPERATION-NAME': 'Viewer',
  'X-APOLLO-OPERATION-TYPE': 'query',
  'X-APOLLO-OPERATION-ID': createHash('sha256').update(VIEWER).digest('hex'),
  ...AWARE,
};

const BY_HASH = 'query IosByHash { viewer { tenant } }';
const BY_HASH_GET = 'query IosByHashGet { viewer { tenant } }';

/** Apollo iOS sorts all keys in JSON. */
function persisted(text: string): object {
  return { persistedQuery: { sha256Hash: createHash('sha256').update(text).digest('hex'), version: 1 } };
}

const byGet = { extensions: JSON.stringify(persisted(BY_HASH_GET)), operationName: 'IosByHashGet' };

/** Sent in this order. The first use of each hash is unknown. */
export const IOS: readonly HttpShape[] = [
  {
    name: 'a query',
    source: `${REQUEST}; ${BODY}; ${AWARENESS}`,
    method: 'POST',
    headers: POST,
    body: {
      extensions: { clientLibrary: { name: 'apollo-ios', version: '2.0.0' } },
      operationName: 'Viewer',
      query: VIEWER,
    },
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'a query of 1, with its own headers',
    source: REQUEST_1,
    method: 'POST',
    headers: POST_1,
    body: { operationName: 'Viewer', query: VIEWER },
    answer: json(VIEWER_DATA),
  },
  {
    name: 'a mutation with a wrong input',
    source: `${REQUEST}; ${BODY}`,
    method: 'POST',
    headers: POST,
    body: { operationName: 'CreateVoice', query: CREATE_VOICE, variables: WRONG_INPUT },
    answer: graphqlResponse(REFUSED_VOICE),
  },
  {
    name: 'a query whose token is not valid',
    source: REQUEST,
    method: 'POST',
    headers: { ...POST, Authorization: 'Bearer nothing' },
    body: { operationName: 'Viewer', query: VIEWER },
    answer: graphqlResponse(BAD_TOKEN, 401),
  },
  {
    name: 'the hash of a document: only after a 200 it sends the text',
    source: `${REQUEST}; ${BODY}`,
    method: 'POST',
    headers: POST,
    body: { extensions: persisted(BY_HASH), operationName: 'IosByHash' },
    answer: graphqlResponse(NOT_FOUND_BY_HASH),
  },
  {
    name: 'the hash with the text',
    source: `${REQUEST}; ${BODY}`,
    method: 'POST',
    headers: POST,
    body: { extensions: persisted(BY_HASH), operationName: 'IosByHash', query: BY_HASH },
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'the hash again',
    source: `${REQUEST}; ${BODY}`,
    method: 'POST',
    headers: POST,
    body: { extensions: persisted(BY_HASH), operationName: 'IosByHash' },
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'the hash of a document over GET',
    source: `${REQUEST}; ${SEARCH}`,
    method: 'GET',
    headers: GET,
    search: byGet,
    answer: graphqlResponse(NOT_FOUND_BY_HASH),
  },
  {
    name: 'the hash with the text over GET',
    source: `${REQUEST}; ${SEARCH}`,
    method: 'GET',
    headers: GET,
    search: { ...byGet, query: BY_HASH_GET },
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'the hash over GET again',
    source: `${REQUEST}; ${SEARCH}`,
    method: 'GET',
    headers: GET,
    search: byGet,
    answer: graphqlResponse(VIEWER_DATA),
  },
  {
    name: 'a subscription',
    source: `${REQUEST}; ${BODY}`,
    method: 'POST',
    headers: { ...POST, Accept: ACCEPT_STREAM },
    body: { operationName: 'TaskUpdates', query: ONE_TASK, variables: { after: null, id: '<task>' } },
    answer: multipart(`{"payload":${ENDED}}`),
  },
];

const subscribe = { operationName: 'TaskUpdates', query: ONE_TASK, variables: { after: null, id: '<task>' } };
const TOLD = [`{"id":"1","type":"next","payload":${ENDED}}`, '{"id":"1","type":"complete"}'];

export const IOS_SOCKETS: readonly SocketShape[] = [
  {
    name: 'a subscription of 2, all of it in bytes',
    source: MESSAGE,
    headers: {},
    subprotocol: 'graphql-transport-ws',
    binary: true,
    turns: [
      ['{"type":"connection_init","payload":{"authorization":"Bearer <token>"}}', ['{"type":"connection_ack"}']],
      ['{"type":"ping"}', ['{"type":"pong"}']],
      [`{"type":"subscribe","id":"1","payload":${JSON.stringify(subscribe)}}`, TOLD],
    ],
  },
  {
    name: 'a subscription of 1, with the address of its socket for an origin',
    source: `${SOCKET_1}; ${MESSAGE_1}`,
    headers: {
      Origin: 'ws://<host>',
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits; server_max_window_bits=15',
      ...AWARE,
    },
    subprotocol: 'graphql-transport-ws',
    turns: [
      ['{"payload":{"authorization":"Bearer <token>"},"type":"connection_init"}', ['{"type":"connection_ack"}']],
      [JSON.stringify({ id: '1', payload: subscribe, type: 'subscribe' }), TOLD],
    ],
  },
  {
    name: 'a connection of 1 with the empty payload that it has unless told',
    source: MESSAGE_1,
    headers: { Origin: 'ws://<host>', ...AWARE },
    subprotocol: 'graphql-transport-ws',
    turns: [['{"payload":{},"type":"connection_init"}', []]],
    closed: [4403, 'Send a token: "authorization: Bearer ...".'],
  },
];
