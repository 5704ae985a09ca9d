import { afterEach, describe, expect, it, vi } from 'vitest';
import { openReady, openSocket, socketCount, type TestSocket } from '../support/socket.ts';
import { AUTHORIZATION, CONNECTION_INIT } from '../support/token.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Stops the clock a minute from now, when every allowance is full again: the tests share a tenant. */
function stopClock(): void {
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
}

async function openInHubOfTenant(): Promise<TestSocket> {
  const socket = await openSocket({ authorization: AUTHORIZATION });
  socket.send(CONNECTION_INIT);
  expect(await socket.next()).toEqual({ type: 'connection_ack' });
  return socket;
}

describe('a flood of 44 KB pings', () => {
  const ping = { type: 'ping', payload: { x: 'x'.repeat(44_000) } };

  it('without a token is closed with 4429 after two pongs', async () => {
    const socket = await openSocket();
    for (let i = 0; i < 130; i += 1) socket.send(ping);
    expect(await socket.closed()).toEqual({ code: 4429, reason: 'Too much before connection_init' });
    expect(socket.frames).toEqual([{ type: 'pong' }, { type: 'pong' }]);
  });

  it('with a token is closed with 1013', async () => {
    const socket = await openReady();
    stopClock();
    for (let i = 0; i < 500; i += 1) socket.send(ping);
    expect((await socket.closed()).code).toBe(1013);
    expect(socket.frames.length).toBeLessThan(500);
  });

  it('costs the other sockets of its tenant nothing after its close', async () => {
    const other = await openInHubOfTenant();
    const before = await socketCount();
    const socket = await openInHubOfTenant();
    stopClock();
    for (let i = 0; i < 100; i += 1) socket.send(ping);
    // Small enough for what is left of the tenant's allowance.
    for (let i = 0; i < 3_000; i += 1) socket.send({ type: 'pong' });
    expect((await socket.closed()).code).toBe(1013);
    socket.socket.close();
    await expect.poll(socketCount, { message: 'the hub has read everything' }).toBe(before);
    await other.isQuiet();
  });
});

describe('a flood of invalid operations', () => {
  it('is refused after 100, and its socket is then closed', async () => {
    const socket = await openReady();
    stopClock();
    for (let i = 0; i < 300; i += 1) socket.subscribe(`${i}`, '{ nothing }');
    expect((await socket.closed()).code).toBe(1013);
    const codes = socket.frames.slice(1).map(({ payload }) => payload![0]!.extensions['code']);
    expect(new Set(codes.slice(0, 90))).toEqual(new Set(['BAD_USER_INPUT']));
    expect(new Set(codes.slice(100))).toEqual(new Set(['RATE_LIMITED']));
    expect(codes.length).toBeLessThan(210);
  });
});
