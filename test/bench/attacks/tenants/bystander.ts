import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { type Caller, createHttpPool, toCallbackRequest, toGraphqlRequest } from './http-pool.ts';
import { createKlingControl } from './kling-control.ts';
import { createRecorder, type Kind, type Recorded } from './samples.ts';
import { initFrame, openSocketClient, type SocketClient, subscribeFrame } from './socket-client.ts';
import { openStreamClient, type StreamClient } from './stream-client.ts';

/** Tenant B, a well-behaved app whose latency is measured. */
export interface Bystander {
  /** Uses the gateway for `seconds`, and waits for the remaining answers. */
  run(seconds: number): Promise<Observed>;
  close(): void;
}

export interface Observed extends Recorded {
  /** The longest delay of this process itself, in milliseconds. Any sample may include it. */
  readonly ownDelayMs: number;
}

/** The duration of a step. There are 50 steps a second, and those without another action are queries. */
const STEP_MS = 20;
const STEPS: Readonly<Record<number, 'VOICE' | 'LIP_SYNC' | 'SCAN' | 'CHANGE' | 'END' | 'SOCKET' | 'STREAM'>> = {
  0: 'VOICE',
  4: 'CHANGE',
  8: 'END',
  12: 'LIP_SYNC',
  16: 'SOCKET',
  20: 'CHANGE',
  24: 'END',
  26: 'VOICE',
  32: 'CHANGE',
  38: 'SCAN',
  42: 'END',
  46: 'STREAM',
};

/** The longest wait for answers after the last step. */
const DRAIN_MS = 10_000;

const ALL_TASKS = 'subscription { taskUpdates { task { kling { klingTaskId klingStatus } } } }';
const ONE_TASK = 'subscription ($id: ID!) { taskUpdates(taskId: $id) { cursor } }';
const QUERIES = [
  '{ tasks(first: 10) { edges { node { id status createdAt } } } }',
  'query ($id: ID!) { node(id: $id) { id ... on VoiceTask { status externalId } } }',
  '{ tasks(first: 5, filter: { kind: VOICE, status: [PROCESSING] }) { edges { node { id } } } viewer { tenant } }',
  '{ taskUpdates(first: 10) { edges { node { cursor at } } } }',
  '{ presetVoices(first: 3) { edges { node { name } } } }',
] as const;
const VOICE =
  'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id kling { klingTaskId } } ... on Failure { code message } } }';
const LIP_SYNC =
  'mutation ($input: CreateLipSyncTaskInput!) { createLipSyncTask(input: $input) { ... on LipSyncTask { id kling { klingTaskId } } ... on Failure { code message } } }';
const SCAN =
  'mutation ($video: VideoInput!, $externalId: String) { identifyFaces(video: $video, externalId: $externalId) { ... on FaceScan { faces { id } } ... on Failure { code message } } }';

interface Made {
  readonly id: string;
  /** Null while it waits for a slot. */
  readonly kling: { readonly klingTaskId: string } | null;
}

interface Seen {
  readonly kling: { readonly klingTaskId: string; readonly klingStatus: string } | null;
}

