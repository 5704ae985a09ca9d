import { describe, it, vi } from 'vitest';
import type { GatewayContext } from '../../src/domain/ports.ts';
import { createDocuments } from '../../src/graphql/documents.ts';
import { createOperations, type Operations, type PreparedSubscription } from '../../src/hub/operations.ts';
import { GatewayError } from '../../src/errors.ts';
import type { LogEvent } from '../../src/lib/log.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { schema } from '../../src/schema/schema.ts';
import { FakeLedger } from '../support/fake-ledger.ts';
import { createHubParts, FakeSocket, taskChange, TENANT, type HubParts } from '../support/fan-out.ts';
import { VIEWER } from '../support/viewer.ts';
import { ONE_TASK, ALL_TASKS, type Told } from '../support/socket.ts';

const documents = createDocuments({ trusted: new Map(), trustedOnly: false, automatic: false });
const lines: LogEvent[] = [];
const real = createOperations({ schema, introspection: true, documents, log: (line) => lines.push(line) });
function prepared(query: string, variables: Record<string, unknown>): PreparedSubscription {
  const operation = { query, documentId: null, operationName: null, variables, extensions: null };
  const ready = real.prepare(operation, { requestId: 'r', tenant: TENANT });
  if (ready.type !== 'subscription') throw new Error(JSON.stringify(ready));
  return ready.subscription;
}

function join(
  { groups }: HubParts,
  socket: FakeSocket,
  id: string,
  floorSeq: number,
  subscription: PreparedSubscription,
  owesResync = false,
) {
  const { key, watch, cost } = subscription;
  groups.join(
    { key: `${TENANT}\n${key}`, tenant: TENANT, watch, cost, viewer: VIEWER, operationKey: key },
    { socket: socket.asSocket(), socketId: 's', id, isStream: false, floorSeq, owesResync },
  );
}

function counted(): { readonly operations: Operations; readonly run: ReturnType<typeof vi.fn<Operations['run']>> } {
  const run = vi.fn<Operations['run']>((...args) => real.run(...args));
  return { operations: { ...real, run }, run };
}

const FILTERED = `subscription ($taskId: ID, $filter: TaskFilterInput) {
  taskUpdates(taskId: $taskId, filter: $filter) { cursor } }`;

const taskOne = (after: string | null) => prepared(ONE_TASK, { id: encodeGlobalId('VoiceTask', 'task-1'), after });

/** Returns whether each event that was sent for an operation is marked as a resync. */
function marks(socket: FakeSocket, id: string): boolean[] {
  return socket.told(id).map((told) => (told as { data: { taskUpdates: Told } }).data.taskUpdates.resync);
}

