import { afterEach, describe, it } from 'vitest';
import { toCursor } from '../../src/domain/list.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { openSandbox } from '../support/ledger.ts';
import { AUTHORIZATION } from '../support/token.ts';
import { openReady, openSocket, startTask, ONE_TASK, ALL_TASKS, upgrade } from '../support/socket.ts';

const sandbox = openSandbox('socket-protocol');

describe('the upgrade', () => {
  it.for([null, 'graphql-ws', 'mqtt', 'graphql-transport-ws-2'])(
    'refuses the subprotocol %s',
    async (offered, { expect }) => {
      const response = await upgrade(offered);
      expect(response.status).toBe(400);
      expect(response.webSocket).toBeNull();
      const text = await response.text();
      expect(text).toContain('Sec-WebSocket-Protocol must offer graphql-transport-ws.');
      expect(text.includes('subscriptions-transport-ws, which is no longer maintained')).toBe(offered === 'graphql-ws');
    },
  );

  it('selects the right subprotocol among others', async ({ expect }) => {
    const response = await upgrade('mqtt, graphql-transport-ws,graphql-ws');
    expect(response.status).toBe(101);
    expect(response.headers.get('sec-websocket-protocol')).toBe('graphql-transport-ws');
    response.webSocket?.accept();
    response.webSocket?.close(1000);
  });
});

describe('a socket is closed', () => {
  const operation = { query: '{ __typename }' };

  it.for<[name: string, message: string | object, code: number]>([
    ['text that is not JSON', 'hello', 4400],
    ['an array', [], 4400],
    [
      'variables nested 101 deep',
      `{"id":"1","type":"subscribe","payload":{"query":"","variables":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}}`,
      4400,
    ],
    ['null', 'null', 4400],
    ['an unknown type', { type: 'start', id: '1', payload: operation }, 4400],
    ["a server's type", { type: 'next', id: '1', payload: {} }, 4400],
    ['a subscribe without an id', { type: 'subscribe', payload: operation }, 4400],
    ['a subscribe with an empty id', { type: 'subscribe', id: '', payload: operation }, 4400],
    ['a subscribe with a number as id', { type: 'subscribe', id: 1, payload: operation }, 4400],
    ['a subscribe with an id of 129 characters', { type: 'subscribe', id: 'x'.repeat(129), payload: operation }, 4400],
    ['a subscribe without a payload', { type: 'subscribe', id: '1' }, 4400],
    ['a list as payload', { type: 'subscribe', id: '1', payload: [] }, 4400],
    ['a payload without a query', { type: 'subscribe', id: '1', payload: {} }, 4400],
    ['a number as query', { type: 'subscribe', id: '1', payload: { query: 1 } }, 4400],
    ['a list as variables', { type: 'subscribe', id: '1', payload: { ...operation, variables: [] } }, 4400],
    ['a number as operationName', { type: 'subscribe', id: '1', payload: { ...operation, operationName: 1 } }, 4400],
    ['a string as extensions', { type: 'subscribe', id: '1', payload: { ...operation, extensions: 'x' } }, 4400],
    ['a complete without an id', { type: 'complete' }, 4400],
    ['a string as the payload of connection_init', { type: 'connection_init', payload: 'x' }, 4400],
    ['more than 64 KiB', 'x'.repeat(65_537), 1009],
    ['more than 64 KiB in fewer than 64 Ki characters', 'ä'.repeat(40_000), 1009],
    ['a second connection_init', { type: 'connection_init' }, 4429],
  ])('on %s', async ([, message, code], { expect }) => {
    const socket = await openReady();
    socket.send(message);
    const closed = await socket.closed();
    expect(closed.code).toBe(code);
    expect(closed.reason).not.toBe('');
    expect(socket.frames).toEqual([{ type: 'connection_ack' }]);
  });

  it('on a subscribe before connection_init', async ({ expect }) => {
    const socket = await openSocket();
    socket.subscribe('1', '{ __typename }');
    expect(await socket.closed()).toEqual({ code: 4401, reason: 'Unauthorized' });
    expect(socket.frames).toEqual([]);
  });

  it('on the id of a running operation', async ({ expect }) => {
    const task = await startTask(sandbox);
    const socket = await openReady();
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    await socket.told('a');
    socket.subscribe('a', '{ __typename }');
    expect(await socket.closed()).toEqual({ code: 4409, reason: 'Subscriber for a already exists' });
  });

  it('on the id of an operation that is still starting', async ({ expect }) => {
    const task = await startTask(sandbox);
    const socket = await openReady();
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    expect((await socket.closed()).code).toBe(4409);
  });
});

