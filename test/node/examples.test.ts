import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, print, separateOperations } from 'graphql';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createSseClient } from '../clients/recipes/graphql-sse.ts';
import type { Subscriber } from '../clients/recipes/resumable.ts';
import { TOKEN } from '../support/token.ts';
import { wav } from './bad-inputs.ts';
import { startGateway, type RunningGateway } from './gateway.ts';

/** The example operations by name, each with the fragments that it spreads. */
const EXAMPLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(
    separateOperations(
      parse(readFileSync(join(import.meta.dirname, 'examples.graphql'), 'utf8'), { noLocation: true }),
    ),
  ).map(([name, document]) => [name, print(document)]),
);
const BASE64 = wav(5_000).toString('base64');
const ACCESS_KEY = `sandbox-api-key-${randomBytes(6).toString('hex')}`;

let gateway: RunningGateway;
const ran = new Set<string>();

beforeAll(async () => {
  gateway = await startGateway({ credential: 'API_KEY', accessKey: ACCESS_KEY });
});
afterAll(() => gateway.close());

/** Runs an example. Returns its data, and throws if there is an error or a failure in it. */
// oxlint-disable-next-line typescript/no-explicit-any -- each example has a shape of its own
async function run(name: string, variables: object = {}): Promise<any> {
  const query = EXAMPLES[name];
  if (query === undefined) throw new Error(`there is no example ${name}`);
  ran.add(name);
  const { data, errors } = await gateway.execute(query, variables);
  const text = JSON.stringify({ data, errors });
  if (errors !== undefined || /"__typename":"\w+Error"/.test(text)) throw new Error(text);
  return data;
}

/** Watches a task to its end. Returns its statuses in order. */
async function watchToEnd(taskId: string): Promise<readonly string[]> {
  ran.add('Watch');
  const client: Subscriber = createSseClient(`${gateway.url}/graphql`, async () => TOKEN);
  const statuses: string[] = [];
  await new Promise<void>((resolve, reject) => {
    client.subscribe(
      { query: EXAMPLES['Watch']!, variables: { taskId } },
      {
        next(result: { readonly data?: { readonly taskUpdates: { readonly task: { readonly status: string } } } }) {
          if (result.data) statuses.push(result.data.taskUpdates.task.status);
          else reject(new Error(JSON.stringify(result)));
        },
        error: reject,
        complete: resolve,
      },
    );
  });
  return statuses;
}

/** Scans a video at Kling without the gateway. Returns its face. */
async function scanElsewhere() {
  const response = await fetch(`${gateway.sandboxUrl}/v1/videos/identify-face`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ACCESS_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ video_url: 'https://example.com/elsewhere-10s.mp4' }),
  });
  const { data } = (await response.json()) as {
    readonly data: { readonly session_id: string; readonly face_data: readonly [{ readonly face_id: string }] };
  };
  return { klingSessionId: data.session_id, klingFaceId: data.face_data[0].face_id };
}