/** Starts tenant B: subscribes over both transports, and creates a face and a task that never ends. */
export async function startBystander(
  { port, klingPort }: { readonly port: number; readonly klingPort: number },
  caller: Caller,
): Promise<Bystander> {
  const pool = createHttpPool(port);
  const kling = createKlingControl(klingPort);
  const recorder = createRecorder();
  /** Changes that were reported to the gateway and have not arrived here, by transport, task and status. */
  const expected = new Map<string, () => void>();
  let number = 0;
  let isOver = false;
  let socket: SocketClient | null = null;
  let stream: StreamClient | null = null;

  /** Executes an operation. Throws if its data is missing or incomplete. */
  async function execute(query: string, variables: object): Promise<unknown> {
    const { status, body } = await pool.ask(toGraphqlRequest(caller, { query, variables }));
    const text = body.toString();
    if (status !== 200 || text.includes('"errors":[') || text.includes('"code":"'))
      throw new Error(`${status} ${text.slice(0, 200)}`);
    return (JSON.parse(text) as { readonly data: unknown }).data;
  }

  async function sample(kind: Kind, work: () => Promise<void>): Promise<void> {
    const end = recorder.start(kind);
    await work().then(
      () => end(),
      (error: unknown) => end(error instanceof Error ? error.message : String(error)),
    );
  }

  function onEvent(transport: string, json: string): void {
    const { data } = JSON.parse(json) as { readonly data?: { readonly taskUpdates?: { readonly task: Seen } } };
    if (data?.taskUpdates === undefined) return recorder.problem(`no event: ${json.slice(0, 200)}`);
    const { kling: atKling } = data.taskUpdates.task;
    expected.get(`${transport} ${atKling?.klingTaskId} ${atKling?.klingStatus}`)?.();
  }

  async function watch(): Promise<void> {
    const operation = { query: ALL_TASKS };
    const streaming = openStreamClient(port, caller, operation, (json) => onEvent('SSE', json));
    stream = streaming;
    void streaming.closed.then((how) => isOver || recorder.problem(`the event stream ended: ${how}`));
    const made = await openSocketClient({
      port,
      caller,
      onMessage(bytes) {
        const message = JSON.parse(bytes.toString()) as { readonly type: string; readonly payload?: unknown };
        if (message.type === 'connection_ack') made.send(subscribeFrame('events', operation));
        if (message.type === 'next') onEvent('WebSocket', JSON.stringify(message.payload));
      },
    });
    socket = made;
    void made.closed.then((code) => isOver || recorder.problem(`the socket was closed with ${code}`));
    made.send(initFrame(caller));
  }

  const scan = async (): Promise<string> => {
    const variables = { video: { url: `https://example.com/person-10s-${(number += 1)}.mp4` } };
    const data = (await execute(SCAN, variables)) as { identifyFaces: { faces: { id: string }[] } };
    return data.identifyFaces.faces[0]?.id ?? '';
  };
  const voice = async (): Promise<Made> => {
    const recording = { url: 'https://example.com/voice-12s.mp3' };
    const input = { name: 'Narrator', sample: recording, externalId: `voice-${(number += 1)}` };
    return ((await execute(VOICE, { input })) as { createVoiceTask: Made }).createVoiceTask;
  };
  const lipSync = async (): Promise<Made> => {
    const input = {
      face: { faceId: face },
      audio: { url: 'https://example.com/sound-5s.mp3' },
      placement: { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: 500 },
      videoDurationMs: 10_000,
      externalId: `lip-sync-${(number += 1)}`,
    };
    return ((await execute(LIP_SYNC, { input })) as { createLipSyncTask: Made }).createLipSyncTask;
  };

  /** Measures the time from the callback to the message on both transports. */
  async function change(klingTaskId: string, status: string): Promise<void> {
    const callback = await kling.change(klingTaskId, status);
    for (const transport of ['WebSocket', 'SSE'] as const) {
      const end = recorder.start(`event by ${transport}`);
      const key = `${transport} ${klingTaskId} ${status}`;
      expected.set(key, () => {
        expected.delete(key);
        end();
      });
    }
    const { status: answered } = await pool.ask(toCallbackRequest(callback));
    if (answered !== 204) recorder.problem(`a callback was answered ${answered}`);
  }

  async function openAnother(): Promise<void> {
    const { promise: told, resolve } = Promise.withResolvers<void>();
    const another = await openSocketClient({
      port,
      caller,
      onMessage(message) {
        const isNext = message.includes('"type":"next"');
        if (isNext) resolve();
        else another.send(subscribeFrame('1', { query: ONE_TASK, variables: { id: standing.id } }));
      },
    });
    another.send(initFrame(caller));
    const how = await Promise.race([told, another.closed]);
    another.close();
    if (how !== undefined) throw new Error(`closed with ${how}`);
  }

  async function openAnotherStream(): Promise<void> {
    const { promise: told, resolve } = Promise.withResolvers<void>();
    const operation = { query: ONE_TASK, variables: { id: standing.id } };
    const another = openStreamClient(port, caller, operation, () => resolve());
    const how = await Promise.race([told, another.closed]);
    another.close();
    if (how !== undefined) throw new Error(`answered ${how}`);
  }

  /** Creates a task, and ends it later. A task that waits for a slot has no id at Kling, and is not ended. */
  async function makeEndable(make: () => Promise<Made>): Promise<void> {
    const { kling: atKling } = await make();
    if (atKling !== null) endable.push(atKling.klingTaskId);
  }

  async function step(i: number): Promise<void> {
    switch (STEPS[i % 50]) {
      case 'VOICE':
        return sample('mutation', () => makeEndable(voice));
      case 'LIP_SYNC':
        return sample('mutation', () => makeEndable(lipSync));
      case 'SCAN':
        return sample('mutation', async () => void (await scan()));
      case 'CHANGE':
        return change(standing.kling?.klingTaskId ?? '', `step-${(number += 1)}`);
      case 'END': {
        const klingTaskId = endable.shift();
        return klingTaskId === undefined ? undefined : change(klingTaskId, 'succeed');
      }
      case 'SOCKET':
        return sample('new socket', openAnother);
      case 'STREAM':
        return sample('new socket', openAnotherStream);
      case undefined: {
        const query = QUERIES[i % QUERIES.length] ?? QUERIES[0];
        return sample('query', async () => void (await execute(query, { id: standing.id })));
      }
    }
  }

  const face = await scan();
  const standing = await voice();
  const endable: string[] = [];
  await watch();

  return {
    async run(seconds) {
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      const startedAtMs = performance.now();
      for (let i = 0; i < (seconds * 1_000) / STEP_MS; i += 1) {
        await wait(Math.max(0, startedAtMs + i * STEP_MS - performance.now()));
        step(i).catch((error: unknown) => recorder.problem(String(error)));
      }
      const recorded = await recorder.take(DRAIN_MS);
      delay.disable();
      expected.clear();
      return { ...recorded, ownDelayMs: delay.max / 1e6 };
    },
    close() {
      isOver = true;
      socket?.close();
      stream?.close();
      pool.close();
      kling.close();
    },
  };
}
