import { afterEach, describe, it, vi } from 'vitest';
import { createAdmission } from '../../src/hub/admission.ts';
import { createRefusals } from '../../src/hub/connection.ts';
import type { LogEvent } from '../../src/lib/log.ts';
import { FakeSocket } from '../support/fan-out.ts';
import { openSandbox } from '../support/ledger.ts';
import { type Frame, ALL_TASKS, useSockets } from '../support/socket.ts';
import { APOLLO, askStream } from '../support/stream.ts';
import { TENANT } from '../support/token.ts';
import { watchLog } from '../support/watch-log.ts';
import { hashOfTenant } from '../../src/lib/hash.ts';

openSandbox('request-errors');
const openReady = useSockets();
afterEach(() => vi.restoreAllMocks());

const A_AND_B = 'subscription A { taskUpdates { cursor } } subscription B { taskUpdates { cursor } }';
const NEEDS = 'subscription ($after: String!) { taskUpdates(after: $after) { cursor } }';
const ID = /^[0-9a-f-]{36}$/;

function extensionsOf(frame: Frame): unknown {
  return frame.payload![0]!.extensions;
}

describe('a subscription that cannot start', () => {
  const CASES: readonly [name: string, payload: Record<string, unknown>, code: string, message: RegExp][] = [
    ['a syntax error', { query: 'subscription {' }, 'BAD_USER_INPUT', /^Syntax Error/],
    ['an unknown field', { query: 'subscription { nothing }' }, 'BAD_USER_INPUT', /^Cannot query field/],
    ['an unknown operationName', { query: A_AND_B, operationName: 'C' }, 'BAD_USER_INPUT', /operation/],
    ['two operations without operationName', { query: A_AND_B }, 'BAD_USER_INPUT', /operation/],
    ['two operations and an empty operationName', { query: A_AND_B, operationName: '' }, 'BAD_USER_INPUT', /operation/],
    ['a missing variable', { query: NEEDS }, 'BAD_USER_INPUT', /^Variable "\$after"/],
    [
      'a variable of another type',
      { query: ALL_TASKS, variables: { after: 1 } },
      'BAD_USER_INPUT',
      /^Variable "\$after"/,
    ],
    ['a garbled cursor', { query: ALL_TASKS, variables: { after: 'garbled' } }, 'BAD_USER_INPUT', /^after: .*cursor/i],
    [
      'a filter by a text that is not an instant',
      { query: 'subscription { taskUpdates(filter: { createdFrom: "today" }) { cursor } }' },
      'BAD_USER_INPUT',
      /^filter\.createdFrom: must be an instant/,
    ],
    [
      'an unknown task',
      { query: 'subscription { taskUpdates(taskId: "none") { cursor } }' },
      'NOT_FOUND',
      /^There is no such task/,
    ],
  ];

  it.for(CASES)(
    'over a socket gets one error, which is in the log by its request id: %s',
    async ([, payload, code, message], { expect }) => {
      const socket = await openReady();
      const lines = watchLog();
      socket.send({ id: '1', type: 'subscribe', payload });
      const refused = await socket.next();
      expect(refused).toMatchObject({ id: '1', type: 'error' });
      expect(refused.payload![0]!.message).toMatch(message);
      expect(extensionsOf(refused)).toMatchObject({ code, retryable: false, requestId: expect.stringMatching(ID) });
      const { requestId } = refused.payload![0]!.extensions;
      const tenant = hashOfTenant(TENANT);
      const line = { level: 'info', message: 'operation refused', requestId, tenant, errorCodes: [code] };
      expect(lines()).toContainEqual(expect.objectContaining(line));
      await socket.isQuiet();
    },
  );

  it.for(['text/event-stream', APOLLO].flatMap((accept) => CASES.map((one) => [accept, ...one] as const)))(
    'as %s gets errors with the request id of the answer: %s',
    async ([accept, , payload, code], { expect }) => {
      const stream = await askStream('POST', accept, payload);
      const { response } = stream;
      const text = await stream.rest();
      const { errors } = JSON.parse(/\{(?:"payload":null,)?"errors":.*\}/.exec(text)![0]);
      expect(errors).toHaveLength(1);
      const requestId = response.headers.get('x-request-id');
      expect(errors[0].extensions).toMatchObject({ code, retryable: false, requestId });
      if (accept === 'text/event-stream') expect(response.status).toBe(200);
      else expect([200, 400]).toContain(response.status);
    },
  );
});

