import { it, vi } from 'vitest';
import type { Operations } from '../../src/hub/operations.ts';
import { createAdmission } from '../../src/hub/admission.ts';
import { type CatchUpDeps, createCatchUp } from '../../src/hub/catch-up.ts';
import { createConnection } from '../../src/hub/connection.ts';
import { createWork } from '../../src/hub/back-pressure.ts';
import { createHubParts, FakeSocket, taskChange, TENANT } from '../support/fan-out.ts';
import { VIEWER } from '../support/viewer.ts';

/** Returns the events that a subscriber gets when it catches up to event 1 and event 2 is fanned out `microtasks` later. */
async function eventsWhenLateBy(microtasks: number): Promise<readonly unknown[]> {
  const operations: Operations = {
    find: async (payload) => ({ type: 'operation', operation: { ...payload, query: '' } }),
    isKnown: () => true,
    prepare: () => ({
      type: 'subscription',
      subscription: {
        watch: { task: null, filter: { kind: null, statuses: [] } },
        after: '0',
        afterVariable: null,
        key: 'key',
        cost: 1,
      },
    }),
    run: (_operation, { seq }) => `${seq}`,
  };
  const hub = createHubParts(operations);
  const log = [taskChange(1)];
  let delivery: Promise<unknown> = Promise.resolve();
  async function deliverLate(): Promise<void> {
    for (let i = 0; i < microtasks; i += 1) await Promise.resolve();
    log.push(taskChange(2));
    await hub.fanOut.deliver(TENANT, 1, [taskChange(2)]);
  }
  const catchUp = createCatchUp({
    ...hub,
    operations,
    attach: async () => ({ ok: true, value: 1 }),
    async catchUp(_tenant, _watch, _after, afterSeq) {
      const events = log.slice(afterSeq ?? 0).map((event) => ({ ...event, resync: false }));
      const headSeq = log.length;
      if (afterSeq === null) delivery = deliverLate();
      return {
        ok: true,
        value: { headSeq, headCursor: '', isOver: false, hasMore: false, rest: null, resync: false, events },
      };
    },
  });
  const connection = createConnection({
    ...hub,
    operations,
    catchUp,
    admission: createAdmission({
      authenticate: async () => VIEWER,
      join: () => true,
      expiresAt: () => {},
      now: () => 0,
      log: () => {},
    }),
    work: createWork({
      limits: { socketMsPerSecond: 1_000, tenantMsPerSecond: 1_000 },
      now: () => 0,
      sleep: () => Promise.resolve(),
    }),
    answer: () => Promise.reject(new Error('no requests here')),
    log: () => {},
  });
  const socket = new FakeSocket();
  const viewer = { ...VIEWER, tenant: TENANT };
  const attachment = {
    socketId: 's',
    viewer,
    isStream: false,
    requestId: null,
    network: null,
    origin: '',
    openedAtMs: 0,
  };
  const payload = { query: '', documentId: null, operationName: null, variables: {}, extensions: null };
  await connection.take(socket.asSocket(), attachment, { type: 'subscribe', id: '1', payload });
  await delivery;
  return socket.told('1');
}

it('a subscriber misses no event that is fanned out while it joins, at whatever microtask', async ({ expect }) => {
  for (let microtasks = 0; microtasks < 30; microtasks += 1) {
    expect([microtasks, await eventsWhenLateBy(microtasks)]).toEqual([microtasks, [1, 2]]);
  }
});

it('a change that comes while a resync without a present state catches up is marked as the resync, and no later one', async ({
  expect,
}) => {
  const operations = { run: (_operation, { seq, resync }) => `${seq} ${resync}` } as Partial<Operations> as Operations;
  const page = { headCursor: '', isOver: false, hasMore: false, rest: null };
  const read = vi
    .fn<CatchUpDeps['catchUp']>()
    .mockResolvedValueOnce({ ok: true, value: { ...page, headSeq: 1, resync: true, events: [] } })
    .mockResolvedValueOnce({
      ok: true,
      value: { ...page, headSeq: 3, resync: false, events: [taskChange(2), taskChange(3)] },
    });
  const hub = createHubParts(operations);
  const catchUp = createCatchUp({ ...hub, operations, attach: async () => ({ ok: true, value: 2 }), catchUp: read });
  const socket = new FakeSocket();
  const join = vi.fn<Parameters<typeof catchUp>[0]['join']>();
  await catchUp({
    socket: socket.asSocket(),
    id: 'a',
    isStream: false,
    viewer: { ...VIEWER, tenant: TENANT },
    watch: { task: null, filter: { kind: null, statuses: [] } },
    after: 'old',
    operation: { key: 'key', load: () => ({ query: '', operationName: null, variables: {} }) },
    cost: 1,
    isWanted: () => true,
    join,
  });
  expect(socket.sent.map((text) => /"payload":(.*)\}$/.exec(text)?.[1])).toEqual(['2 true', '3 false']);
  expect(join.mock.calls).toEqual([[3, '', false]]);
});

/** Returns one of 100 pages without an event that a filter lets through. */
const readHidden: CatchUpDeps['catchUp'] = async (_tenant, _watch, _after, seen) => {
  const headSeq = (seen ?? 0) + 500;
  const page = { headSeq, headCursor: '', isOver: false, rest: null, resync: false, events: [] };
  return { ok: true, value: { ...page, hasMore: headSeq < 50_000 } };
};

it('pages of missed changes that a filter hides leave turns to other tenants', async ({ expect }) => {
  const operations = {} as Partial<Operations> as Operations;
  const pause = vi.fn<() => Promise<void>>(async () => {});
  const hub = createHubParts(operations, { pause });
  const catchUp = createCatchUp({
    ...hub,
    operations,
    attach: async () => ({ ok: true, value: 0 }),
    catchUp: readHidden,
  });
  const caught = await catchUp({
    socket: new FakeSocket().asSocket(),
    id: 'a',
    isStream: false,
    viewer: { ...VIEWER, tenant: TENANT },
    watch: { task: null, filter: { kind: null, statuses: ['FAILED'] } },
    after: 'first',
    operation: { key: 'key', load: () => ({ query: '', operationName: null, variables: {} }) },
    cost: 1,
    isWanted: () => true,
    join: () => {},
  });
  expect(caught).toEqual({ type: 'JOINED' });
  // 100 pages of 100 fields each, in turns of 1,000 fields.
  expect(pause.mock.calls.length).toBeGreaterThanOrEqual(9);
});
