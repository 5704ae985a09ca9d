/**
 * The cases of graphql-ws's server suite (github.com/enisdenjo/graphql-ws, tests/server.test.ts). `differs` states what that
 * server does, or why the gateway differs. Hooks, custom schemas, contexts, JSON revivers and incremental results are left
 * out, because the gateway does not have them. 4408 is in socket-limits.test.ts. The gateway sends no WebSocket pings, which
 * would keep a hub awake. The platform closes sockets at a deployment.
 */

import { describe, it } from 'vitest';
import { openSandbox } from '../support/ledger.ts';
import { startTask } from '../support/socket.ts';
import { playSteps, titled, type SocketCase, type Step } from '../support/socket-case.ts';
import { CONNECTION_INIT } from '../support/token.ts';

const sandbox = openSandbox('graphql-ws-cases');
const query = '{ __typename }';
const subscribe = (payload: object, id = '1'): Step => ({ send: { id, type: 'subscribe', payload } });
const watch = (taskId: string, id = '1', operationName: string | null = null): Step =>
  subscribe({ query: `subscription { taskUpdates(taskId: "${taskId}") { task { status } } }`, operationName }, id);
const next = (data: object, id = '1'): Step => ({ gets: { id, type: 'next', payload: { data } } });
const told = (status: string, id = '1'): Step => next({ taskUpdates: { task: { status } } }, id);
const DONE = { id: '1', type: 'complete' };
const complete = (): Step => ({ gets: DONE });
const UNAUTHORIZED: Step = { closes: 4401, reason: 'Unauthorized' };
/** Builds an object of exactly `chars` characters of JSON. */
const LONG = (chars: number) => ({ x: 'y'.repeat(chars - '{"x":""}'.length) });
const typename = next({ __typename: 'Query' });
const PONG: Step = { gets: { type: 'pong' } };

/** Steps in which only operation 2 gets the next event. */
const watchesAlone = (taskId: string): readonly Step[] => [
  watch(taskId, '2'),
  told('SUBMITTED', '2'),
  'quiet',
  { task: 'processing' },
  told('PROCESSING', '2'),
  'quiet',
];

const CONNECT: readonly SocketCase[] = [
  {
    name: 'connection_init is acknowledged',
    isNew: true,
    steps: [{ send: CONNECTION_INIT }, { gets: { type: 'connection_ack' } }, 'quiet'],
  },
  ...[
    { type: 'connection_init' },
    { type: 'connection_init', payload: {} },
    { type: 'connection_init', payload: null },
  ].map((send): SocketCase => ({
    name: `a connection_init without a token is closed with 4403: ${JSON.stringify(send)}`,
    isNew: true,
    steps: [{ send }, { closes: 4403, reason: /token/ }],
    differs: 'the reason states what is missing, instead of "Forbidden"',
  })),
  {
    name: 'a second connection_init is closed with 4429',
    steps: [{ send: CONNECTION_INIT }, { closes: 4429, reason: 'Too many initialisation requests' }],
  },
  {
    name: 'a second connection_init while the first is pending is closed with 4429',
    isNew: true,
    steps: [
      { sendBoth: [CONNECTION_INIT, { type: 'connection_init' }] },
      { closes: 4429, reason: 'Too many initialisation requests' },
    ],
  },
  {
    name: 'a subscribe before connection_init is closed with 4401, even if its query is invalid',
    isNew: true,
    steps: [subscribe({ query: 'subscription NoAck {}', operationName: 'NoAck', variables: {} }), UNAUTHORIZED],
  },
  {
    name: 'a subscribe before the acknowledgement is closed with 4401',
    isNew: true,
    steps: [{ sendBoth: [CONNECTION_INIT, { id: '1', type: 'subscribe', payload: { query } }] }, UNAUTHORIZED],
  },
];

const PINGS: readonly SocketCase[] = [
  { name: 'a ping is answered before connection_init', isNew: true, steps: [{ send: { type: 'ping' } }, PONG] },
  { name: 'a ping is answered', steps: [{ send: { type: 'ping' } }, PONG] },
  {
    name: 'a ping without a payload is answered without one',
    steps: [{ send: { type: 'ping', payload: null } }, PONG],
  },
  ...[{ iCome: 'back' }, {}, { a: ['ä', { b: null }] }].map((payload): SocketCase => ({
    name: `a ping is answered with its payload: ${JSON.stringify(payload)}`,
    steps: [{ send: { type: 'ping', payload } }, { gets: { type: 'pong', payload } }],
  })),
  {
    name: 'a ping with a payload of 1,024 characters is answered with it',
    steps: [{ send: { type: 'ping', payload: LONG(1_024) } }, { gets: { type: 'pong', payload: LONG(1_024) } }],
  },
  {
    name: 'a ping with a payload of 1,025 characters is answered without it',
    steps: [{ send: { type: 'ping', payload: LONG(1_025) } }, PONG],
    differs: 'the gateway limits the size of an echo',
  },
  { name: 'a pong gets no answer', isNew: true, steps: [{ send: { type: 'pong' } }, { send: { type: 'ping' } }, PONG] },
];

