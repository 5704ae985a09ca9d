import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, describe, it, vi, type ExpectStatic } from 'vitest';
import { SUBPROTOCOL } from '../../src/hub/protocol.ts';
import { Hub } from '../../src/hub/hub.ts';
import { dial, shardName } from '../../src/hub/pool.ts';
import { RegistrationStore } from '../../src/hub/registrations.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { openReady, openSocket, socketCount, startTask, ONE_TASK, ALL_TASKS, withBusyHubs } from '../support/socket.ts';

const sandbox = openSandbox('socket-limits');
const QUERY = { query: '{ __typename }' };

afterEach(() => {
  vi.restoreAllMocks();
});

function lastShardFirst(): number {
  return 3.5 / 4;
}

async function whenAllAreGone({ poll }: ExpectStatic): Promise<void> {
  await poll(socketCount).toBe(0);
}

describe('a socket without connection_init', () => {
  it('is closed with 4408 after 10 s, and an initialised one is not', async ({ expect }) => {
    await whenAllAreGone(expect);
    const sockets = [await openSocket(), await openSocket(), await openSocket()];
    const ready = await openReady();
    const openedMs = Date.now();
    await withBusyHubs((hub) =>
      runInDurableObject(hub, async (_hub, { storage }) => {
        expect(Math.abs((await storage.getAlarm())! - openedMs - 10_000)).toBeLessThan(2_000);
      }),
    );
    // An early alarm closes nothing, and is set again.
    await withBusyHubs(runDurableObjectAlarm);
    expect(await socketCount()).toBe(4);
    await withBusyHubs(evictDurableObject);
    vi.spyOn(Date, 'now').mockReturnValue(openedMs + 10_001);
    await withBusyHubs(runDurableObjectAlarm);
    for (const socket of sockets) {
      expect(await socket.closed()).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
    }
    expect(await socketCount()).toBe(1);
    await ready.isQuiet();
    ready.socket.close(1000);
  });
});

describe('operations on one socket', () => {
  it('above 100 at once and 20 a second are refused with the time to wait', async ({ expect }) => {
    const startedMs = Date.now();
    const now = vi.spyOn(Date, 'now').mockReturnValue(startedMs);
    const socket = await openReady();
    for (let i = 0; i < 10; i += 1) {
      for (let k = 0; k < 10; k += 1) socket.send({ id: `${i}-${k}`, type: 'subscribe', payload: QUERY });
      for (let k = 0; k < 20; k += 1) expect((await socket.next()).type).not.toBe('error');
    }
    socket.send({ id: 'over', type: 'subscribe', payload: QUERY });
    const refused = await socket.next();
    expect(refused).toMatchObject({ id: 'over', type: 'error' });
    expect(refused.payload![0]).toEqual({
      message: 'A socket begins at most 20 operations a second.',
      extensions: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 50, requestId: expect.any(String) },
    });
    now.mockReturnValue(startedMs + 50);
    await socket.isQuiet();
    socket.socket.close(1000);
  });
});

describe('pings', () => {
  it('are answered without waking the hub', async ({ expect }) => {
    const task = await startTask(sandbox);
    const socket = await openReady();
    socket.subscribe('a', ONE_TASK, { id: task.globalId });
    await socket.told('a');
    await withBusyHubs(evictDurableObject);
    const woken = vi.spyOn(RegistrationStore.prototype, 'ofSockets');
    const read = vi.spyOn(Hub.prototype, 'webSocketMessage');
    for (let i = 0; i < 50; i += 1) socket.send({ type: 'ping' });
    for (let i = 0; i < 50; i += 1) expect(await socket.next()).toEqual({ type: 'pong' });
    expect(woken).not.toHaveBeenCalled();
    expect(read).not.toHaveBeenCalled();
    // This proves that the spies work: the next event wakes the hub.
    await task.advance('processing');
    expect((await socket.told('a')).task.status).toBe('PROCESSING');
    expect(woken).toHaveBeenCalledTimes(1);
    socket.socket.close(1000);
  });
});

describe('a client that leaves', () => {
  it('frees its socket, also when the hub sleeps', async ({ expect }) => {
    await whenAllAreGone(expect);
    const task = await startTask(sandbox);
    for (const isAsleep of [false, true]) {
      const socket = await openReady();
      socket.subscribe('a', ONE_TASK, { id: task.globalId });
      await socket.told('a');
      expect(await socketCount()).toBe(1);
      if (isAsleep) await withBusyHubs(evictDurableObject);
      socket.socket.close(isAsleep ? 4999 : 1000);
      expect((await socket.closed()).code).toBe(isAsleep ? 4999 : 1000);
      await whenAllAreGone(expect);
    }
  });
});

describe('a socket that is closed for an invalid message', () => {
  it.for([
    ['4409', { id: 'a', type: 'subscribe', payload: QUERY }],
    ['4429', { type: 'connection_init' }],
    ['4400', { type: 'ping', payload: 1 }],
  ] as const)('with %s loses its registrations at once, before its peer answers', async ([, message], { expect }) => {
    await whenAllAreGone(expect);
    const socket = await openReady();
    socket.subscribe('a', ALL_TASKS, { filter: { status: ['UNRECOGNIZED'] } });
    await socket.isQuiet();
    const kept: unknown[] = [];
    await withBusyHubs((hub) =>
      runInDurableObject(hub, async (instance, state) => {
        const countRegistrations = () =>
          state.storage.sql.exec('SELECT count(*) AS n FROM live_subscription').one()['n'];
        kept.push(countRegistrations());
        const [one] = state.getWebSockets();
        await instance.webSocketMessage(one!, JSON.stringify(message));
        kept.push(countRegistrations());
      }),
    );
    expect(kept).toEqual([1, 0]);
    await socket.closed();
  });
});

describe('a full hub', () => {
  const upgrade = { headers: { upgrade: 'websocket', 'sec-websocket-protocol': SUBPROTOCOL } };

  it('refuses the 2,501st socket, and the Worker dials the next shard', async ({ expect }) => {
    await whenAllAreGone(expect);
    const hub = env.HUB.getByName(shardName(3));
    const sockets: WebSocket[] = [];
    for (let i = 0; i < 2_500; i += 1) {
      const { status, webSocket } = await hub.fetch('https://gateway.test/graphql', upgrade);
      expect(status).toBe(101);
      webSocket!.accept();
      sockets.push(webSocket!);
    }
    const refused = await hub.fetch('https://gateway.test/graphql', upgrade);
    expect(refused.status).toBe(503);
    const next = await dial(env.HUB, new Request('https://gateway.test/graphql', upgrade), null, {
      random: lastShardFirst,
      log: () => {},
    });
    if (next.type !== 'SOCKET') throw new Error(next.type);
    next.socket.accept();
    sockets.push(next.socket);
    const shard = env.HUB.getByName(shardName(0));
    expect(await runInDurableObject(shard, (_hub, state) => state.getWebSockets().length)).toBe(1);
    for (const socket of sockets) socket.close(1000);
    await whenAllAreGone(expect);
  });
});
