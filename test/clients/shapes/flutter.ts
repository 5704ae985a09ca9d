import { createHash } from 'node:crypto';
import {
  BAD_TOKEN,
  CREATE_VOICE,
  ENDED,
  type HttpShape,
  json,
  NO_OPERATION,
  NOT_FOUND_BY_HASH,
  REFUSED_VOICE,
  type SocketShape,
  ONE_TASK,
  VIEWER,
  VIEWER_DATA,
  WRONG_INPUT,
} from './shape.ts';

/** The `HttpLink` of graphql_flutter, and of ferry. */
const LINK = 'gql-dart/gql links/gql_http_link/lib/src/link.dart 962403f6';
const SERIALIZER = 'gql-dart/gql links/gql_link/lib/src/request_serializer.dart cac11bd8';
const PERSISTED = 'zino-hofmann/graphql-flutter packages/graphql/lib/src/links/persisted_queries_link.dart 632fc5c0';
const MESSAGES =
  'zino-hofmann/graphql-flutter packages/graphql/lib/src/links/websocket_link/websocket_messages.dart 21a1953b';
const CLIENT =
  'zino-hofmann/graphql-flutter packages/graphql/lib/src/links/websocket_link/websocket_client.dart 1003c4b6';
const TRANSPORT = 'gql-dart/gql links/gql_websocket_link/lib/src/transport_ws_common.dart 5f457d25';

/** Also sent with a GET. */
const HEADERS = {
  'content-type': 'application/json',
  accept: '*/*',
  'accept-encoding': 'gzip',
  'user-agent': 'Dart/3.9 (dart:io)',
};

const BY_HASH = 'query FlutterByHash {\n  viewer {\n    tenant\n  }\n}';
const extensions = JSON.stringify({
  persistedQuery: { sha256Hash: createHash('sha256').update(BY_HASH).digest('hex'), version: 1 },
});
const byHash = { operationName: 'FlutterByHash', variables: '{}', extensions };

/** Sent in this order. The first hash is unknown. */
export const FLUTTER: readonly HttpShape[] = [
  {
    name: 'a query',
    source: `${LINK}; ${SERIALIZER}`,
    method: 'POST',
    headers: HEADERS,
    body: { operationName: 'Viewer', variables: {}, query: VIEWER },
    answer: json(VIEWER_DATA),
  },
  {
    name: 'a query without a name',
    source: `${LINK}; ${SERIALIZER}`,
    method: 'POST',
    headers: HEADERS,
    body: { operationName: null, variables: {}, query: '{\n  viewer {\n    tenant\n  }\n}' },
    answer: json(VIEWER_DATA),
  },
  {
    name: 'a query over GET, with the type of a content that it has not',
    source: `${LINK}; ${SERIALIZER}`,
    method: 'GET',
    blank: '+',
    headers: HEADERS,
    search: { operationName: 'Viewer', variables: '{}', query: VIEWER },
    answer: json(VIEWER_DATA),
  },
  {
    name: 'a query over GET without a name, for which it prints null: that is the name of no operation here',
    source: `${LINK}; ${SERIALIZER}`,
    method: 'GET',
    blank: '+',
    headers: HEADERS,
    search: { operationName: 'null', variables: '{}', query: '{\n  viewer {\n    tenant\n  }\n}' },
    answer: json(NO_OPERATION, 400),
  },
  {
    name: 'a mutation with a wrong input',
    source: `${LINK}; ${SERIALIZER}`,
    method: 'POST',
    headers: HEADERS,
    body: { operationName: 'CreateVoice', variables: WRONG_INPUT, query: CREATE_VOICE },
    answer: json(REFUSED_VOICE),
  },
  {
    name: 'a query whose token is not valid',
    source: LINK,
    method: 'POST',
    headers: { ...HEADERS, authorization: 'Bearer nothing' },
    body: { operationName: 'Viewer', variables: {}, query: VIEWER },
    answer: { ...json(BAD_TOKEN, 401), headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer' } },
  },
  {
    name: 'the hash of a document: after a 400 it would send no hash again',
    source: PERSISTED,
    method: 'GET',
    blank: '+',
    headers: HEADERS,
    search: byHash,
    answer: json(NOT_FOUND_BY_HASH),
  },
  {
    name: 'the hash with the text',
    source: PERSISTED,
    method: 'POST',
    headers: HEADERS,
    body: {
      operationName: 'FlutterByHash',
      variables: {},
      query: BY_HASH,
      extensions: JSON.parse(extensions) as object,
    },
    answer: json(VIEWER_DATA),
  },
  {
    name: 'the hash again',
    source: PERSISTED,
    method: 'GET',
    blank: '+',
    headers: HEADERS,
    search: byHash,
    answer: json(VIEWER_DATA),
  },
];

const payload = { operationName: 'TaskUpdates', variables: { id: '<task>', after: null }, query: ONE_TASK };
const ID = '5d1c1c7e-9d0a-4f0e-8f6e-3a7f4b0b6a55';
const TOLD = [`{"id":"${ID}","type":"next","payload":${ENDED}}`, `{"id":"${ID}","type":"complete"}`];

export const FLUTTER_SOCKETS: readonly SocketShape[] = [
  {
    name: 'a subscription of graphql_flutter, with its ping and pong',
    source: `${MESSAGES}; ${CLIENT}`,
    headers: {},
    subprotocol: 'graphql-transport-ws',
    turns: [
      ['{"type":"connection_init","payload":{"authorization":"Bearer <token>"}}', ['{"type":"connection_ack"}']],
      ['{"type":"ping","payload":{}}', ['{"type":"pong","payload":{}}']],
      ['{"type":"pong","payload":null}', []],
      [JSON.stringify({ type: 'subscribe', id: ID, payload }), TOLD],
    ],
  },
  {
    name: "a subscription of ferry's link",
    source: TRANSPORT,
    headers: {},
    subprotocol: 'graphql-transport-ws',
    turns: [
      ['{"type":"connection_init","payload":{"authorization":"Bearer <token>"}}', ['{"type":"connection_ack"}']],
      ['{"type":"ping"}', ['{"type":"pong"}']],
      [JSON.stringify({ id: ID, type: 'subscribe', payload }), TOLD],
    ],
  },
  {
    name: 'the subprotocol that graphql_flutter begins with unless told: it is refused, and says what to do',
    source: CLIENT,
    headers: {},
    subprotocol: 'graphql-ws',
    refused:
      '400 Sec-WebSocket-Protocol must offer graphql-transport-ws. "graphql-ws" is the protocol of subscriptions-transport-ws, which is no longer maintained: use the library graphql-ws.\n',
    turns: [],
  },
  {
    name: "ferry's link without a payload",
    source: TRANSPORT,
    headers: {},
    subprotocol: 'graphql-transport-ws',
    turns: [['{"type":"connection_init","payload":null}', []]],
    closed: [4403, 'Send a token: "authorization: Bearer ...".'],
  },
];
