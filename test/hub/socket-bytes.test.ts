import { describe, it } from 'vitest';
import { openSandbox } from '../support/ledger.ts';
import { openReady, openSocket } from '../support/socket.ts';
import { AUTHORIZATION } from '../support/token.ts';

openSandbox('socket-bytes');

describe('a client that sends binary frames, as Apollo iOS 2 does', () => {
  it('is answered in text', async ({ expect }) => {
    const socket = await openSocket();
    const send = (message: object) => socket.socket.send(new TextEncoder().encode(JSON.stringify(message)));
    send({ type: 'connection_init', payload: { authorization: AUTHORIZATION } });
    expect(await socket.next()).toEqual({ type: 'connection_ack' });
    send({ type: 'ping' });
    expect(await socket.next()).toEqual({ type: 'pong' });
    send({ type: 'subscribe', id: '1', payload: { query: '{ viewer { tenant } }' } });
    expect(await socket.next()).toEqual({
      id: '1',
      type: 'next',
      payload: { data: { viewer: { tenant: 'default' } } },
    });
    expect(await socket.next()).toEqual({ id: '1', type: 'complete' });
    socket.socket.close(1000);
  });

  it.for<[name: string, bytes: Uint8Array, code: number]>([
    ['that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 4400],
    ['that are not JSON', new TextEncoder().encode('hello'), 4400],
    ['of more than 64 KiB', new Uint8Array(65_537), 1009],
  ])('is closed on bytes %s', async ([, bytes, code], { expect }) => {
    const socket = await openReady();
    socket.socket.send(bytes);
    expect((await socket.closed()).code).toBe(code);
    expect(socket.frames).toEqual([{ type: 'connection_ack' }]);
  });
});