describe('pings', () => {
  it('are answered with their payload before connection_init, and a pong is ignored', async ({ expect }) => {
    const socket = await openSocket();
    socket.send('{"type":"pong"}');
    socket.send('{"type":"ping"}');
    expect(await socket.next()).toEqual({ type: 'pong' });
    socket.send({ type: 'ping', payload: { at: 1 } });
    expect(await socket.next()).toEqual({ type: 'pong', payload: { at: 1 } });
    socket.send({ type: 'pong', payload: { at: 1 } });
    socket.send({ type: 'connection_init', payload: { any: 'thing', Authorization: AUTHORIZATION } });
    expect(await socket.next()).toEqual({ type: 'connection_ack' });
    socket.socket.close(1000);
  });
});

describe('an invalid operation', () => {
  it.for<[name: string, query: string, variables: object, code: string]>([
    ['a syntax error', 'subscription {', {}, 'BAD_USER_INPUT'],
    ['an empty document', '', {}, 'BAD_USER_INPUT'],
    ['an unknown field', 'subscription { nothing }', {}, 'BAD_USER_INPUT'],
    [
      'two fields at once',
      'subscription { taskUpdates { cursor } other: taskUpdates { cursor } }',
      {},
      'BAD_USER_INPUT',
    ],
    ['a missing variable', ONE_TASK, {}, 'BAD_USER_INPUT'],
    ['an unknown value in a filter', ALL_TASKS, { filter: { kind: 'NONE' } }, 'BAD_USER_INPUT'],
    ['an unknown task', ONE_TASK, { id: encodeGlobalId('VoiceTask', 'none') }, 'NOT_FOUND'],
    ['an id of another type', ONE_TASK, { id: encodeGlobalId('Voice', '1') }, 'NOT_FOUND'],
    ['a malformed id', ONE_TASK, { id: '%' }, 'NOT_FOUND'],
    ['a garbled cursor', ALL_TASKS, { after: 'garbled' }, 'BAD_USER_INPUT'],
    ["another ledger's cursor", ALL_TASKS, { after: toCursor('event-00000000', 1) }, 'BAD_USER_INPUT'],
  ])('gets an error for its id, and the socket stays open: %s', async ([, query, variables, code], { expect }) => {
    const socket = await openReady();
    socket.subscribe('bad', query, variables);
    const refused = await socket.next();
    expect(refused).toMatchObject({ id: 'bad', type: 'error' });
    expect(refused.payload![0]!.extensions['code']).toBe(code);
    socket.subscribe('bad', '{ __typename }');
    expect(await socket.next()).toMatchObject({ id: 'bad', type: 'next', payload: { data: { __typename: 'Query' } } });
    expect(await socket.next()).toEqual({ id: 'bad', type: 'complete' });
    socket.socket.close(1000);
  });

  it('that is the 65th of a socket is RATE_LIMITED', async ({ expect }) => {
    const socket = await openReady();
    for (let i = 0; i < 65; i += 1) socket.subscribe(`${i}`, ALL_TASKS, { filter: { status: ['UNRECOGNIZED'] } });
    const refused = await socket.next();
    expect(refused).toMatchObject({ id: '64', type: 'error' });
    expect(refused.payload![0]!.extensions).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    socket.send({ type: 'complete', id: '7' });
    await socket.isQuiet();
    socket.socket.close(1000);
  });
});

