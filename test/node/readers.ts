import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket as NodeSocket } from 'ws';
import { AUTHORIZATION, CONNECTION_INIT } from '../support/token.ts';

/** 64 operations of 30 fields with long names. One event is about 350 KB for a socket with all of them. */
const OPERATIONS = 64;
const FIELDS = Array.from({ length: 30 }, (_, i) => `${'long'.repeat(38)}${i}: createdAt`).join(' ');
const FAT = `subscription { taskUpdates { sequence task { ${FIELDS} } } }`;

function subscribe(id: string, query: string): string {
  return JSON.stringify({ id, type: 'subscribe', payload: { query } });
}

/** Builds a client's frame. Its mask is zero, so the text stays readable. */
function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, body]);
}

/** Sends the token with the upgrade too, so that all sockets of a tenant reach one hub. */
const HEADERS = { authorization: AUTHORIZATION };

/** Opens a socket that starts its operations and then stops reading. */
export async function openStopped(gatewayUrl: string): Promise<Socket> {
  const { hostname, port } = new URL(gatewayUrl);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: ${AUTHORIZATION}\r\n` +
      'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
  );
  await once(socket, 'data');
  const acknowledged = once(socket, 'data');
  socket.write(frame(CONNECTION_INIT));
  await acknowledged;
  socket.pause();
  for (let i = 0; i < OPERATIONS; i += 1) socket.write(frame(subscribe(`${i}`, FAT)));
  return socket;
}

/** Opens a socket with the same operations that reads everything at once. */
export async function openBusy(gatewayUrl: string): Promise<NodeSocket> {
  const socket = await openReady(gatewayUrl);
  socket.on('message', (data: Buffer) => {
    if (data.toString('utf8', 0, 15) === '{"type":"ping"}') socket.send('{"type":"pong"}');
  });
  for (let i = 0; i < OPERATIONS; i += 1) socket.send(subscribe(`${i}`, FAT));
  return socket;
}

/** A subscription to all tasks that reads all events. */
export interface Reader {
  readonly sequences: number[];
  /** The tasks whose end it has received. */
  readonly ended: () => number;
  close(): void;
}

async function openReady(gatewayUrl: string): Promise<NodeSocket> {
  const url = `${gatewayUrl.replace('http', 'ws')}/graphql`;
  const socket = new NodeSocket(url, 'graphql-transport-ws', { headers: HEADERS });
  await once(socket, 'open');
  socket.send(CONNECTION_INIT);
  await once(socket, 'message');
  return socket;
}

/** Subscribes to all tasks. Calls `onEvent` after each event. */
export async function openReader(gatewayUrl: string, onEvent: () => void = () => {}): Promise<Reader> {
  const socket = await openReady(gatewayUrl);
  const sequences: number[] = [];
  let ended = 0;
  socket.on('message', (data: Buffer) => {
    const { type, payload } = JSON.parse(data.toString());
    if (type !== 'next') return;
    const { sequence, task } = payload.data.taskUpdates;
    sequences.push(sequence);
    if (task.status === 'SUCCEEDED') ended += 1;
    onEvent();
  });
  socket.send(subscribe('1', 'subscription { taskUpdates { sequence task { status } } }'));
  return { sequences, ended: () => ended, close: () => socket.close() };
}
