import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { startServer } from '../../node/loopback-server.ts';
import { ENDED_AT_MS, UNITS, VOICE } from './subscription.ts';

/** A voice task of the fake Kling. */
export interface FakeTask {
  readonly klingTaskId: string;
  readonly externalTaskId: string;
  readonly callbackUrl: string;
  isEnded: boolean;
}

/** A fake Kling for voice tasks. It answers from memory without delay. */
export interface FakeKling {
  readonly url: string;
  /** Creates a task without a request. */
  make(externalTaskId: string, callbackUrl: string): FakeTask;
  /** Returns the tasks that were created since the last call. */
  takeMade(): FakeTask[];
  /** Returns the body of the callback for the end of a task. */
  callbackBody(task: FakeTask): string;
  close(): Promise<void>;
}

const VOICES = '/v1/general/custom-voices';

/** Listens on a free port of the loopback. */
export async function startFakeKling(): Promise<FakeKling> {
  const tasks = new Map<string, FakeTask>();
  let made: FakeTask[] = [];

  function make(externalTaskId: string, callbackUrl: string): FakeTask {
    const klingTaskId = String(829_877_000_000_000_000n + BigInt(tasks.size));
    const task = { klingTaskId, externalTaskId, callbackUrl, isEnded: false };
    tasks.set(klingTaskId, task);
    made.push(task);
    return task;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://kling');
    if (request.method === 'POST' && pathname === VOICES) {
      const body = JSON.parse(await text(request)) as { external_task_id: string; callback_url: string };
      return send(response, toRecord(make(body.external_task_id, body.callback_url)));
    }
    const task = tasks.get(pathname.slice(VOICES.length + 1));
    return send(response, task === undefined ? null : toRecord(task));
  }

  const { url, server, close } = await startServer((request, response) => void answer(request, response));
  server.keepAliveTimeout = 600_000;
  return {
    url,
    make,
    takeMade() {
      const taken = made;
      made = [];
      return taken;
    },
    callbackBody: (task) => JSON.stringify(toRecord({ ...task, isEnded: true })),
    close,
  };
}

function send(response: ServerResponse, data: object | null): void {
  const answer = data === null ? { code: 1203, message: 'task not found' } : { code: 0, message: 'SUCCEED', data };
  const body = JSON.stringify({ ...answer, request_id: 'fake-request' });
  response.writeHead(data === null ? 404 : 200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

function toRecord({ klingTaskId, externalTaskId, isEnded }: FakeTask): object {
  const voice = { voice_id: VOICE.klingVoiceId, voice_name: VOICE.name, trial_url: VOICE.sampleUrl };
  return {
    task_id: klingTaskId,
    task_status: isEnded ? 'succeed' : 'submitted',
    task_info: { external_task_id: externalTaskId },
    created_at: Date.UTC(2026, 0, 1),
    updated_at: isEnded ? ENDED_AT_MS : Date.UTC(2026, 0, 1),
    ...(isEnded ? { final_unit_deduction: UNITS, task_result: { voices: [voice] } } : {}),
  };
}
