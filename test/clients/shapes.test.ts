import { request, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { WebSocket } from 'ws';
import { startGateway, type RunningGateway } from '../node/gateway.ts';
import { TOKEN } from '../support/token.ts';
import { FLUTTER, FLUTTER_SOCKETS } from './shapes/flutter.ts';
import { IOS, IOS_SOCKETS } from './shapes/ios.ts';
import { KOTLIN, KOTLIN_SOCKETS } from './shapes/kotlin.ts';
import type { HttpShape, SocketShape } from './shapes/shape.ts';
import { makeTask, statusOf } from './tasks.ts';

const LIBRARIES: readonly (readonly [string, readonly HttpShape[], readonly SocketShape[]])[] = [
  ['Apollo Kotlin', KOTLIN, KOTLIN_SOCKETS],
  ['Apollo iOS', IOS, IOS_SOCKETS],
  ['Flutter', FLUTTER, FLUTTER_SOCKETS],
];

let gateway: RunningGateway;
let task = '';
beforeAll(async () => {
  gateway = await startGateway();
  task = await makeTask(gateway);
  while ((await statusOf(gateway, task)) !== 'SUCCEEDED');
});
afterAll(() => gateway.close());

/** Fills the placeholders of a shape's text. */
function filledIn(text: string): string {
  return text.replaceAll('<task>', task).replaceAll('<token>', TOKEN).replaceAll('<host>', new URL(gateway.url).host);
}

/** Replaces the varying parts of an answer by their names, as in the shapes. */
function withoutIds(text: string): string {
  return text
    .replaceAll(task, '<task>')
    .replaceAll(/"requestId":"[\da-f-]{36}"/g, '"requestId":"<requestId>"')
    .replaceAll(/"cursor":"[\w-]+"/g, '"cursor":"<cursor>"');
}

/** Sends a request by Node's HTTP client, which adds only `host` and `connection`. */
async function send({
  method,
  headers,
  search = {},
  blank,
  body,
}: HttpShape): Promise<{ answer: IncomingMessage; text: string }> {
  const parameters = Object.entries(search).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const query = parameters.join('&').replaceAll('%20', blank ?? '%20');
  const url = `${gateway.url}/graphql${method === 'GET' ? `?${query}` : ''}`;
  const content = body === undefined ? '' : filledIn(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const all = {
      Authorization: `Bearer ${TOKEN}`,
      ...headers,
      ...(method === 'POST' && { 'Content-Length': Buffer.byteLength(content) }),
    };
    const call = request(url, { method, headers: all }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      // Cloudflare compresses answers if the client allows it. Here `wrangler dev` does.
      const isZipped = answer.headers['content-encoding'] === 'gzip';
      answer.on('end', () => {
        const bytes = Buffer.concat(parts);
        resolve({ answer, text: (isZipped ? gunzipSync(bytes) : bytes).toString() });
      });
    });
    call.on('error', reject);
    call.end(content);
  });
}

/** A socket, with its messages and its close so far. */
function open({ headers, subprotocol }: SocketShape) {
  const filled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, filledIn(value)]));
  const socket = new WebSocket(filledIn('ws://<host>/graphql'), subprotocol, { headers: filled });
  const told: string[] = [];
  socket.on('message', (data: Buffer) => told.push(data.toString()));
  const ended: { closed?: readonly [number, string]; refused?: string } = {};
  socket.on('close', (code, reason) => (ended.closed = [code, reason.toString()]));
  socket.on('unexpected-response', (_request, answer) => {
    void answer
      .toArray()
      .then((parts: Buffer[]) => (ended.refused = `${answer.statusCode} ${Buffer.concat(parts).toString()}`));
  });
  return { socket, told, ended };
}

describe.each(LIBRARIES)('%s', (_library, shapes, sockets) => {
  test.for(shapes.map((shape) => [shape.name, shape] as const))('%s', async ([, shape], { expect }) => {
    const { answer, text } = await send(shape);
    const named = Object.keys(shape.answer.headers).map((name) => [name, answer.headers[name]]);
    expect({
      status: answer.statusCode,
      headers: Object.fromEntries(named) as unknown,
      body: withoutIds(text),
    }).toEqual(shape.answer);
  });

  test.for(sockets.map((shape) => [shape.name, shape] as const))('%s, over a socket', async ([, shape], { expect }) => {
    const { socket, told, ended } = open(shape);
    if (shape.refused !== undefined) {
      await expect.poll(() => ended.refused).toBe(shape.refused);
      return;
    }
    await expect.poll(() => socket.readyState).toBe(WebSocket.OPEN);
    for (const [sent, expected] of shape.turns) {
      told.length = 0;
      socket.send(shape.binary ? Buffer.from(filledIn(sent)) : filledIn(sent));
      await expect.poll(() => told.map(withoutIds)).toEqual(expected);
    }
    if (shape.closed === undefined) socket.close(1000);
    await expect.poll(() => ended.closed).toEqual(shape.closed ?? [1000, '']);
  });
});
