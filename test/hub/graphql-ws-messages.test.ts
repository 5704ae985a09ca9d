/**
 * Valid and invalid messages of the protocol: the cases of graphql-ws's suites for messages and the handshake
 * (github.com/enisdenjo/graphql-ws, tests/common.test.ts and tests/use.test.ts). `differs` states what that server does.
 */

import { describe, it } from 'vitest';
import { openSandbox } from '../support/ledger.ts';
import { startTask, upgrade } from '../support/socket.ts';
import { playSteps, type Step } from '../support/socket-case.ts';

const sandbox = openSandbox('graphql-ws-messages');
const query = '{ __typename }';

describe('the subprotocol', () => {
  it.for([
    ['graphql-transport-ws', true],
    ['almost, next, graphql-transport-ws, one', true],
    ['some, graphql-transport-ws   , other-one,third', true],
    ['graphql-transport-ws, graphql-transport-ws', true],
    ['not, me', false],
    ['graphql, json', false],
    ['graphql-transport-wsgibberish', false],
    ['no, graphql-TransPort-ws', false],
    [null, false],
  ] as const)(
    'offered as %j is accepted: %j (differs: the gateway answers 400 with a message, instead of closing a socket with 4406)',
    async ([offered, isTaken], { expect }) => {
      const { status, headers, webSocket } = await upgrade(offered);
      webSocket?.accept();
      webSocket?.close(1000);
      expect([status, headers.get('sec-websocket-protocol')]).toEqual(
        isTaken ? [101, 'graphql-transport-ws'] : [400, null],
      );
    },
  );
});

describe('a message', () => {
  const asked = { id: 'id', type: 'subscribe' };
  const ANSWER: readonly Step[] = [
    { gets: { id: 'id', type: 'next', payload: { data: { __typename: 'Query' } } } },
    { gets: { id: 'id', type: 'complete' } },
  ];

  it.for<[message: string | object, reason: RegExp]>([
    ['', /JSON/],
    ['hello', /JSON/],
    ['""', /object/],
    ['0', /object/],
    ['9', /object/],
    ['null', /object/],
    [[], /object/],
    [{}, /type/],
    [{ type: '' }, /type/],
    [{ type: 0 }, /type/],
    [{ type: 'nuxt' }, /type/],
    [{ type: 'connection_init', payload: '' }, /payload of connection_init/],
    [{ type: 'connection_init', payload: 0 }, /payload of connection_init/],
    [{ type: 'connection_init', payload: [] }, /payload of connection_init/],
    [{ type: 'ping', payload: 0 }, /payload of ping/],
    [{ type: 'ping', payload: 'x' }, /payload of ping/],
    [{ type: 'ping', payload: [] }, /payload of ping/],
    [{ type: 'pong', payload: false }, /payload of pong/],
    [{ type: 'subscribe' }, /id/],
    [{ ...asked, id: 0 }, /id/],
    [{ ...asked, id: '' }, /id/],
    [asked, /payload of subscribe/],
    [{ ...asked, payload: [] }, /payload of subscribe/],
    [{ ...asked, payload: '' }, /payload of subscribe/],
    [{ ...asked, payload: {} }, /query/],
    [{ ...asked, payload: { query: 0 } }, /query of subscribe/],
    [{ ...asked, payload: { query: {} } }, /query of subscribe/],
    [{ ...asked, payload: { query, operationName: 0 } }, /operationName of subscribe/],
    [{ ...asked, payload: { query, operationName: {} } }, /operationName of subscribe/],
    [{ ...asked, payload: { query, variables: '' } }, /variables of subscribe/],
    [{ ...asked, payload: { query, variables: [] } }, /variables of subscribe/],
    [{ ...asked, payload: { query, extensions: '' } }, /extensions of subscribe/],
    [{ ...asked, payload: { query, extensions: 0 } }, /extensions of subscribe/],
    [{ type: 'complete' }, /id/],
    [{ type: 'complete', id: '' }, /id/],
    [{ type: 'complete', id: 0 }, /id/],
    // That server closes with 4500 on messages that only a server sends. Here they are invalid like those above.
    [{ type: 'connection_ack' }, /type/],
    [{ type: 'next', id: 'id', payload: {} }, /type/],
    [{ type: 'error', id: 'id', payload: [{ message: 'I am Error' }] }, /type/],
  ])('that is invalid closes the socket with 4400 and a reason: %j', async ([message, reason], { expect }) => {
    expect.hasAssertions();
    await playSteps({ steps: [{ send: message }, { closes: 4400, reason }] }, () => startTask(sandbox), expect);
  });

  it.for<[message: object, ...answers: Step[]]>([
    [{ type: 'pong' }],
    [{ type: 'pong', payload: {} }],
    [{ type: 'pong', payload: null }],
    [{ type: 'complete', id: 'id' }],
    [{ ...asked, payload: { query } }, ...ANSWER],
    [{ ...asked, payload: { query, operationName: null, variables: null, extensions: null } }, ...ANSWER],
    [{ ...asked, id: '1', payload: { query: '' } }, { refused: [{ message: /"query"/ }] }],
  ])('that is valid is accepted: %j', async ([send, ...answers], { expect }) => {
    expect.hasAssertions();
    await playSteps({ steps: [{ send }, ...answers, 'quiet'] }, () => startTask(sandbox), expect);
  });
});
