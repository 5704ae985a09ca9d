/**
 * `npm run demo`: makes a lip-sync of an uploaded video and a sentence by one call, receives the webhook of its end, and
 * clones a voice. It follows both tasks by subscription, as a frontend would. Exits with 0 if both succeed.
 *
 * `GATEWAY_URL` is the URL of the gateway, by default http://localhost:8787. `SANDBOX_URL` is that of the sandbox, whose
 * examples are used, by default on the next port. `GATEWAY_TOKEN` is the token of the caller, by default that of
 * `npm run token tenant-a`.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { mintDevToken } from './dev-token.ts';
import { createExecute, OperationRefused } from './gateway-client.ts';
import { startReceiver, type WebhookReceiver } from './webhook-receiver.ts';

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
  readonly stage: string;
  readonly costs: readonly { readonly stage: string; readonly unitsCharged: string | null }[];
  readonly placement: { readonly audioEndMs: number; readonly insertAtMs: number };
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
      ... on LipSyncTask {
        stage costs { stage unitsCharged } placement { audioEndMs insertAtMs } expiresAt videos { url durationMs }
      }
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
      progress.show(last.status === 'PREPARING' ? `PREPARING (${stageOf(last)})` : last.status);
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

function stageOf(task: Task): string {
  return 'stage' in task ? String(task.stage) : '';
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

/** A file of the gateway, and where its bytes are sent. */
interface Media {
  readonly id: string;
  readonly upload: { readonly url: string };
}

/** Registers a file. Returns null if the gateway has no bucket. */
async function register(fileName: string, bytes: number): Promise<Media | null> {
  try {
    const { createMedia } = await execute<{ createMedia: Media }>(
      `mutation Create($source: MediaSourceInput!) {
         createMedia(kind: VIDEO, source: $source) { ... on Media { id upload { url } } ... on Failure { code message } }
       }`,
      { source: { file: { bytes, fileName } } },
    );
    return createMedia;
  } catch (error) {
    if (!(error instanceof OperationRefused) || error.code !== 'NOT_CONFIGURED') throw error;
    say('  this gateway keeps no files, so Kling gets the URL');
    return null;
  }
}

async function upload({ upload: { url } }: Media, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const sent = await fetch(url, { method: 'PUT', body: bytes });
  if (!sent.ok) throw new Error(`the upload was answered with ${sent.status}: ${await sent.text()}`);
}

/** Lets the gateway send the end of every task to a receiver of this process. Returns null if it may not. */
async function subscribeWebhooks(receiver: WebhookReceiver): Promise<string | null> {
  try {
    const { createWebhookEndpoint } = await execute<{
      createWebhookEndpoint: { secret: string; endpoint: { id: string } };
    }>(
      `mutation Endpoint($url: String!) {
         createWebhookEndpoint(url: $url) {
           ... on WebhookSecret { secret endpoint { id } } ... on Failure { code message }
         }
       }`,
      { url: receiver.url },
    );
    receiver.trust(createWebhookEndpoint.secret);
    return createWebhookEndpoint.endpoint.id;
  } catch (error) {
    if (!(error instanceof OperationRefused)) throw error;
    say(`  without a webhook: ${error.message}`);
    return null;
  }
}

const WEBHOOK_MS_MAX = 20_000;

/** Waits for the webhook of a task, which the receiver has verified. */
async function showWebhook(receiver: WebhookReceiver, taskId: string): Promise<void> {
  const deadlineMs = Date.now() + WEBHOOK_MS_MAX;
  while (Date.now() < deadlineMs) {
    const message = receiver.messages.find(({ task }) => task?.id === taskId);
    if (message !== undefined) {
      return say(`  webhook: ${message.type}, sequence ${message.sequence}, signature verified`);
    }
    await sleep(100);
  }
  throw new Error('the webhook did not come in time');
}

async function lipSync(receiver: WebhookReceiver): Promise<void> {
  say('Lip-sync: one call with a video and a sentence');
  const endpointId = await subscribeWebhooks(receiver);
  const name = 'interview-sandbox-two-faces-10s.mp4';
  const url = `${examples}/${name}`;
  const example = await fetch(url);
  if (!example.ok) throw new Error(`the sandbox answered ${example.status} for ${url}`);
  const bytes = new Uint8Array(await example.arrayBuffer());
  const media = await register(name, bytes.byteLength);
  const { createLipSyncTask } = await execute<{ createLipSyncTask: LipSync }>(
    `mutation Create($input: CreateLipSyncTaskInput!) {
       createLipSyncTask(input: $input) { ... on LipSyncTask { id } ... on Failure { code message } }
     }`,
    {
      input: {
        face: { inVideo: { video: media === null ? { url } : { mediaId: media.id } } },
        audio: { speech: { text: 'Good morning, and welcome to the show.', klingVoiceId: 'oversea_male1' } },
      },
    },
  );
  const following = follow<LipSync>(createLipSyncTask.id);
  // The task waits for the upload, so the order does not matter.
  if (media !== null) await upload(media, bytes);
  const done = await following;
  const [result] = done.videos;
  if (result === undefined) throw new Error('the task succeeded without a video');
  const head = await fetch(result.url, { method: 'HEAD' });
  const { audioEndMs, insertAtMs } = done.placement;
  say(`  ${audioEndMs} ms of speech, from ${insertAtMs} ms on, in a video of ${bytes.byteLength} bytes`);
  for (const { stage, unitsCharged } of done.costs) say(`    ${stage}: ${unitsCharged} units`);
  say(`  result: ${result.url}`);
  say(
    `    ${result.durationMs} ms, ${head.headers.get('content-type')} of ${head.headers.get('content-length')} bytes, cost ${done.unitsCharged} units, kept until ${done.expiresAt}`,
  );
  if (endpointId === null) return;
  await showWebhook(receiver, done.id);
  await execute(
    `mutation Delete($endpointId: ID!) {
       deleteWebhookEndpoint(endpointId: $endpointId) { ... on Deletion { deletedId } ... on Failure { code message } }
     }`,
    { endpointId },
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

const receiver = await startReceiver();
try {
  await lipSync(receiver);
  await customVoice();
} catch (error) {
  const { message, cause } = error as Error;
  say(`The demo stopped: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`);
  if (message === 'fetch failed') say(`Is the gateway running at ${gateway}? Start it with: npm start`);
  process.exitCode = 1;
} finally {
  receiver.close();
}