describe('one event', () => {
  it('costs one execution for all subscribers of the same operation, whatever their cursor', async ({ expect }) => {
    const { operations, run } = counted();
    const hub = createHubParts(operations);
    const sockets = Array.from({ length: 100 }, () => new FakeSocket());
    sockets.forEach((socket, i) => join(hub, socket, `${i}`, 0, taskOne(i % 2 === 0 ? null : `cursor-${i}`)));
    expect(await hub.fanOut.deliver(TENANT, 0, [taskChange(1), taskChange(2)])).toBe(2);
    expect(run).toHaveBeenCalledTimes(2);
    for (const [i, socket] of sockets.entries()) expect(socket.told(`${i}`)).toHaveLength(2);
    expect(sockets[1]!.sent[0]).toBe(sockets[2]!.sent[0]!.replace('"id":"2"', '"id":"1"'));
  });

  it('costs one execution for each distinct operation that it matches, and none for others', async ({ expect }) => {
    const { operations, run } = counted();
    const hub = createHubParts(operations);
    const socket = new FakeSocket();
    join(hub, socket, 'one', 0, taskOne(null));
    join(hub, socket, 'all', 0, prepared(ALL_TASKS, {}));
    join(hub, socket, 'voices', 0, prepared(ALL_TASKS, { filter: { kind: 'VOICE' } }));
    join(hub, socket, 'lip-syncs', 0, prepared(ALL_TASKS, { filter: { kind: 'LIP_SYNC' } }));
    join(hub, socket, 'failed', 0, prepared(ALL_TASKS, { filter: { status: ['FAILED'] } }));
    await hub.fanOut.deliver(TENANT, 0, [taskChange(1)]);
    expect(run).toHaveBeenCalledTimes(3);
    expect(socket.sent.map((message) => JSON.parse(message).id)).toEqual(['one', 'all', 'voices']);
  });

  it('is logged once with the number of its subscriptions, and not at all without a subscriber', async ({ expect }) => {
    const sent: LogEvent[] = [];
    const hub = createHubParts(real, { log: (line) => sent.push(line) });
    for (const id of ['a', 'b', 'c']) join(hub, new FakeSocket(), id, 1, taskOne(null));
    await hub.fanOut.deliver(TENANT, 0, [taskChange(1), taskChange(2)]);
    const about = { tenant: TENANT, taskId: taskChange(2).task.id, seq: 2 };
    expect(sent).toEqual([{ level: 'info', message: 'event sent', ...about, subscriptions: 3 }]);
  });

  it('of another tenant is not executed', async ({ expect }) => {
    const { operations, run } = counted();
    const hub = createHubParts(operations);
    join(hub, new FakeSocket(), 'a', 0, prepared(ALL_TASKS, {}));
    expect(await hub.fanOut.deliver('tenant-b', 0, [taskChange(1)])).toBeNull();
    expect(run).not.toHaveBeenCalled();
  });

  it('is sent once, however often it is delivered', async ({ expect }) => {
    const hub = createHubParts(real);
    const socket = new FakeSocket();
    join(hub, socket, 'a', 0, prepared(ALL_TASKS, {}));
    const events = [taskChange(1), taskChange(2)];
    await Promise.all([hub.fanOut.deliver(TENANT, 0, events), hub.fanOut.deliver(TENANT, 0, events)]);
    expect(await hub.fanOut.deliver(TENANT, 1, [taskChange(2), taskChange(3)])).toBe(3);
    expect(socket.told('a')).toHaveLength(3);
  });

  it('after a gap is not applied, and the answer is the last applied sequence number', async ({ expect }) => {
    const hub = createHubParts(real);
    const socket = new FakeSocket();
    join(hub, socket, 'a', 0, prepared(ALL_TASKS, {}));
    await hub.fanOut.deliver(TENANT, 0, [taskChange(1)]);
    expect(await hub.fanOut.deliver(TENANT, 3, [taskChange(4)])).toBe(1);
    expect(socket.told('a')).toHaveLength(1);
  });

  it.for(['SUCCEEDED', 'FAILED', 'CANCELLED'] as const)(
    'that is %s completes subscriptions to its task, and not those to all tasks',
    async (status, { expect }) => {
      const hub = createHubParts(real);
      const socket = new FakeSocket();
      join(hub, socket, 'one', 0, taskOne(null));
      join(hub, socket, 'all', 0, prepared(ALL_TASKS, {}));
      await hub.fanOut.deliver(TENANT, 0, [taskChange(1, status)]);
      expect(socket.sent.filter((message) => message.includes('complete'))).toEqual(['{"id":"one","type":"complete"}']);
      expect(hub.groups.countOf(socket.asSocket())).toBe(1);
    },
  );

  it('that is final and hidden by a filter completes subscriptions to its task without being executed', async ({
    expect,
  }) => {
    const { operations, run } = counted();
    const sent: LogEvent[] = [];
    const hub = createHubParts(operations, { log: (line) => sent.push(line) });
    const socket = new FakeSocket();
    const ended = { taskId: encodeGlobalId('VoiceTask', 'task-1'), filter: { status: ['FAILED'] } };
    const other = { taskId: encodeGlobalId('VoiceTask', 'task-2'), filter: { status: ['FAILED'] } };
    join(hub, socket, 'ended', 0, prepared(FILTERED, ended));
    join(hub, socket, 'other', 0, prepared(FILTERED, other));
    join(hub, socket, 'list', 0, prepared(FILTERED, { filter: { status: ['FAILED'] } }));
    await hub.fanOut.deliver(TENANT, 0, [taskChange(1), taskChange(2, 'SUCCEEDED')]);
    expect(socket.sent).toEqual(['{"id":"ended","type":"complete"}']);
    expect([run.mock.calls.length, sent, hub.groups.countOf(socket.asSocket())]).toEqual([0, [], 2]);
    expect(hub.fanOut.appliedSeq(TENANT)).toBe(2);
  });

  it('that is final and matches a filter is sent to subscriptions to its task before they complete', async ({
    expect,
  }) => {
    const hub = createHubParts(real);
    const socket = new FakeSocket();
    const ended = { taskId: encodeGlobalId('VoiceTask', 'task-1'), filter: { status: ['FAILED'] } };
    join(hub, socket, 'a', 0, prepared(FILTERED, ended));
    await hub.fanOut.deliver(TENANT, 0, [taskChange(1), taskChange(2, 'FAILED')]);
    expect(socket.sent.map((message) => JSON.parse(message).type)).toEqual(['next', 'complete']);
  });

  it('is marked as a resync for the subscriptions that owe one, once', async ({ expect }) => {
    const { operations, run } = counted();
    const hub = createHubParts(operations);
    const [late, current] = [new FakeSocket(), new FakeSocket()];
    join(hub, late, 'a', 0, prepared(ALL_TASKS, {}), true);
    join(hub, late, 'filtered', 0, prepared(ALL_TASKS, { filter: { status: ['FAILED'] } }), true);
    join(hub, current, 'a', 0, prepared(ALL_TASKS, {}));
    const events = [taskChange(1), taskChange(2), taskChange(3, 'FAILED'), taskChange(4, 'FAILED')];
    await hub.fanOut.deliver(TENANT, 0, events);
    expect(marks(late, 'a')).toEqual([true, false, false, false]);
    expect(marks(late, 'filtered')).toEqual([true, false]);
    expect(marks(current, 'a')).toEqual([false, false, false, false]);
    // Each mark costs one more execution.
    expect(run).toHaveBeenCalledTimes(4 + 1 + 2 + 1);
  });

  it('after the token has expired closes the socket, also if a filter hides the event', async ({ expect }) => {
    const hub = createHubParts(real, { isExpired: () => true });
    const socket = new FakeSocket();
    const ended = { taskId: encodeGlobalId('VoiceTask', 'task-1'), filter: { status: ['FAILED'] } };
    join(hub, socket, 'a', 0, prepared(FILTERED, ended));
    await hub.fanOut.deliver(TENANT, 0, [taskChange(1, 'SUCCEEDED')]);
    expect([socket.sent, socket.closedWith]).toEqual([[], 4403]);
  });

  it('closes a socket with over 1 MiB unread, and still reaches the others', async ({ expect }) => {
    const hub = createHubParts(real);
    const slow = new FakeSocket();
    const quick = new FakeSocket();
    for (const socket of [slow, quick]) join(hub, socket, 'a', 0, prepared(ALL_TASKS, {}));
    hub.unread.sent(slow.asSocket(), 1_048_577);
    await hub.fanOut.deliver(TENANT, 0, [taskChange(1), taskChange(2)]);
    expect(slow.closedWith).toBe(1013);
    expect(quick.told('a')).toHaveLength(2);
  });

  it('that the ledger has deleted closes the sockets that missed it, and no others', async ({ expect }) => {
    const hub = createHubParts(real);
    const socket = new FakeSocket();
    join(hub, socket, 'a', 0, prepared(ALL_TASKS, {}));
    await hub.fanOut.deliver(TENANT, 0, [taskChange(1)]);
    expect(await hub.fanOut.skip(TENANT, 1)).toBe(1);
    expect(socket.closedWith).toBeNull();
    expect(await hub.fanOut.skip('tenant-b', 7)).toBeNull();
    hub.fanOut.begin(TENANT);
    expect(await hub.fanOut.skip(TENANT, 7)).toBe(7);
    expect(socket.closedWith).toBe(1012);
    expect(await hub.fanOut.deliver(TENANT, 7, [taskChange(8)])).toBe(8);
    expect(socket.told('a')).toHaveLength(1);
    hub.fanOut.end(TENANT);
    expect(await hub.fanOut.skip(TENANT, 9)).toBeNull();
  });

  it('is executed separately for operations that use the cursor in another argument too', ({ expect }) => {
    const query = 'subscription ($after: String) { taskUpdates(after: $after, filter: { label: $after }) { cursor } }';
    expect(prepared(query, { after: 'a' }).key).not.toBe(prepared(query, { after: 'b' }).key);
    expect(prepared(ALL_TASKS, { after: 'a' }).key).toBe(prepared(ALL_TASKS, { after: 'b' }).key);
  });

  it('is executed once for documents that mention the cursor only in a comment', ({ expect }) => {
    const query = `${ALL_TASKS} # $after, $ after`;
    expect(prepared(query, { after: 'a' }).key).toBe(prepared(query, { after: 'b' }).key);
  });

  it('is prepared at once for a document that would make a regular expression backtrack', ({ expect }) => {
    const startedMs = performance.now();
    const query = `subscription ($a: String) { taskUpdates(after: $a) { cursor } } #$${'#'.repeat(29)}`;
    expect(prepared(query, { a: null }).key).toContain('taskUpdates');
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

const withPosition = (i: number) =>
  prepared(`subscription { taskUpdates { a${i}: cursor task { queuePosition } } }`, {});

describe('operations that read the ledger', () => {
  it('share each read for one event, and read again for the next', async ({ expect }) => {
    const ledger = new FakeLedger();
    const hub = createHubParts(real, { ledger });
    const sockets = Array.from({ length: 50 }, () => new FakeSocket());
    sockets.forEach((socket, i) => join(hub, socket, 'a', 0, withPosition(i)));
    const events = [taskChange(1, 'QUEUED'), taskChange(2, 'QUEUED'), taskChange(3, 'QUEUED', 'task-2')];
    await hub.fanOut.deliver(TENANT, 0, events);
    expect(ledger.calls).toEqual(['task-1', 'task-1', 'task-2'].map((id) => ['queuePosition', id]));
    for (const socket of sockets) expect(socket.told('a')).toMatchObject(events.map(() => ({ data: {} })));
  });

  it('and fail send their data with errors and a request id, which is in the log', async ({ expect }) => {
    const ledger = new FakeLedger();
    const failure = { code: 'RATE_LIMITED', message: 'Too much.', retryable: true } as const;
    vi.spyOn(ledger, 'queuePosition').mockRejectedValue(new GatewayError(failure));
    const hub = createHubParts(real, { ledger });
    const socket = new FakeSocket();
    join(hub, socket, 'a', 0, withPosition(0));
    lines.length = 0;
    await hub.fanOut.deliver(TENANT, 0, [taskChange(1, 'QUEUED')]);
    const extensions = { code: 'RATE_LIMITED', retryable: true, requestId: 'r' };
    const data = { taskUpdates: { a0: 'cursor-1', task: { queuePosition: null } } };
    expect(socket.told('a')).toMatchObject([{ data, errors: [{ message: 'Too much.', extensions }] }]);
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'event with errors',
        requestId: 'r',
        tenant: VIEWER.tenant,
        taskId: taskChange(1).task.id,
        seq: 1,
        errorCodes: ['RATE_LIMITED'],
      },
    ]);
  });

  it('give way to another tenant after one slice of work', async ({ expect }) => {
    const told: string[] = [];
    const operations: Operations = {
      ...real,
      run: (operation, event, { viewer }) => {
        told.push(viewer.tenant);
        return real.run(operation, event, { viewer } as GatewayContext);
      },
    };
    const hub = createHubParts(operations);
    for (let i = 0; i < 100; i += 1) {
      const { key, watch } = prepared(`subscription { taskUpdates { a${i}: cursor } }`, {});
      const [tenant, cost] = i < 99 ? [TENANT, 1_000] : ['tenant-b', 1_000];
      hub.groups.join(
        { key: `${tenant} ${key}`, tenant, watch, cost, viewer: { ...VIEWER, tenant }, operationKey: key },
        {
          socket: new FakeSocket().asSocket(),
          socketId: 's',
          id: 'a',
          isStream: false,
          floorSeq: 0,
          owesResync: false,
        },
      );
    }
    const heavy = hub.fanOut.deliver(TENANT, 0, [taskChange(1)]);
    await hub.fanOut.deliver('tenant-b', 0, [taskChange(1)]);
    // The slice that was running, and one more.
    expect(told.filter((tenant) => tenant === TENANT).length).toBeLessThanOrEqual(6);
    await heavy;
    expect(told).toHaveLength(100);
  });
});
