import { afterEach, describe, it, vi } from 'vitest';
import { openReady, openSocket } from '../support/socket.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a flood of 44 KB pings', () => {
  const ping = { type: 'ping', payload: { x: 'x'.repeat(44_000) } };

  it('without a token is closed with 4429 after two pongs', async ({ expect }) => {
    const socket = await openSocket();
    for (let i = 0; i < 130; i += 1) socket.send(ping);
    expect(await socket.closed()).toEqual({ code: 4429, reason: 'Too much before connection_init' });
    expect(socket.frames).toEqual([{ type: 'pong' }, { type: 'pong' }]);
  });

  it('with a token is closed with 1013', async ({ expect }) => {
    const socket = await openReady();
    vi.spyOn(Date, 'now').mockReturnValue(Date.now());
    for (let i = 0; i < 500; i += 1) socket.send(ping);
    expect((await socket.closed()).code).toBe(1013);
    expect(socket.frames.length).toBeLessThan(500);
  });
});

describe('a flood of invalid operations', () => {
  it('is refused after 100, and its socket is then closed', async ({ expect }) => {
    const socket = await openReady();
    vi.spyOn(Date, 'now').mockReturnValue(Date.now());
    for (let i = 0; i < 300; i += 1) socket.subscribe(`${i}`, '{ nothing }');
    expect((await socket.closed()).code).toBe(1013);
    const codes = socket.frames.slice(1).map(({ payload }) => payload![0]!.extensions['code']);
    expect(new Set(codes.slice(0, 90))).toEqual(new Set(['BAD_USER_INPUT']));
    expect(new Set(codes.slice(100))).toEqual(new Set(['RATE_LIMITED']));
    expect(codes.length).toBeLessThan(210);
  });
});
