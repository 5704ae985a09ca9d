/**
 * `npm run demo`: uploads a video, makes a lip-sync of it and a custom voice, as a frontend would, and follows both tasks
 * by subscription. Exits with 0 if both succeed.
 *
 * `GATEWAY_URL` is the URL of the gateway, by default http://localhost:8787. `SANDBOX_URL` is that of the sandbox, whose
 * examples are used, by default on the next port. `GATEWAY_TOKEN` is the token of the caller, by default that of
 * `npm run token tenant-a`.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { mintDevToken } from './dev-token.ts';
import { createExecute, OperationRefused } from './gateway-client.ts';

const gateway = process.env['GATEWAY_URL'] ?? 'http://localhost:8787';
const examples = `${process.env['SANDBOX_URL'] ?? onNextPort(gateway)}/files/examples`;
const token = process.env['GATEWAY_TOKEN'] ?? (await mintDevToken('tenant-a'));
const execute = createExecute(`${gateway}/graphql`, token);
const live = createClient({
  url: `${gateway.replace(/^http/, 'ws')}/graphql`,
  connectionParams: { authorization: `Bearer ${token}` },
  retryAttempts: 10,
});

/** The timeout of a task. A task of the demo takes seconds. */
const TASK_MS_MAX = 120_000;

interface Task {
  readonly id: string;
  readonly status: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly unitsCharged: string | null;
}
interface LipSync extends Task {
  readonly expiresAt: string | null;
  readonly videos: readonly { readonly url: string; readonly durationMs: number }[];
}
interface VoiceTask extends Task {
  readonly voices: readonly { readonly id: string; readonly name: string; readonly sampleUrl: string }[];
}

/** The sandbox of `npm start` listens on the port after the gateway's. */
function onNextPort(origin: string): string {
  const url = new URL(origin);
  url.port = String(Number(url.port) + 1);
  return url.origin;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const ONE_TASK = `subscription TaskUpdates($id: ID!, $after: String) {
  taskUpdates(taskId: $id, after: $after) {
    cursor
    task {
      id status failure { code message } unitsCharged
      ... on LipSyncTask { expiresAt videos { url durationMs } }
      ... on VoiceTask { voices { id name sampleUrl } }
    }
  }
}`;

/** Watches a task to its end and shows each status. After a lost connection, it resumes from the last cursor. */
async function follow<T extends Task>(id: string): Promise<T> {
  const variables: { id: string; after?: string } = { id };
  const progress = createProgress(process.stdout);
  const timer = setTimeout(() => live.terminate(), TASK_MS_MAX);
  let last: T | null = null;
  try {
    for await (const { data, errors } of live.iterate<{ taskUpdates: { cursor: string; task: T } }>({
      query: ONE_TASK,
      variables,
    })) {
      if (!data) throw new Error(errors?.[0]?.message ?? 'the subscription has no data');
      variables.after = data.taskUpdates.cursor;
      last = data.taskUpdates.task;
      progress.show(last.status);
    }
  } catch (error) {
    throw toError(error);
  } finally {
    clearTimeout(timer);
    progress.end();
  }
  if (last?.failure) throw new Error(`the task failed: ${last.failure.code}: ${last.failure.message}`);
  if (last?.status !== 'SUCCEEDED') throw new Error(`the task did not end within ${TASK_MS_MAX / 1000} s`);
  return last;
}

/** Maps what a subscription failed with: an error, the errors of a refusal, or the close of its socket. */
function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const [refusal] = Array.isArray(thrown) ? (thrown as readonly { readonly message: string }[]) : [];
  if (refusal !== undefined) return new Error(refusal.message);
  const { code, reason } = thrown as { readonly code?: number; readonly reason?: string };
  return new Error(`the connection was closed with ${code ?? 'no code'} ${reason ?? ''}`.trim());
}

/** Shows the statuses of one task as lines, each with its time. In a terminal, the time of the last one keeps counting. */
interface Progress {
  show(state: string): void;
  /** Stops counting. */
  end(): void;
}

const TICK_MS = 100;
const FRAMES = ['|', '/', '-', '\\'];

/** `out` is the stream to write to. A pipe or a file gets only the lines. */
function createProgress(out: NodeJS.WriteStream): Progress {
  const startedMs = Date.now();
  let state: string | null = null;
  let ticks = 0;

  function seconds(): string {
    return `${((Date.now() - startedMs) / 1000).toFixed(1).padStart(5)} s`;
  }

  function tick(): void {
    if (state === null) return;
    ticks += 1;
    out.write(`\r  ${FRAMES[ticks % FRAMES.length]} ${seconds()}  ${state} ...`);
  }

  const timer = out.isTTY ? setInterval(tick, TICK_MS) : null;
  function clear(): void {
    if (out.isTTY) out.write('\r\u001b[2K');
  }

  return {
    show(next) {
      clear();
      if (next !== state) out.write(`    ${seconds()}  ${next}\n`);
      state = next;
    },
    end() {
      if (timer !== null) clearInterval(timer);
      clear();
    },
  };
}

interface Media {
  readonly id: string;
  readonly status: string;
  readonly durationMs: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly problems: readonly { readonly message: string }[];
}

