import type { IncomingMessage, ServerResponse } from 'node:http';
import { startServer } from '../../node/loopback-server.ts';

/** The kinds of outages of Kling. Requests of `hang` never get an answer, even after the outage. */
export const FAULTS = ['reset', 'envelope', 'maintenance', 'hang'] as const;
export type Fault = (typeof FAULTS)[number];

/** A fake Kling that makes voices, sends no callbacks, and can have outages. */
export interface FakeKling {
  readonly url: string;
  /** The time of each request, in milliseconds since the epoch. */
  readonly requestsAtMs: readonly number[];
  /** Returns the number of external ids with more than one task. It must be 0. */
  readonly madeTwice: () => number;
  setDown(fault: Fault | null): void;
  close(): Promise<void>;
}

interface Task {
  readonly id: string;
  readonly externalId: string;
  readonly endsAtMs: number;
}

const VOICES = '/v1/general/custom-voices';

/** Starts it on a free port of the loopback. A voice takes `taskMs`. */
export async function startFakeKling(taskMs: number): Promise<FakeKling> {
  const requestsAtMs: number[] = [];
  const tasks: Task[] = [];
  let down: Fault | null = null;

  function show({ id, externalId, endsAtMs }: Task): object {
    const isOver = Date.now() >= endsAtMs;
    const voice = { voice_id: `voice-${id}`, voice_name: 'Ann', trial_url: 'https://example.com/a.mp3', owned_by: '1' };
    return {
      task_id: id,
      task_status: isOver ? 'succeed' : 'processing',
      task_info: { external_task_id: externalId },
      task_result: isOver ? { voices: [voice] } : {},
      created_at: endsAtMs - taskMs,
      updated_at: Math.min(Date.now(), endsAtMs),
    };
  }

  function answer(incoming: IncomingMessage, body: string, response: ServerResponse): void {
    const path = new URL(incoming.url ?? '', 'http://kling').pathname;
    if (incoming.method === 'POST' && path === VOICES) {
      const { external_task_id: externalId } = JSON.parse(body) as { external_task_id: string };
      const task = { id: `${tasks.length + 1}`, externalId, endsAtMs: Date.now() + taskMs };
      tasks.push(task);
      return send(response, 200, 0, show(task));
    }
    const asked = decodeURIComponent(path.slice(VOICES.length + 1));
    const task = tasks.find(({ id, externalId }) => id === asked || externalId === asked);
    if (task === undefined) return send(response, 404, 1203);
    return send(response, 200, 0, show(task));
  }

  function fail(fault: Fault, { socket }: IncomingMessage, response: ServerResponse): void {
    if (fault === 'reset') socket.resetAndDestroy();
    if (fault === 'envelope') send(response, 500, 5000);
    if (fault === 'maintenance') send(response, 503, 5001);
  }

  const { url, close } = await startServer((incoming, response) => {
    requestsAtMs.push(Date.now());
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('error', () => {});
    incoming.on('end', () => {
      if (down === null) answer(incoming, Buffer.concat(parts).toString(), response);
      else fail(down, incoming, response);
    });
  });
  return {
    url,
    requestsAtMs,
    madeTwice: () => tasks.length - new Set(tasks.map(({ externalId }) => externalId)).size,
    setDown(fault) {
      down = fault;
    },
    close,
  };
}

function send(response: ServerResponse, status: number, code: number, data?: object): void {
  const body = JSON.stringify({ code, message: 'a message', request_id: 'request', ...(data && { data }) });
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