describe('queries and mutations', () => {
  it('are answered with next and complete', async ({ expect }) => {
    const socket = await openReady();
    socket.subscribe('q', 'query ($id: ID!) { node(id: $id) { id } }', { id: encodeGlobalId('VoiceTask', 'none') });
    expect(await socket.next()).toMatchObject({ id: 'q', type: 'next', payload: { data: { node: null } } });
    expect(await socket.next()).toEqual({ id: 'q', type: 'complete' });
    const input = { name: 'Ann', sample: { url: 'https://example.com/sandbox-never-ends.mp3' } };
    socket.subscribe(
      'm',
      'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { status } ... on Failure { code message } } }',
      {
        input,
      },
    );
    const made = await socket.next();
    expect(made).toMatchObject({ id: 'm', type: 'next', payload: { data: { createVoiceTask: {} } } });
    expect(await socket.next()).toEqual({ id: 'm', type: 'complete' });
    socket.socket.close(1000);
  });

  it('that the client completes before their answer free their id at once', async ({ expect }) => {
    const socket = await openReady();
    socket.subscribe('q', '{ first: __typename }');
    socket.send({ type: 'complete', id: 'q' });
    socket.subscribe('q', '{ second: __typename }');
    expect(await socket.next()).toEqual({ id: 'q', type: 'next', payload: { data: { second: 'Query' } } });
    expect(await socket.next()).toEqual({ id: 'q', type: 'complete' });
    await socket.isQuiet();
    socket.socket.close(1000);
  });
});

describe('subscriptions of one socket', () => {
  const open: Awaited<ReturnType<typeof openReady>>[] = [];
  afterEach(() => open.splice(0).forEach(({ socket }) => socket.close(1000)));

  it('each get the events, and complete once the task is final', async ({ expect }) => {
    const task = await startTask(sandbox);
    const socket = await openReady();
    open.push(socket);
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    await socket.told('a');
    socket.subscribe(
      'b',
      `subscription { ...Root } fragment Root on Subscription { taskUpdates(taskId: "${task.globalId}") { cursor } }`,
    );
    await socket.told('b');
    await task.advance('succeed');
    const frames = [await socket.next(), await socket.next(), await socket.next(), await socket.next()];
    expect(frames.map(({ id, type }) => `${id} ${type}`)).toEqual(['a next', 'a complete', 'b next', 'b complete']);
    await socket.isQuiet();
  });

  it('end when the client completes them, free their id, and ignore a complete of an unknown id', async ({
    expect,
  }) => {
    const task = await startTask(sandbox);
    const socket = await openReady();
    open.push(socket);
    socket.send({ type: 'complete', id: 'unknown' });
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    socket.subscribe('b', ONE_TASK, { id: task.globalId });
    const first = [await socket.next(), await socket.next()];
    expect(new Set(first.map(({ id }) => id))).toEqual(new Set(['a', 'b']));
    socket.send({ type: 'complete', id: 'a' });
    await socket.isQuiet();
    await task.advance('processing');
    expect((await socket.told('b')).task.status).toBe('PROCESSING');
    await socket.isQuiet();
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    expect((await socket.told('a')).task.status).toBe('PROCESSING');
  });

  it('that are completed and started again during their start get each event once', async ({ expect }) => {
    const task = await startTask(sandbox);
    const socket = await openReady();
    open.push(socket);
    for (let i = 0; i < 3; i += 1) {
      socket.subscribe('a', ONE_TASK, { id: task.globalId });
      if (i < 2) socket.send({ type: 'complete', id: 'a' });
    }
    expect((await socket.told('a')).task.status).toBe('SUBMITTED');
    await socket.isQuiet();
    await task.advance('processing');
    expect((await socket.told('a')).task.status).toBe('PROCESSING');
    await socket.isQuiet();
  });

  it('of an ended task get its end and complete, and after the cursor of the end complete at once', async ({
    expect,
  }) => {
    const task = await startTask(sandbox);
    await task.advance('failed');
    const socket = await openReady();
    open.push(socket);
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    const { cursor, task: told } = await socket.told('a');
    expect(told.status).toBe('FAILED');
    expect(await socket.next()).toEqual({ id: 'a', type: 'complete' });
    socket.subscribe('a', ONE_TASK, { id: task.globalId, after: cursor });
    expect(await socket.next()).toEqual({ id: 'a', type: 'complete' });
  });
});
