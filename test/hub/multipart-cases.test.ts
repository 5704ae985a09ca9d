/**
 * The cases of the suites for Apollo's multipart subscriptions, and of the protocol's page. `differs` states what Router
 * does. Router's subgraphs, callbacks, reloads and metrics are left out. The suites are:
 * - Apollo Router: github.com/apollographql/router, src/protocols/multipart.rs and tests/integration/subscriptions
 * - Apollo Client: github.com/apollographql/apollo-client, src/link/http/__tests__
 */

import { describe, it, vi, type ExpectStatic } from 'vitest';
import { TaskLedger } from '../../src/ledger/task-ledger.ts';
import { openSandbox } from '../support/ledger.ts';
import { socketCount, startLipSync, startTask, ONE_TASK, type StartedTask } from '../support/socket.ts';
import { titled } from '../support/socket-case.ts';
import { APOLLO, askStream, openLimited } from '../support/stream.ts';

const sandbox = openSandbox('multipart-cases');
const TYPE = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0';
const HEARTBEAT = {};

interface Parts {
  readonly parts: readonly unknown[];
  /** If false, Apollo Client treats it as a broken connection ("premature end of multipart body"). */
  readonly isEnded: boolean;
}

/** Parses a whole answer. Throws if a byte differs from the protocol. */
function partsOf(text: string): Parts {
  const [before, ...pieces] = text.split('\r\n--graphql');
  const end = pieces.pop();
  if (before !== '' || (end !== '' && end !== '--\r\n')) throw new Error(`no multipart: ${JSON.stringify(text)}`);
  const parts = pieces.map((piece) => {
    const [, json] = /^\r\nContent-Type: application\/json\r\n\r\n(\{.*\})$/.exec(piece) ?? [];
    if (json === undefined) throw new Error(`no part: ${JSON.stringify(piece)}`);
    return JSON.parse(json);
  });
  return { parts, isEnded: end !== '' };
}

const NOTHING = { query: 'subscription { taskUpdates(filter: { status: [UNRECOGNIZED] }) { cursor } }' };
const SUBSCRIPTION = { query: 'subscription { taskUpdates { cursor } }' };

describe('a subscription whose client accepts', () => {
  it.for([
    'multipart/mixed;subscriptionSpec="1.0", application/json',
    'multipart/mixed;subscriptionSpec=1.0',
    'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json',
    'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9',
    'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,multipart/mixed;deferSpec=20220824,application/json;q=0.9',
  ])('%s gets a stream that starts with a heartbeat', async (accept, { expect }) => {
    const stream = await askStream('POST', accept, SUBSCRIPTION);
    expect([stream.response.status, stream.response.headers.get('content-type')]).toEqual([200, TYPE]);
    expect(partsOf(await stream.until(/--graphql$/))).toEqual({ parts: [HEARTBEAT], isEnded: false });
    await stream.leave();
  });

  it.for([
    'application/json',
    'application/json, multipart/mixed',
    'application/json, multipart/mixed;deferSpec=20220824',
    'application/json, multipart/mixed;subscriptionSpec=2.0',
  ])(
    '%s gets an error that states what to accept (differs: Router answers 406, and clients see no error)',
    async (accept, { expect }) => {
      const stream = await askStream('POST', accept, SUBSCRIPTION);
      const { errors } = JSON.parse(await stream.rest());
      expect(errors).toMatchObject([
        {
          message: expect.stringContaining('multipart/mixed'),
          extensions: { code: 'BAD_USER_INPUT', requestId: stream.response.headers.get('x-request-id') },
        },
      ]);
    },
  );
});

interface Case {
  readonly name: string;
  readonly differs?: string;
  readonly query: string;
  readonly variables?: object;
  /** Statuses that the task gets after the subscription has its first event. */
  readonly becomes?: readonly Parameters<StartedTask['advance']>[0][];
  /** All expected parts, except later heartbeats. */
  readonly parts: (expect: ExpectStatic, requestId: string) => readonly unknown[];
}

const told = (status: string) => ({ payload: { data: { taskUpdates: { task: { status } } } } });
const refused = (message: RegExp, code: string) => (expect: ExpectStatic, requestId: string) => [
  HEARTBEAT,
  {
    payload: null,
    // The match is exact: errors of a fatal error have neither locations nor a path.
    errors: [{ message: expect.stringMatching(message), extensions: expect.objectContaining({ code, requestId }) }],
  },
];

const CASES: readonly Case[] = [
  {
    name: 'sends every event as a part with a payload, and closes at the end',
    query: 'subscription ($id: ID!) { taskUpdates(taskId: $id) { task { status } } }',
    becomes: ['processing', 'succeed'],
    parts: () => [HEARTBEAT, told('SUBMITTED'), told('PROCESSING'), told('SUCCEEDED')],
  },
  {
    name: 'ends with a fatal error for an unknown task',
    query: 'subscription { taskUpdates(taskId: "none") { cursor } }',
    parts: refused(/^There is no such task/, 'NOT_FOUND'),
  },
  {
    name: 'ends with a fatal error for variables that cannot be coerced',
    query: 'subscription ($id: ID!) { taskUpdates(taskId: $id) { cursor } }',
    variables: { id: {} },
    parts: refused(/^Variable "\$id"/, 'BAD_USER_INPUT'),
  },
  {
    name: 'ends with a fatal error for a garbled cursor',
    query: 'subscription { taskUpdates(after: "garbled") { cursor } }',
    parts: refused(/cursor/, 'BAD_USER_INPUT'),
  },
];