/** Uploads a video in one request, waits until the gateway has checked it, and returns its id. */
async function upload(bytes: Uint8Array<ArrayBuffer>, fileName: string): Promise<string> {
  const { createMedia } = await execute<{ createMedia: { id: string; upload: { url: string } } }>(
    `mutation Create($source: MediaSourceInput!) {
       createMedia(kind: VIDEO, source: $source) { ... on Media { id upload { url } } ... on Failure { code message } }
     }`,
    { source: { file: { bytes: bytes.byteLength, fileName } } },
  );
  const sent = await fetch(createMedia.upload.url, { method: 'PUT', body: bytes });
  if (!sent.ok) throw new Error(`the upload was answered with ${sent.status}: ${await sent.text()}`);
  say(`    uploaded ${bytes.byteLength} bytes`);
  const deadlineMs = Date.now() + TASK_MS_MAX;
  while (Date.now() < deadlineMs) {
    const { node } = await execute<{ node: Media }>(
      `query Media($id: ID!) {
         node(id: $id) { ... on Media { id status durationMs width height problems { message } } }
       }`,
      { id: createMedia.id },
    );
    if (node.status === 'READY') {
      say(`    READY: ${node.durationMs} ms, ${node.width} x ${node.height}`);
      return node.id;
    }
    if (node.status === 'REJECTED') throw new Error(`the video ${node.problems[0]?.message ?? 'was rejected'}`);
    await sleep(200);
  }
  throw new Error('the video was not checked in time');
}

/** Uploads the file at a URL. Returns the URL itself if the gateway has no bucket. */
async function toVideo(url: string, name: string): Promise<{ mediaId: string } | { url: string }> {
  say(`  uploading ${name}`);
  const file = await fetch(url);
  if (!file.ok) throw new Error(`the sandbox answered ${file.status} for ${url}`);
  try {
    return { mediaId: await upload(new Uint8Array(await file.arrayBuffer()), name) };
  } catch (error) {
    if (!(error instanceof OperationRefused) || error.code !== 'NOT_CONFIGURED') throw error;
    say('    this gateway keeps no files, so Kling gets the URL');
    return { url };
  }
}

async function lipSync(): Promise<void> {
  say('Lip-sync');
  const name = 'interview-sandbox-two-faces-10s.mp4';
  const video = await toVideo(`${examples}/${name}`, name);
  say('  identifying its faces');
  const { identifyFaces } = await execute<{
    identifyFaces: { faces: { id: string; klingFaceId: string; startMs: number; endMs: number }[] };
  }>(
    `mutation Identify($video: VideoInput!) {
       identifyFaces(video: $video) {
         ... on FaceScan { faces { id klingFaceId startMs endMs } }
         ... on Failure { code message }
       }
     }`,
    { video },
  );
  const { faces } = identifyFaces;
  for (const face of faces) say(`    face ${face.klingFaceId}: ${face.startMs} ms to ${face.endMs} ms`);
  const [face] = faces;
  if (face === undefined) throw new Error('the video shows no face');

  const placement = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: face.startMs + 500 };
  say(`  putting ${placement.audioEndMs} ms of audio on face ${face.klingFaceId}, from ${placement.insertAtMs} ms on`);
  const { createLipSyncTask } = await execute<{ createLipSyncTask: LipSync }>(
    `mutation Create($input: CreateLipSyncTaskInput!) {
       createLipSyncTask(input: $input) { ... on LipSyncTask { id } ... on Failure { code message } }
     }`,
    {
      input: {
        face: { faceId: face.id },
        audio: { url: `${examples}/hello-5s.mp3` },
        placement,
        videoDurationMs: 10_000,
      },
    },
  );
  const done = await follow<LipSync>(createLipSyncTask.id);
  const [result] = done.videos;
  if (result === undefined) throw new Error('the task succeeded without a video');
  const head = await fetch(result.url, { method: 'HEAD' });
  say(`  result: ${result.url}`);
  say(
    `    ${result.durationMs} ms, ${head.headers.get('content-type')} of ${head.headers.get('content-length')} bytes, cost ${done.unitsCharged} units, kept until ${done.expiresAt}`,
  );
}

async function customVoice(): Promise<void> {
  say('Custom voice');
  const { createVoiceTask } = await execute<{ createVoiceTask: VoiceTask }>(
    `mutation Create($input: CreateVoiceTaskInput!) {
       createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } }
     }`,
    { input: { name: 'Narrator', sample: { url: `${examples}/narrator-12s.mp3` } } },
  );
  const done = await follow<VoiceTask>(createVoiceTask.id);
  const [voice] = done.voices;
  if (voice === undefined) throw new Error('the task succeeded without a voice');
  say(`  result: ${voice.name}, listen at ${voice.sampleUrl}`);
  say(`  my voices: ${await voiceNames()}`);
  await execute(
    `mutation Delete($voiceId: ID!) {
       deleteVoice(voiceId: $voiceId) { ... on Deletion { deletedId } ... on Failure { code message } }
     }`,
    { voiceId: voice.id },
  );
  say(`  deleted; my voices: ${await voiceNames()}`);
}

async function voiceNames(): Promise<string> {
  const { voices } = await execute<{ voices: { nodes: { name: string }[] } }>(
    `query Voices { voices(first: 100) { nodes { name } } }`,
  );
  return voices.nodes.map(({ name }) => name).join(', ') || 'none';
}

try {
  await lipSync();
  await customVoice();
} catch (error) {
  const { message, cause } = error as Error;
  say(`The demo stopped: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`);
  if (message === 'fetch failed') say(`Is the gateway running at ${gateway}? Start it with: npm start`);
  process.exitCode = 1;
}
