import { connect } from 'node:net';
import { PING, readFrame, TEXT, toPongFrame, toTextFrame } from '../../fanout/frames.ts';
import type { Caller } from './http-pool.ts';

/** A WebSocket to the gateway with little overhead. It answers the hub's pings. */
export interface SocketClient {
  /** Sends a frame of `toTextFrame`. So a flood creates its frame once and sends it often. */
  send(frame: Buffer): void;
  close(): void;
  /** Resolves to the close code, or to `cut` without one. */
  readonly closed: Promise<string>;
}

export interface SocketOptions {
  readonly port: number;
  /** The caller. A non-null `authorization` is sent with the upgrade, which routes the socket to a hub of its tenant. */
  readonly caller: Omit<Caller, 'authorization'> & { readonly authorization: string | null };
  /** Receives each message except the hub's pings. The bytes are valid only during the call. */
  readonly onMessage?: (message: Buffer) => void;
}

const CLOSE = 8;
const HUB_PING = Buffer.from('{"type":"ping"');
const PONG = toTextFrame('{"type":"pong"}');

/** Resolves once the socket is open. Rejects with the status if it is refused. */
export async function openSocketClient({ port, caller, onMessage }: SocketOptions): Promise<SocketClient> {
  const { promise: opened, resolve: open, reject: refuse } = Promise.withResolvers<SocketClient>();
  const { promise: closed, resolve: end } = Promise.withResolvers<string>();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let isUpgraded = false;
  let rest: Buffer | null = null;

  function takeFrames(bytes: Buffer): void {
    let offset = 0;
    for (let frame = readFrame(bytes, 0); frame !== null; frame = readFrame(bytes, offset)) {
      const content = bytes.subarray(frame.start, frame.end);
      offset = frame.end;
      if (frame.opcode === PING) socket.write(toPongFrame(Buffer.from(content)));
      else if (frame.opcode === CLOSE) {
        end(content.length >= 2 ? String(content.readUInt16BE(0)) : 'cut');
        socket.destroy();
      } else if (frame.opcode === TEXT && content.subarray(0, HUB_PING.length).equals(HUB_PING)) socket.write(PONG);
      else onMessage?.(content);
    }
    rest = offset === bytes.length ? null : Buffer.from(bytes.subarray(offset));
  }

  socket.on('data', (chunk) => {
    const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
    if (isUpgraded) return takeFrames(bytes);
    const headEnd = bytes.indexOf('\r\n\r\n');
    rest = bytes;
    if (headEnd < 0) return;
    const status = bytes.toString('latin1', 9, 12);
    if (status !== '101') {
      refuse(new Error(`refused with ${status}`));
      socket.destroy();
      return;
    }
    isUpgraded = true;
    open({ send: (frame) => void socket.write(frame), close: () => void socket.destroy(), closed });
    takeFrames(bytes.subarray(headEnd + 4));
  });
  socket.on('error', refuse);
  socket.on('close', () => {
    refuse(new Error('closed before it was open'));
    end('cut');
  });
  const { authorization, address } = caller;
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      (authorization === null ? '' : `Authorization: ${authorization}\r\n`) +
      `CF-Connecting-IP: ${address}\r\nSec-WebSocket-Version: 13\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
  );
  return opened;
}

/** Creates the first frame of a socket. */
export function initFrame({ authorization }: Pick<Caller, 'authorization'>): Buffer {
  return toTextFrame(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
}

export function subscribeFrame(id: string, payload: object): Buffer {
  return toTextFrame(JSON.stringify({ id, type: 'subscribe', payload }));
}

export function completeFrame(id: string): Buffer {
  return toTextFrame(JSON.stringify({ id, type: 'complete' }));
}
