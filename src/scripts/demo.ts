/**
 * `npm run demo`: a whole lip-sync and a whole custom voice, made through the gateway as a frontend would.
 *
 * `GATEWAY_URL` is where the gateway is; http://localhost:8787 unless set. Exits with 0 when both have been made.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { createExecute } from './gateway-client.ts';

const gateway = process.env['GATEWAY_URL'] ?? 'http://localhost:8787';
const execute = createExecute(`${gateway}/graphql`);

/** A demo task takes seconds; one that takes this long will not end. */
const TASK_MS_MAX = 120_000;
const POLL_MS = 500;

interface Task {
  readonly id: string;
  readonly status: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly unitsDeducted: string | null;
}
interface LipSync extends Task {
  readonly expiresAt: string | null;
  readonly videos: readonly { readonly url: string; readonly durationMs: number }[];
}
interface VoiceTask extends Task {
  readonly voices: readonly { readonly id: string; readonly name: string; readonly trialUrl: string }[];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Reads a task until it is final, and says each state it passes. */
async function follow<T extends Task>(read: () => Promise<T>): Promise<T> {
  const start = Date.now();
  let said = '';
  while (Date.now() - start < TASK_MS_MAX) {
    const task = await read();
    if (task.status !== said) say(`    ${((Date.now() - start) / 1000).toFixed(1).padStart(5)} s  ${task.status}`);
    said = task.status;
    if (task.failure) throw new Error(`the task failed: ${task.failure.code}: ${task.failure.message}`);
    if (task.status === 'SUCCEEDED') return task;
    await wait(POLL_MS);
  }
  throw new Error(`the task did not end within ${TASK_MS_MAX / 1000} s`);
}

async function lipSync(): Promise<void> {
  say('Lip-sync');
  const video = 'https://example.com/interview-sandbox-two-faces-10s.mp4';
  say(`  identifying the faces of ${video}`);
  const { identifyFaces } = await execute<{
    identifyFaces: { faceScan: { faces: { id: string; faceId: string; startMs: number; endMs: number }[] } };
  }>(
    `mutation Identify($input: IdentifyFacesInput!) {
       identifyFaces(input: $input) { faceScan { faces { id faceId startMs endMs } } }
     }`,
    { input: { video: { url: video } } },
  );
  const { faces } = identifyFaces.faceScan;
  for (const face of faces) say(`    face ${face.faceId}: ${face.startMs} ms to ${face.endMs} ms`);
  const [face] = faces;
  if (face === undefined) throw new Error('the video shows no face');

  const placement = { cropStartMs: 0, cropEndMs: 3000, insertAtMs: face.startMs + 500, videoDurationMs: 10_000 };
  say(`  putting ${placement.cropEndMs} ms of sound on face ${face.faceId}, from ${placement.insertAtMs} ms on`);
  const { createLipSyncTask } = await execute<{ createLipSyncTask: { task: LipSync } }>(
    `mutation Create($input: CreateLipSyncTaskInput!) {
       createLipSyncTask(input: $input) { task { id status failure { code message } } }
     }`,
    { input: { faceId: face.id, sound: { url: 'https://example.com/hello-5s.mp3' }, placement } },
  );
  const { id } = createLipSyncTask.task;
  const done = await follow(async () => {
    const { lipSyncTask } = await execute<{ lipSyncTask: LipSync }>(
      `query Task($id: ID!) {
         lipSyncTask(by: { id: $id }) {
           id status failure { code message } unitsDeducted expiresAt videos { url durationMs }
         }
       }`,
      { id },
    );
    return lipSyncTask;
  });
  const [result] = done.videos;
  if (result === undefined) throw new Error('the task succeeded without a video');
  const head = await fetch(result.url, { method: 'HEAD' });
  say(`  result: ${result.url}`);
  say(
    `    ${result.durationMs} ms, ${head.headers.get('content-type')}, cost ${done.unitsDeducted} units, kept until ${done.expiresAt}`,
  );
}

async function customVoice(): Promise<void> {
  say('Custom voice');
  const { createVoice } = await execute<{ createVoice: { task: VoiceTask } }>(
    `mutation Create($input: CreateVoiceInput!) {
       createVoice(input: $input) { task { id status failure { code message } } }
     }`,
    { input: { name: 'Narrator', source: { url: 'https://example.com/narrator-12s.mp3' } } },
  );
  const done = await follow(async () => {
    const { voiceTask } = await execute<{ voiceTask: VoiceTask }>(
      `query Task($id: ID!) {
         voiceTask(by: { id: $id }) { id status failure { code message } unitsDeducted voices { id name trialUrl } }
       }`,
      { id: createVoice.task.id },
    );
    return voiceTask;
  });
  const [voice] = done.voices;
  if (voice === undefined) throw new Error('the task succeeded without a voice');
  say(`  result: ${voice.name}, listen at ${voice.trialUrl}`);
  say(`  my voices: ${await voiceNames()}`);
  await execute(`mutation Delete($input: DeleteVoiceInput!) { deleteVoice(input: $input) { deletedVoiceId } }`, {
    input: { voiceId: voice.id },
  });
  say(`  deleted; my voices: ${await voiceNames()}`);
}

async function voiceNames(): Promise<string> {
  const { voices } = await execute<{ voices: { edges: { node: { name: string } }[] } }>(
    `query Voices { voices(first: 100) { edges { node { name } } } }`,
  );
  return voices.edges.map(({ node }) => node.name).join(', ') || 'none';
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