const OPERATIONS: readonly SocketCase[] = [
  {
    name: 'a query is answered with next and complete',
    steps: [
      subscribe({ operationName: 'T', query: 'query T { __typename }', variables: {} }),
      typename,
      complete(),
      'quiet',
    ],
  },
  {
    name: 'an empty operationName is ignored',
    steps: (id) => [
      subscribe({ query, operationName: '' }),
      typename,
      complete(),
      watch(id, '1', ''),
      told('SUBMITTED'),
    ],
  },
  {
    name: 'a query that is completed before its result is ready gets nothing',
    steps: [subscribe({ query }), { send: DONE }, 'quiet'],
  },
  {
    name: 'validation errors come in one error message, and the socket stays open',
    steps: [
      subscribe({ query: 'query T {\n  testNumber\n  testBoolean\n}', operationName: 'T' }),
      {
        refused: [
          { message: /"testNumber" on type "Query"/, locations: [{ line: 2, column: 3 }] },
          { message: /"testBoolean" on type "Query"/, locations: [{ line: 3, column: 3 }] },
        ],
      },
      'quiet',
    ],
  },
  {
    name: 'a query that cannot be parsed gets an error, and the socket stays open',
    steps: [subscribe({ query: '}}' }), { refused: [{ message: /^Syntax Error/ }] }, 'quiet'],
    differs: 'that server closes the socket with 4500, which ends all other operations',
  },
  {
    name: 'an unknown operationName gets an error',
    steps: [
      subscribe({ query: 'query A { __typename }', operationName: 'B' }),
      { refused: [{ message: /operation/ }] },
      'quiet',
    ],
  },
  {
    name: 'two operations without operationName get an error',
    steps: [
      subscribe({ query: `query A ${query} query B ${query}` }),
      { refused: [{ message: /operation/ }] },
      'quiet',
    ],
  },
  ...[
    'query ($id: ID!) { node(id: $id) { id } }',
    'subscription ($id: ID!) { taskUpdates(taskId: $id) { cursor } }',
  ].map((one): SocketCase => ({
    name: `variables that cannot be coerced get an error: ${one}`,
    steps: [subscribe({ query: one, variables: { id: {} } }), { refused: [{ message: /^Variable "\$id"/ }] }, 'quiet'],
    differs: 'that server sends the errors of graphql as next',
  })),
  {
    name: 'the id of a stored document as the query gets an error',
    steps: [subscribe({ query: 'iWantTheValue' }), { refused: [{ message: /^Syntax Error/ }] }],
    differs: 'documents are named by documentId, or by their hash in extensions.persistedQuery',
  },
  {
    name: 'a subscription gets every event, then complete',
    steps: (id) => [
      watch(id),
      told('SUBMITTED'),
      { task: 'processing' },
      told('PROCESSING'),
      { task: 'succeed' },
      told('SUCCEEDED'),
      complete(),
      'quiet',
    ],
  },
  {
    name: 'a subscription that the client completes gets nothing more, not even complete',
    steps: (id) => [watch(id), told('SUBMITTED'), { send: DONE }, ...watchesAlone(id)],
  },
  {
    name: 'a subscription that is completed while it is prepared gets nothing',
    steps: (id) => [watch(id), { send: DONE }, ...watchesAlone(id)],
  },
  {
    name: 'a subscription that fails gets an error without complete, and its id is free',
    steps: [
      watch('none'),
      { refused: [{ message: /^There is no such task/ }] },
      'quiet',
      subscribe({ query }),
      typename,
      complete(),
    ],
  },
  {
    name: 'the id of a running operation closes the socket with 4409',
    steps: (id) => [
      watch(id),
      told('SUBMITTED'),
      subscribe({ query }),
      { closes: 4409, reason: 'Subscriber for 1 already exists' },
    ],
  },
  {
    name: 'the id of an operation in preparation closes the socket with 4409',
    steps: [subscribe({ query }), subscribe({ query }), { closes: 4409, reason: 'Subscriber for 1 already exists' }],
  },
  {
    name: 'a close reason that is longer than a frame holds is cut to 123 bytes',
    steps: [
      subscribe({ query }, 'x'.repeat(128)),
      subscribe({ query }, 'x'.repeat(128)),
      { closes: 4409, reason: /^Subscriber for x{108}$/ },
    ],
  },
  {
    name: 'an id of 129 characters closes the socket with 4400',
    steps: [subscribe({ query }, 'x'.repeat(129)), { closes: 4400, reason: /id/ }],
    differs: 'the gateway limits the length of ids, because it stores them',
  },
  { name: "a client's close is answered with its own code", steps: [{ leaves: 4321 }, { closes: 4321, reason: '' }] },
];

describe.each([
  ['connecting', CONNECT],
  ['pings', PINGS],
  ['operations', OPERATIONS],
])('%s', (_name, cases) => {
  it.for(titled(cases))('%s', async ([, one], { expect }) => {
    expect.hasAssertions();
    await playSteps(one, () => startTask(sandbox), expect);
  });
});
