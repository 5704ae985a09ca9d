import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { WebSocket as NodeSocket } from 'ws';
import { CONNECTION_INIT } from '../support/token.ts';
import { startStack, type GatewayStack } from './gateway-stack.ts';
import { sendOperation } from './send-operation.ts';

/** 64 operations of 30 fields with long names: an event is some 350 KB for a socket that has them all. */
const OPERATIONS = 64;
const FIELDS = Array.from({ length: 30 }, (_, i) => `${'long'.repeat(38)}${i}: createdAt`).join(' ');
const FAT = `subscription { tasksChanged { sequence task { ${FIELDS} } } }`;
const TASKS = 60;

/** What the two kernels hold for a socket that nobody reads, at most: 6 MB here, 4 MB there, by default. */
const KERNEL_BYTES_MAX = 11_000_000;

let stack: GatewayStack;
beforeAll(async () => {
  stack = await startStack({
    vars: { KLING_CONCURRENCY: '30' },
    sandbox: { submittedMs: 20, processingMs: 20, concurrency: 30, units: 1_000 },
  });
});
afterAll(() => stack.close());

function subscribe(id: string, query: string): string {
  return JSON.stringify({ id, type: 'subscribe', payload: { query } });
}

/** A client's frame; the mask is zero, so that the text stays as it is. */
function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, body]);
}

/** A socket that has begun its operations, and reads nothing from then on. */
async function openStopped(): Promise<Socket> {
  const { hostname, port } = new URL(stack.gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
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

interface Reader {
  readonly sequences: number[];
  /** Tasks of which it was told the end. */
  readonly ended: () => number;
  close(): void;
}

async function openReader(): Promise<Reader> {
  const socket = new NodeSocket(`${stack.gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const sequences: number[] = [];
  let ended = 0;
  await once(socket, 'open');
  socket.send(CONNECTION_INIT);
  await once(socket, 'message');
  socket.on('message', (data: Buffer) => {
    const { type, payload } = JSON.parse(data.toString());
    if (type !== 'next') return;
    const { sequence, task } = payload.data.tasksChanged;
    sequences.push(sequence);
    if (task.status === 'SUCCEEDED') ended += 1;
  });
  socket.send(subscribe('1', 'subscription { tasksChanged { sequence task { status } } }'));
  return { sequences, ended: () => ended, close: () => socket.close() };
}

async function createVoice(sound: string): Promise<void> {
  const query = 'mutation ($input: CreateVoiceInput!) { createVoice(input: $input) { task { id } } }';
  const variables = { input: { name: 'Narrator', source: { url: `https://example.com/${sound}-12s.mp3` } } };
  await sendOperation(stack.gateway.url, { query, variables }, null);
}

describe('a reader that stops reading', () => {
  it('is cut with 1013 at 1 MiB unread, while the others are told of everything', async ({ expect }) => {
    // There is a present state to be told: whoever has it watches.
    await createVoice('sandbox-never-ends');
    const stopped = await openStopped();
    // Enough to find some on the same hub, whatever leaf each came to.
    const readers = await Promise.all(Array.from({ length: 16 }, openReader));
    for (const { sequences } of readers) await expect.poll(() => sequences.length).toBe(1);
    await Promise.all(Array.from({ length: TASKS }, () => createVoice('narrator')));
    for (const { sequences, ended } of readers) {
      await expect.poll(() => ended()).toBe(TASKS);
      expect(sequences).toEqual(sequences.map((_, i) => sequences[0]! + i));
    }

    const received: Buffer[] = [];
    stopped.on('data', (data: Buffer) => received.push(data));
    stopped.resume();
    const closeFrame = Buffer.from([0x88, 20, 1013 >> 8, 1013 & 0xff, ...Buffer.from('Too much is unread')]);
    await expect.poll(() => Buffer.concat(received.slice(-3)).includes(closeFrame)).toBe(true);
    const bytes = Buffer.concat(received).length;
    expect(bytes).toBeGreaterThan(1_048_576);
    expect(bytes).toBeLessThan(KERNEL_BYTES_MAX + 1_048_576 + 400_000);
    stopped.destroy();
    for (const reader of readers) reader.close();
  });
});
