import { evictDurableObject } from 'cloudflare:test';
import { afterEach, describe, it, vi } from 'vitest';
import { Hub } from '../../src/hub/hub.ts';
import { RegistrationStore } from '../../src/hub/registrations.ts';
import { openSandbox } from '../support/ledger.ts';
import { openReady, openSocket, startTask, ALL_TASKS, withBusyHubs } from '../support/socket.ts';
import { CONNECTION_INIT } from '../support/token.ts';

const sandbox = openSandbox('floods');

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a socket that floods its hub', () => {
  it('with connection_init is closed with 4429, after at most one answer', async ({ expect }) => {
    const socket = await openSocket();
    for (let i = 0; i < 500; i += 1) socket.send(CONNECTION_INIT);
    expect((await socket.closed()).code).toBe(4429);
    expect(socket.frames.length).toBeLessThanOrEqual(1);
  });

  it('with subscribes gets errors and is then closed, while other sockets still get events', async ({ expect }) => {
    const other = await openReady();
    other.subscribe('mine', ALL_TASKS);
    const socket = await openReady();
    for (let i = 0; i < 1_000; i += 1) socket.subscribe(`${i}`, ALL_TASKS);
    expect(await socket.closed()).toMatchObject({ code: 1013, reason: 'Too much work' });
    const refusals = socket.frames.filter(({ type }) => type === 'error');
    expect(refusals.length).toBeGreaterThan(100);
    for (const { payload } of refusals) expect(payload?.[0]?.extensions['code']).toBe('RATE_LIMITED');
    const task = await startTask(sandbox);
    for (;;) {
      const told = await other.told('mine');
      if (told.task.id === task.globalId) break;
    }
    await other.isQuiet();
    other.socket.close(1000);
  });

  it('with one subscription above the limit of 64 is refused that one', async ({ expect }) => {
    const socket = await openReady();
    for (let i = 0; i < 65; i += 1) socket.subscribe(`${i}`, ALL_TASKS);
    await expect.poll(() => socket.frames.filter(({ type }) => type === 'error').length).toBe(1);
    const refusal = socket.frames.find(({ type }) => type === 'error');
    expect(refusal).toMatchObject({ payload: [{ extensions: { code: 'RATE_LIMITED', retryable: true } }] });
    socket.socket.close(1000);
  });

  it('with subscriptions that it completes at once gets errors, and is then closed', async ({ expect }) => {
    const socket = await openReady();
    for (let i = 0; i < 500; i += 1) {
      socket.subscribe('same', ALL_TASKS);
      socket.send({ id: 'same', type: 'complete' });
    }
    expect(await socket.closed()).toMatchObject({ code: 1013 });
    const refusals = socket.frames.filter(({ type }) => type === 'error');
    expect(refusals.length).toBeGreaterThan(100);
    for (const { payload } of refusals) expect(payload?.[0]?.extensions['code']).toBe('RATE_LIMITED');
  });

  it('with a large subscription is refused, because a hub keeps it in memory', async ({ expect }) => {
    const socket = await openReady();
    socket.subscribe('large', `${ALL_TASKS} ${'#\n'.repeat(5_000)}`);
    expect(await socket.next()).toMatchObject({ payload: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }] });
    socket.subscribe('long', ALL_TASKS, { other: 'x'.repeat(10_000) });
    expect(await socket.next()).toMatchObject({ payload: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }] });
    const payload = { query: ALL_TASKS, extensions: { other: 'x'.repeat(10_000) } };
    socket.send({ id: 'more', type: 'subscribe', payload });
    expect(await socket.next()).toMatchObject({ payload: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }] });
    socket.socket.close(1000);
  });

  it('with 2,000 pings gets 2,000 pongs, and does not wake a hub that sleeps', async ({ expect }) => {
    const socket = await openReady();
    await withBusyHubs(evictDurableObject);
    const woken = vi.spyOn(RegistrationStore.prototype, 'ofSockets');
    const read = vi.spyOn(Hub.prototype, 'webSocketMessage');
    for (let i = 0; i < 2_000; i += 1) socket.send('{"type":"ping"}');
    for (let i = 0; i < 2_000; i += 1) expect(await socket.next()).toEqual({ type: 'pong' });
    expect(woken).not.toHaveBeenCalled();
    expect(read).not.toHaveBeenCalled();
    // This proves that the spies work: an operation wakes the hub.
    await socket.isQuiet();
    expect(woken).toHaveBeenCalledTimes(1);
    expect(read).toHaveBeenCalledTimes(1);
    socket.socket.close(1000);
  });
});