describe('the examples', () => {
  it('make a face speak a text', async ({ expect }) => {
    const { speechVoices } = await run('PickVoice');
    const voice = 'oversea_male1';
    expect(speechVoices).toContainEqual(expect.objectContaining({ klingVoiceId: voice }));
    const { synthesizeSpeech: speech } = await run('Speak', { text: 'Happy birthday, and many more.', voice });
    expect(speech).toMatchObject({ language: 'EN', kling: { klingTaskId: expect.any(String) } });
    const { identifyFaces: scan } = await run('Scan', { url: 'https://example.com/party-10s.mp4' });
    const input = {
      face: { faceId: scan.faces[0].id },
      audio: { speechId: speech.id },
      placement: { audioEndMs: 2_000, insertAtMs: 1_000 },
      label: 'Birthday greeting',
      metadata: [{ key: 'order', value: '1001' }],
      externalId: 'draft-1',
    };
    const { lipSyncQuote: quote } = await run('Price', { input });
    expect(quote).toMatchObject({ units: expect.any(String), usd: expect.any(String) });
    expect(quote.placement).toEqual({ insertAtMs: 1_000, audioEndMs: 2_000 });

    const { createLipSyncTask: task } = await run('MakeItTalk', { input });
    expect(task).toMatchObject({ __typename: 'LipSyncTask', label: 'Birthday greeting' });
    expect((await watchToEnd(task.id)).at(-1)).toBe('SUCCEEDED');
    const { tasks } = await run('Gallery');
    expect(tasks.nodes).toMatchObject([
      { id: task.id, placement: { insertAtMs: 1_000 }, face: { imageUrl: scan.faces[0].imageUrl } },
    ]);
    const { taskUpdates } = await run('CatchUp');
    expect(taskUpdates.nodes).toMatchObject([{ task: { id: task.id, status: 'SUCCEEDED' } }]);
    const { updateTask } = await run('Rename', { taskId: task.id, label: 'For Ann' });
    expect(updateTask).toEqual({ id: task.id, label: 'For Ann' });
  });

  it('make a video speak a text in one call', async ({ expect }) => {
    const input = {
      face: { inVideo: { video: { url: 'https://example.com/one-call-10s.mp4' } } },
      audio: { speech: { text: 'Happy birthday, and many more.', klingVoiceId: 'oversea_male1' } },
      externalId: 'one-call',
    };
    expect((await run('Price', { input })).lipSyncQuote.placement).toBeNull();
    const { createLipSyncTask: task } = await run('MakeItTalk', { input });
    const statuses = await watchToEnd(task.id);
    expect([statuses[0], statuses.at(-1)]).toEqual(['PREPARING', 'SUCCEEDED']);
  });

  it('make faces speak that the caller and somebody else have scanned', async ({ expect }) => {
    const { identifyFaces: scan } = await run('Scan', { url: 'https://example.com/party-10s.mp4' });
    const spoken = await run('SpeakWithFace', {
      faceId: scan.faces[0].id,
      audioUrl: 'https://example.com/hello-5s.mp3',
    });
    expect((await watchToEnd(spoken.createLipSyncTask.id)).at(-1)).toBe('SUCCEEDED');
    const elsewhere = await run('SpeakWithSessionFromElsewhere', { face: await scanElsewhere(), base64: BASE64 });
    expect((await watchToEnd(elsewhere.createLipSyncTask.id)).at(-1)).toBe('SUCCEEDED');
  });

  it('clone a voice, find it, and delete it', async ({ expect }) => {
    const { createVoiceTask: task } = await run('CloneVoice', { url: 'https://example.com/grandma-12s.mp3' });
    expect((await watchToEnd(task.id)).at(-1)).toBe('SUCCEEDED');
    const { task: found } = await run('ByOrder');
    expect(found).toMatchObject({ id: task.id, name: 'Grandma', kling: { klingTaskId: expect.any(String) } });
    const { mine, presets } = await run('Voices');
    expect(mine.nodes).toMatchObject([{ name: 'Grandma', owner: 'ACCOUNT' }]);
    expect(presets.nodes.length).toBeGreaterThan(0);
    const { operator } = await run('Account', { klingTaskId: found.kling.klingTaskId });
    expect(operator.klingTask.voices).toMatchObject([{ klingVoiceId: mine.nodes[0].klingVoiceId }]);
    const { deleteVoice } = await run('DeleteVoice', { voiceId: mine.nodes[0].id });
    expect(deleteVoice.deletedId).toBe(mine.nodes[0].id);
  });

  it('cancel a task that waits for a slot', async ({ expect }) => {
    await gateway.account.configure({ concurrency: 1, submittedMs: 600_000, processingMs: 600_000 });
    const createVoice = `mutation ($url: String!) {
      createVoiceTask(input: { name: "Waits", sample: { url: $url } }) { ... on VoiceTask { id } }
    }`;
    const ids: string[] = [];
    for (const url of ['one', 'two', 'three'].map((name) => `https://example.com/${name}-12s.mp3`)) {
      ids.push((await gateway.execute(createVoice, { url })).data.createVoiceTask.id as string);
    }
    const { cancelTask } = await run('Cancel', { taskId: ids.at(-1)! });
    expect(cancelTask).toEqual({ id: ids.at(-1), status: 'CANCELLED' });
  });

  it('have all run', ({ expect }) => {
    expect(Object.keys(EXAMPLES).filter((name) => !ran.has(name))).toEqual([]);
  });
});