function dataOf(status: string, scan: object | null): object {
  return { taskUpdates: { task: { status, face: { scan } } } };
}

describe('a stream of parts', () => {
  it.for(titled(CASES))('%s', async ([, one], { expect }) => {
    const { query, variables, becomes = [], parts } = one;
    const task = await startTask(sandbox);
    const stream = await askStream('POST', APOLLO, { query, variables: variables ?? { id: task.globalId } });
    let text = becomes.length > 0 ? await stream.until(/"payload".*--graphql$/s) : '';
    for (const status of becomes) {
      await task.advance(status);
      if (status === 'processing') text += await stream.until(/--graphql$/);
    }
    text += await stream.rest();
    const requestId = stream.response.headers.get('x-request-id')!;
    expect(partsOf(text)).toEqual({ parts: parts(expect, requestId), isEnded: true });
  });

  it('has field errors in the payload with the data, and continues', async ({ expect }) => {
    const task = await startLipSync(sandbox);
    const scans = vi.spyOn(TaskLedger.prototype, 'faceScansOf').mockRejectedValueOnce(new Error('broken by a test'));
    const query =
      'subscription ($id: ID!) { taskUpdates(taskId: $id) { task { status ... on LipSyncTask { face { scan { __typename } } } } } }';
    const stream = await askStream('POST', APOLLO, { query, variables: { id: task.globalId } });
    let text = await stream.until(/"payload".*--graphql$/s);
    scans.mockRestore();
    await task.advance('succeed');
    text += await stream.rest();
    const error = expect.objectContaining({
      path: ['taskUpdates', 'task', 'face', 'scan'],
      extensions: { code: 'INTERNAL', retryable: false, requestId: expect.any(String) },
    });
    expect(partsOf(text).parts).toEqual([
      HEARTBEAT,
      { payload: { data: dataOf('SUBMITTED', null), errors: [error] } },
      { payload: { data: dataOf('SUCCEEDED', { __typename: 'FaceScan' }) } },
    ]);
  });

  it('without an event still has a part', async ({ expect }) => {
    const task = await startTask(sandbox);
    await task.advance('succeed');
    const first = await (await askStream('POST', APOLLO, { query: ONE_TASK, variables: { id: task.globalId } })).rest();
    const [, cursor] = /"cursor":"([^"]+)"/.exec(first)!;
    const variables = { id: task.globalId, after: cursor };
    const again = await (await askStream('POST', APOLLO, { query: ONE_TASK, variables })).rest();
    expect(partsOf(again)).toEqual({ parts: [HEARTBEAT], isEnded: true });
  });

  it('without events gets heartbeats (differs: every 12 s instead of every 5 s)', async ({ expect }) => {
    const stream = await openLimited(NOTHING, APOLLO, { heartbeatMs: 20, lastsMs: 60_000 });
    expect(partsOf(await stream.until(/(?:\{\}.*){4}--graphql$/s)).parts.slice(0, 4)).toEqual(
      Array.from({ length: 4 }, () => HEARTBEAT),
    );
    await stream.leave();
  });

  it('whose time or token expires breaks off, so that its client reconnects (differs: Router ends it with a fatal error, and clients do not reconnect)', async ({
    expect,
  }) => {
    const stream = await openLimited(NOTHING, APOLLO, { heartbeatMs: 60_000, lastsMs: 100 });
    expect(partsOf(await stream.rest())).toEqual({ parts: [HEARTBEAT], isEnded: false });
  });

  it('ends its operation when the client leaves', async ({ expect }) => {
    await expect.poll(socketCount).toBe(0);
    const stream = await askStream('POST', APOLLO, SUBSCRIPTION);
    await expect.poll(socketCount).toBe(1);
    await stream.leave();
    const task = await startTask(sandbox);
    await task.advance('processing');
    await expect.poll(socketCount).toBe(0);
  });
});

describe('a request that is not a subscription, from a client that accepts a stream and JSON,', () => {
  it.for<[name: string, params: Record<string, unknown>, status: number, answer: RegExp]>([
    ['a query', { query: '{ __typename }' }, 200, /^\{"data":\{"__typename":"Query"\}\}$/],
    ['no query', {}, 400, /"errors":.*\\"query\\"/],
    ['a syntax error', { query: 'subscription {' }, 400, /"errors":.*Syntax Error/],
    ['an unknown operationName', { ...SUBSCRIPTION, operationName: 'B' }, 400, /"errors":.*operation/],
    [
      'two operations without operationName',
      { query: `subscription A { taskUpdates { cursor } } subscription B { taskUpdates { cursor } }` },
      400,
      /"errors":.*operation/,
    ],
  ])('is answered in JSON: %s', async ([, params, status, answer], { expect }) => {
    const accept =
      'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9';
    const stream = await askStream('POST', accept, params);
    expect(stream.response.headers.get('content-type')).toBe('application/graphql-response+json; charset=utf-8');
    expect([stream.response.status, await stream.rest()]).toEqual([status, expect.stringMatching(answer)]);
  });
});
