/**
 * A fake Kling in its own process, with its data in memory. Its tasks change only by `/bench/change?task=ID&status=WORD`, which
 * answers with the callback to send. `/bench/counts` returns the requests of each route.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readBody, serve } from '../../fanout/child.ts';

interface Task {
  readonly klingTaskId: string;
  readonly externalTaskId: string;
  readonly callbackUrl: string;
  status: string;
  updatedAtMs: number;
  reads: number;
}

const VOICES = '/v1/general/custom-voices';
const LIP_SYNCS = '/v1/videos/advanced-lip-sync';
const PRESETS = '/v1/general/presets-voices';
const PRESET_VOICES = 100;

const tasks = new Map<string, Task>();
const counts = new Map<string, number>();
let scans = 0;

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    response.writeHead(500).end(String(error));
  });
});
serve(server);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '' } = request;
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://kling');
  if (pathname.startsWith('/bench/')) return send(response, 200, control(pathname, searchParams));
  const [base = pathname, id] = splitId(pathname);
  const route = `${method} ${base}${id === undefined ? '' : '/{id}'}`;
  counts.set(route, (counts.get(route) ?? 0) + 1);
  const body = method === 'POST' ? await readBody(request) : '';
  const data = dataOf(method, base, id, searchParams, body);
  const envelope = data === null ? { code: 1203, message: 'task not found' } : { code: 0, message: 'SUCCEED', data };
  send(response, data === null ? 404 : 200, { ...envelope, request_id: 'fake-request' });
}

function splitId(pathname: string): readonly string[] {
  const base = [VOICES, LIP_SYNCS].find((path) => pathname.startsWith(`${path}/`));
  return base === undefined ? [pathname] : [base, decodeURIComponent(pathname.slice(base.length + 1))];
}

function dataOf(method: string, base: string, id: string | undefined, query: URLSearchParams, body: string): unknown {
  if (method === 'POST' && (base === VOICES || base === LIP_SYNCS)) return toRecord(make(body));
  if (method === 'POST' && base === '/v1/videos/identify-face') {
    scans += 1;
    const face = { face_id: '0', face_image: 'https://cdn.example.com/face.png', start_time: 0, end_time: 10_000 };
    return { session_id: `session-${scans}`, face_data: [face], final_unit_deduction: '0.05' };
  }
  if (base === PRESETS) return presets(query);
  if (id === undefined) return method === 'GET' ? [] : null;
  const task = tasks.get(id);
  if (task === undefined) return null;
  task.reads += 1;
  return toRecord(task);
}

function make(body: string): Task {
  const { external_task_id, callback_url } = JSON.parse(body) as Readonly<Record<string, string>>;
  const klingTaskId = String(829_877_000_000_000_000n + BigInt(tasks.size));
  const task: Task = {
    klingTaskId,
    externalTaskId: external_task_id ?? '',
    callbackUrl: callback_url ?? '',
    status: 'submitted',
    updatedAtMs: Date.now(),
    reads: 0,
  };
  tasks.set(klingTaskId, task);
  tasks.set(task.externalTaskId, task);
  return task;
}

function presets(query: URLSearchParams): readonly object[] {
  const pageSize = Number(query.get('pageSize') ?? 30);
  const start = (Number(query.get('pageNum') ?? 1) - 1) * pageSize;
  return Array.from({ length: Math.max(0, Math.min(pageSize, PRESET_VOICES - start)) }, (_, i) => {
    const voice = { voice_id: `preset-${start + i}`, voice_name: `Preset ${start + i}`, owned_by: 'kling' };
    return { task_result: { voices: [voice] } };
  });
}

function toRecord({ klingTaskId, externalTaskId, status, updatedAtMs }: Task): object {
  const isEnded = status === 'succeed';
  const result = {
    voices: [{ voice_id: `voice-${klingTaskId}`, voice_name: 'Narrator' }],
    videos: [{ id: `video-${klingTaskId}`, url: 'https://cdn.example.com/video.mp4', duration: '5.0' }],
  };
  return {
    task_id: klingTaskId,
    task_status: status,
    task_info: { external_task_id: externalTaskId },
    created_at: updatedAtMs,
    updated_at: updatedAtMs,
    ...(isEnded ? { final_unit_deduction: '0.05', task_result: result } : {}),
  };
}

function control(pathname: string, query: URLSearchParams): object {
  if (pathname === '/bench/counts') return Object.fromEntries(counts);
  const task = tasks.get(query.get('task') ?? '');
  if (task === undefined) throw new Error(`no task ${query.get('task')}`);
  const status = query.get('status');
  if (status !== null) {
    task.status = status;
    task.updatedAtMs = Math.max(Date.now(), task.updatedAtMs + 1);
  }
  return { callbackUrl: task.callbackUrl, body: JSON.stringify(toRecord(task)), reads: task.reads };
}

function send(response: ServerResponse, status: number, json: object): void {
  const body = JSON.stringify(json);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