describe('an empty operationName', () => {
  const query = 'subscription A { taskUpdates { cursor } }';

  it('is ignored over a socket, so that the subscription starts', async ({ expect }) => {
    const socket = await openReady();
    socket.send({ id: '1', type: 'subscribe', payload: { query, operationName: '' } });
    await socket.isQuiet();
    socket.send({ id: '1', type: 'subscribe', payload: { query } });
    expect(await socket.closed()).toMatchObject({ code: 4409 });
  });

  it.for([
    ['GET', 'text/event-stream', /^:\n\n$/],
    ['POST', 'text/event-stream', /^:\n\n$/],
    ['GET', APOLLO, /^\r\n--graphql\r\n.*\{\}\r\n--graphql$/s],
    ['POST', APOLLO, /^\r\n--graphql\r\n.*\{\}\r\n--graphql$/s],
  ] as const)('is ignored over %s as %s, so that the stream starts', async ([method, accept, head], { expect }) => {
    const stream = await askStream(method, accept, { query, operationName: '' });
    expect(await stream.until(head)).toMatch(head);
    await stream.leave();
  });
});

describe('a query or mutation over a socket', () => {
  it.for<[name: string, payload: Record<string, unknown>]>([
    ['a syntax error', { query: 'query {' }],
    ['an unknown field', { query: '{ nothing }' }],
    ['an unknown operationName', { query: 'query A { __typename }', operationName: 'B' }],
    ['two operations without operationName', { query: 'query A { __typename } query B { __typename }' }],
    ['a missing variable', { query: 'query ($id: ID!) { node(id: $id) { id } }' }],
    [
      'an input of another shape',
      {
        query:
          'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }',
        variables: { input: [] },
      },
    ],
  ])('that cannot start gets one error and no next: %s', async ([, payload], { expect }) => {
    const socket = await openReady();
    socket.send({ id: '1', type: 'subscribe', payload });
    const refused = await socket.next();
    expect(refused).toMatchObject({ id: '1', type: 'error' });
    expect(extensionsOf(refused)).toMatchObject({
      code: 'BAD_USER_INPUT',
      retryable: false,
      requestId: expect.stringMatching(ID),
    });
    await socket.isQuiet();
  });

  it('that fails in a field gets next with its data and errors', async ({ expect }) => {
    const socket = await openReady();
    socket.subscribe('1', '{ tasks(after: "garbled") { pageInfo { endCursor } } }');
    const result = await socket.next();
    expect(result).toMatchObject({ id: '1', type: 'next' });
    expect(result.payload).toHaveProperty('data');
    expect(result.payload!.errors![0]!.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      requestId: expect.stringMatching(ID),
    });
    expect(await socket.next()).toEqual({ id: '1', type: 'complete' });
  });
});

it('a bug in the check of a token closes its socket with 4500, and is logged', async ({ expect }) => {
  const lines: LogEvent[] = [];
  const admission = createAdmission({
    authenticate: () => Promise.reject(new TypeError('in checking')),
    join: () => true,
    expiresAt: () => {},
    now: () => 0,
    log: (line) => lines.push(line),
  });
  const socket = new FakeSocket();
  const attachment = {
    socketId: 's',
    viewer: null,
    isStream: false,
    requestId: null,
    network: null,
    origin: '',
    openedAtMs: 0,
  };
  await admission.initialise(socket.asSocket(), attachment, {});
  expect(socket).toMatchObject({ closedWith: 4500, sent: [] });
  expect(lines).toMatchObject([
    { level: 'error', message: 'unexpected error', text: 'in checking', requestId: expect.stringMatching(ID) },
  ]);
});

it('a bug in an operation is INTERNAL, not retryable, and is logged', ({ expect }) => {
  const lines: LogEvent[] = [];
  const sent: unknown[] = [];
  const failed = vi.fn<(socket: WebSocket) => void>();
  const refuse = createRefusals({
    work: { failed },
    sendText: (_socket, text) => sent.push(JSON.parse(text)),
    log: (line) => lines.push(line),
  });
  const socket = new FakeSocket().asSocket();
  refuse.thrown({ socket, id: '1', requestId: 'r', tenant: TENANT }, new TypeError('inside'));
  const extensions = { code: 'INTERNAL', retryable: false, requestId: 'r' };
  expect(sent).toEqual([{ id: '1', type: 'error', payload: [{ message: 'Internal error', extensions }] }]);
  expect(failed).toHaveBeenCalledExactlyOnceWith(socket);
  expect(lines).toMatchObject([
    { level: 'error', message: 'unexpected error', text: 'inside', requestId: 'r' },
    { level: 'info', message: 'operation refused', errorCodes: ['INTERNAL'] },
  ]);
});
