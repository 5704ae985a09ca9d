import { evictDurableObject } from 'cloudflare:test';
import { afterEach, describe, it, vi } from 'vitest';
import { RegistrationStore } from '../../src/hub/registrations.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { SHARD_NAMES, openSocket, startTask, ONE_TASK, type TestSocket } from '../support/socket.ts';
import { bearer } from '../support/token.ts';

const sandbox = openSandbox('watch-limits', { TENANT_LIVE_COST_MAX: '2500' });

afterEach(() => {
  vi.restoreAllMocks();
});

/** Opens a socket of a tenant. All sockets of a tenant go to the same hub. */
async function openOf(tenant: string): Promise<TestSocket> {
  const authorization = await bearer(tenant);
  const socket = await openSocket({ authorization });
  socket.send({ type: 'connection_init', payload: { authorization } });
  await socket.next();
  return socket;
}

/** Returns the fields of a task that make an event cost about 105 fields for each call of the ledger. */
const withCalls = (calls: number) => Array.from({ length: calls }, (_, i) => `q${i}: queuePosition`).join(' ');

const expensive = (name: string, calls = 9) =>
  `subscription { taskUpdates { ${name}: cursor task { ${withCalls(calls)} } } }`;

describe('a subscription', () => {
  it('above the cost limit for one event is refused', async ({ expect }) => {
    const socket = await openOf('tenant-heavy');
    socket.subscribe('a', expensive('a', 24));
    expect(await socket.next()).toMatchObject({
      id: 'a',
      type: 'error',
      payload: [
        {
          message: expect.stringContaining('a live operation costs 2500 at most'),
          extensions: { code: 'QUERY_TOO_COMPLEX', retryable: false },
        },
      ],
    });
    socket.socket.close(1000);
  });

  it('is refused while all subscriptions of its tenant exceed the limit, which does not affect another tenant', async ({
    expect,
  }) => {
    const task = await startTask(sandbox, 'tenant-many');
    const socket = await openOf('tenant-many');
    socket.subscribe('a', expensive('a'));
    expect(await socket.next()).toMatchObject({ id: 'a', type: 'next' });
    socket.subscribe('b', expensive('b'));
    expect(await socket.next()).toMatchObject({ id: 'b', type: 'next' });
    socket.subscribe('c', expensive('c'));
    expect(await socket.next()).toMatchObject({
      id: 'c',
      type: 'error',
      payload: [
        { message: expect.stringContaining('of at most 2500'), extensions: { code: 'RATE_LIMITED', retryable: true } },
      ],
    });
    const other = await openOf('tenant-other');
    other.subscribe('a', expensive('a'));
    await other.isQuiet();

    socket.send({ id: 'a', type: 'complete' });
    socket.subscribe('c', expensive('c'));
    expect(await socket.next()).toMatchObject({ id: 'c', type: 'next' });
    // The subscriptions of a closed socket do not count.
    socket.socket.close(1000);
    await socket.closed();
    const again = await openOf('tenant-many');
    again.subscribe('d', expensive('d'));
    expect(await again.next()).toMatchObject({ id: 'd', type: 'next' });
    again.subscribe('e', expensive('e'));
    expect(await again.next()).toMatchObject({ id: 'e', type: 'next' });
    await task.advance('processing');
    const told = [await again.next(), await again.next()];
    expect(told.map(({ id, type }) => `${id} ${type}`).toSorted()).toEqual(['d next', 'e next']);
    for (const { socket: one } of [again, other]) one.close(1000);
  });

  it('that was refused does not count', async ({ expect }) => {
    const socket = await openOf('tenant-missing');
    for (let i = 0; i < 50; i += 1) {
      socket.subscribe(`${i}`, expensive('a').replace('taskUpdates', 'taskUpdates(after: "none")'));
      expect(await socket.next()).toMatchObject({ payload: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    }
    socket.socket.close(1000);
  });
});

describe('a subscription to a task that has ended', () => {
  it('does not count', async ({ expect }) => {
    const task = await startTask(sandbox, 'tenant-ended');
    await task.advance('succeed');
    const socket = await openOf('tenant-ended');
    const watch = (id: string, { globalId }: typeof task) =>
      socket.subscribe(
        id,
        `subscription ($id: ID!) {
          taskUpdates(taskId: $id) { ${id}: cursor task { ${withCalls(9)} } }
        }`,
        { id: globalId },
      );
    for (const id of ['a', 'b', 'c', 'd']) {
      watch(id, task);
      expect(await socket.next()).toMatchObject({ id, type: 'next' });
      expect(await socket.next()).toEqual({ id, type: 'complete' });
    }
    // The same subscriptions to a running task exceed the limit from the third on.
    const running = await startTask(sandbox, 'tenant-ended');
    const types: string[] = [];
    for (const id of ['a', 'b', 'c', 'd']) {
      watch(id, running);
      types.push((await socket.next()).type);
    }
    expect(types).toEqual(['next', 'next', 'error', 'error']);
    socket.socket.close(1000);
  });
});

describe('a hub that wakes', () => {
  it('reads the document of an operation when an event for it comes, once for all its subscribers', async ({
    expect,
  }) => {
    const task = await startTask(sandbox, 'tenant-asleep');
    const other = await startTask(sandbox, 'tenant-asleep');
    const sockets = [await openOf('tenant-asleep'), await openOf('tenant-asleep')];
    for (const socket of sockets) {
      socket.subscribe('a', ONE_TASK, { id: task.globalId });
      await socket.told('a');
      socket.subscribe('b', ONE_TASK, { id: other.globalId });
      await socket.told('b');
    }
    for (const name of SHARD_NAMES) await evictDurableObject(env.HUB.getByName(name)).catch(() => {});
    const woken = vi.spyOn(RegistrationStore.prototype, 'ofSockets');
    const read = vi.spyOn(RegistrationStore.prototype, 'operation');
    // A message wakes the hub, but needs no document.
    await sockets[0]!.isQuiet();
    expect(woken).toHaveBeenCalledTimes(1);
    expect(read).not.toHaveBeenCalled();
    await task.advance('processing');
    for (const socket of sockets) expect((await socket.told('a')).task.status).toBe('PROCESSING');
    expect(read).toHaveBeenCalledTimes(1);
    await task.advance('succeed');
    for (const socket of sockets) expect((await socket.told('a')).task.status).toBe('SUCCEEDED');
    expect(read).toHaveBeenCalledTimes(1);
    for (const { socket } of sockets) socket.close(1000);
  });
});
