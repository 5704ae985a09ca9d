/**
 * A fake Kling in its own process. It sends prepared answers and implements little of HTTP, so that its CPU is negligible.
 * `/bench/latency?ms=50` delays all answers. `/bench/count` returns the number of requests.
 */

import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  costsRecord,
  createdVoiceTask,
  lipSyncRecord,
  presetVoiceRecord,
  speechRecord,
  voiceTaskRecord,
} from './records.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

const LISTS: Readonly<Record<string, (i: number) => object>> = {
  '/v1/videos/advanced-lip-sync': lipSyncRecord,
  '/v1/general/custom-voices': voiceTaskRecord,
  '/v1/general/presets-voices': presetVoiceRecord,
};

let latencyMs = 0;
let count = 0;
const answers = new Map<string, Buffer>();

function answerTo(method: string, path: string): Buffer {
  // Its query contains the time of the call.
  const key = path.startsWith('/account/costs') ? 'GET /account/costs' : `${method} ${path}`;
  const known = answers.get(key);
  if (known !== undefined) return known;
  const data = dataOf(method, new URL(path, 'http://kling'));
  const answer =
    data === null
      ? toHttp(404, { code: 1203, message: `nothing at ${path}`, request_id: 'fake-request' })
      : toHttp(200, { code: 0, message: 'SUCCEED', request_id: 'fake-request', data });
  answers.set(key, answer);
  return answer;
}

function dataOf(method: string, { pathname, searchParams }: URL): unknown {
  const toRecord = LISTS[pathname];
  if (method === 'GET' && toRecord !== undefined) {
    const pageSize = Number(searchParams.get('pageSize') ?? 30);
    return Array.from({ length: pageSize }, (_, i) => toRecord(i));
  }
  if (pathname === '/account/costs') return costsRecord();
  if (pathname === '/v1/audio/tts') return speechRecord();
  if (method === 'POST' && pathname === '/v1/general/custom-voices') return createdVoiceTask(false);
  return pathname.startsWith('/v1/general/custom-voices/') ? createdVoiceTask(true) : null;
}

function toHttp(status: number, json: object): Buffer {
  const body = JSON.stringify(json);
  const head = `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

function control(path: string): Buffer {
  const { pathname, searchParams } = new URL(path, 'http://kling');
  if (pathname === '/bench/latency') latencyMs = Number(searchParams.get('ms'));
  return toHttp(200, { count });
}

/** Serves a connection. Clients send a request only after the answer to the one before. */
function serve(socket: Socket): void {
  let rest: Buffer | null = null;
  socket.setNoDelay();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
    const headEnd = bytes.indexOf(HEAD_END);
    rest = headEnd < 0 || !isWhole(bytes, headEnd) ? bytes : null;
    if (rest !== null) return;
    const [method = '', path = ''] = bytes.toString('latin1', 0, bytes.indexOf('\r\n')).split(' ');
    if (path.startsWith('/bench/')) {
      socket.write(control(path));
      return;
    }
    count += 1;
    const answer = answerTo(method, path);
    if (latencyMs === 0) socket.write(answer);
    else setTimeout(() => socket.write(answer), latencyMs);
  });
}

function isWhole(bytes: Buffer, headEnd: number): boolean {
  const bodyAt = headEnd + HEAD_END.length;
  // A GET has no body.
  if (bytes[0] === 'G'.charCodeAt(0)) return true;
  const head = bytes.toString('latin1', 0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return bytes.length >= bodyAt + Number(length);
  return bytes.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
}

const server = createServer(serve);
server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.once('disconnect', () => process.exit());
