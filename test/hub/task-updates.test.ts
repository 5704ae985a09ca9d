import { describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { openSandbox } from '../support/ledger.ts';
import { startTask, type StartedTask, type Told, useSockets } from '../support/socket.ts';
import { APOLLO, askStream } from '../support/stream.ts';
import { askOne } from '../support/tenants/ask.ts';
import { TENANT } from '../support/token.ts';

const sandbox = openSandbox('task-updates');
const openSocket = useSockets();

const QUERY = `subscription ($after: String, $filter: TaskFilterInput, $taskId: ID) {
  taskUpdates(after: $after, filter: $filter, taskId: $taskId) { cursor sequence resync task { id status } }
}`;
const PAGE = `query ($after: String, $filter: TaskFilterInput, $taskId: ID) {
  taskUpdates(first: 100, after: $after, filter: $filter, taskId: $taskId) {
    nodes { cursor sequence resync task { id status } } pageInfo { hasNextPage endCursor }
  }
}`;

interface Variables {
  readonly after?: string | null;
  readonly filter?: { readonly kind?: string; readonly status?: readonly string[] };
  readonly taskId?: string | null;
}

async function readPage(variables: Variables) {
  const { data, errors } = await askOne(TENANT, PAGE, { ...variables });
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.taskUpdates as {
    readonly nodes: readonly Told[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

async function end(task: StartedTask): Promise<void> {
  await task.advance('processing');
  await task.advance('succeed');
}

/** Sends a subscription. Resolves, once the gateway has completed it, to the statuses that it reported. */
type Watch = (variables: Variables) => Promise<readonly string[]>;

const overSocket: Watch = async (variables) => {
  const socket = await openSocket();
  socket.subscribe('a', QUERY, variables);
  const statuses: string[] = [];
  for (let frame = await socket.next(); frame.type === 'next'; frame = await socket.next()) {
    statuses.push((frame.payload!.data!['taskUpdates'] as Told).task.status);
  }
  expect(socket.frames.at(-1)).toEqual({ id: 'a', type: 'complete' });
  return statuses;
};

const overStream =
  (accept: string): Watch =>
  async (variables) => {
    const stream = await askStream('POST', accept, { query: QUERY, variables });
    const text = await stream.rest();
    expect(text).not.toContain('"errors"');
    return [...text.matchAll(/"status":"(\w+)"/g)].map(([, status]) => status!);
  };

const TRANSPORTS: readonly (readonly [name: string, watch: Watch])[] = [
  ['WebSocket', overSocket],
  ['Server-Sent Events', overStream('text/event-stream')],
  ['multipart', overStream(APOLLO)],
];

/** Filters, what each lets through after the first change of a task that succeeds, and what of its present state then. */
const FILTERED = [
  [{}, ['PROCESSING', 'SUCCEEDED'], ['SUCCEEDED']],
  [{ status: ['SUCCEEDED'] }, ['SUCCEEDED'], ['SUCCEEDED']],
  [{ kind: 'VOICE', status: ['PROCESSING', 'FAILED'] }, ['PROCESSING'], []],
  [{ status: ['FAILED'] }, [], []],
  [{ kind: 'LIP_SYNC' }, [], []],
] as const;

describe.for(TRANSPORTS)('a subscription to one task over %s', ([, watch]) => {
  it('reports what its filter lets through, and completes at the end of the task whatever that is', async () => {
    const task = await startTask(sandbox);
    const taskId = task.globalId;
    const [first] = (await readPage({ taskId })).nodes;
    const after = first!.cursor;
    const live = FILTERED.map(([filter]) => watch({ taskId, filter, after }));
    await end(task);
    expect(await Promise.all(live)).toEqual(FILTERED.map(([, reported]) => reported));
    // The same subscriptions that start after the end.
    const late = FILTERED.map(([filter]) => watch({ taskId, filter, after }));
    expect(await Promise.all(late)).toEqual(FILTERED.map(([, reported]) => reported));
    const present = FILTERED.map(([filter]) => watch({ taskId, filter }));
    expect(await Promise.all(present)).toEqual(FILTERED.map(([, , state]) => state));
  });
});

describe('taskUpdates', () => {
  it('is caught up by the query and continued by the subscription, without a gap or a repeat', async () => {
    const filters = [{}, { status: ['PROCESSING', 'SUCCEEDED'] }, { status: ['FAILED'] }, { kind: 'LIP_SYNC' }];
    const [ended, running] = [await startTask(sandbox), await startTask(sandbox)];
    await end(ended);
    const pages = await Promise.all(filters.map((filter) => readPage({ filter })));
    const socket = await openSocket();
    for (const [i, filter] of filters.entries()) {
      const { hasNextPage, endCursor } = pages[i]!.pageInfo;
      expect(hasNextPage).toBe(false);
      socket.subscribe(`${i}`, QUERY, { filter, after: endCursor });
    }
    await socket.isQuiet();
    await end(running);
    await (await startTask(sandbox)).advance('failed');
    const all = await Promise.all(filters.map(async (filter) => (await readPage({ filter })).nodes));
    const liveOf = (i: number) =>
      socket.frames.flatMap(({ id, payload }) => (id === `${i}` ? [payload!.data!['taskUpdates'] as Told] : []));
    for (const [i, { nodes }] of pages.entries()) {
      await expect.poll(() => [...nodes, ...liveOf(i)]).toEqual(all[i]);
    }
    expect(filters.map((_, i) => liveOf(i).length)).toEqual([4, 2, 1, 0]);
  });

  it('is watched by the subscription and caught up by the query, without a gap or a repeat', async () => {
    const task = await startTask(sandbox);
    const filter = { status: ['PROCESSING', 'SUCCEEDED'] };
    const socket = await openSocket();
    for (const [id, variables] of [
      ['one', { taskId: task.globalId, filter }],
      ['all', { filter }],
    ] as const) {
      socket.subscribe(id, QUERY, { ...variables, after: (await readPage({})).pageInfo.endCursor });
    }
    await socket.isQuiet();
    await task.advance('processing');
    const told = [await socket.next(), await socket.next()].map(({ payload }) => payload!.data!['taskUpdates'] as Told);
    expect(told[0]).toEqual(told[1]);
    socket.socket.close(1000);
    await task.advance('succeed');
    for (const taskId of [task.globalId, null]) {
      const { nodes } = await readPage({ taskId, filter, after: told[0]!.cursor });
      expect(nodes.map(({ sequence, task: { status } }) => [sequence, status])).toEqual([
        [told[0]!.sequence + 1, 'SUCCEEDED'],
      ]);
    }
  });

  it('of one task starts with its present state, if the filter lets that through', async () => {
    const task = await startTask(sandbox);
    const socket = await openSocket();
    socket.subscribe('hidden', QUERY, { taskId: task.globalId, filter: { status: ['PROCESSING'] } });
    await socket.isQuiet();
    socket.subscribe('shown', QUERY, { taskId: task.globalId, filter: { status: ['SUBMITTED'] } });
    expect((await socket.told('shown')).task.status).toBe('SUBMITTED');
    await task.advance('processing');
    expect((await socket.told('hidden')).task.status).toBe('PROCESSING');
    await socket.isQuiet();
  });

  it('with taskId null watches all tasks', async () => {
    const [a, b] = [await startTask(sandbox), await startTask(sandbox)];
    const socket = await openSocket();
    socket.subscribe('a', QUERY, { taskId: null, after: (await readPage({})).pageInfo.endCursor });
    await socket.isQuiet();
    for (const task of [a, b]) {
      await task.advance('succeed');
      expect((await socket.told('a')).task).toEqual({ id: task.globalId, status: 'SUCCEEDED' });
    }
  });

  it('is NOT_FOUND for the id of another type, of the other kind, of no task and for another text', async () => {
    const task = await startTask(sandbox);
    const socket = await openSocket();
    for (const taskId of [
      encodeGlobalId('Voice', task.id),
      encodeGlobalId('LipSyncTask', task.id),
      encodeGlobalId('VoiceTask', 'none'),
      task.id,
      '',
    ]) {
      for (const filter of [{}, { kind: 'VOICE', status: ['FAILED'] }]) {
        socket.subscribe('a', QUERY, { taskId, filter });
        const refusal = [{ message: 'There is no such task.', extensions: { code: 'NOT_FOUND' } }];
        expect(await socket.next()).toMatchObject({ id: 'a', type: 'error', payload: refusal });
        expect((await readPage({ taskId, filter })).nodes).toEqual([]);
      }
    }
  });
});
