import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { fileKey, fileUrlsOf } from '../../src/auth/signed-token.ts';
import { configOf } from '../../src/config/index.ts';
import type { FilePermit } from '../../src/domain/media.ts';
import type { TaskLedger } from '../../src/ledger/task-ledger.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { env, kill, ledgerOf, openSandbox, ring, valueOf, voiceInput } from '../support/ledger.ts';
import { askStream } from '../support/stream.ts';
import { askOne } from '../support/tenants/ask.ts';
import { TENANT } from '../support/token.ts';

const sandbox = openSandbox('archive-live', { ARCHIVE_RESULTS: 'on' });

const OF_TASK = `... on Task { status }
  ... on LipSyncTask { videos { url watermarkUrl isArchived expiresAt } expiresAt
    kling { videos { url watermarkUrl isArchived } } }
  ... on VoiceTask { voices { sampleUrl } kling { voices { sampleUrl } } }`;
const NODE = `query ($id: ID!) { node(id: $id) { ${OF_TASK} ... on FaceScan { faces { imageUrl } } } }`;

// oxlint-disable-next-line typescript/no-explicit-any -- the shape of an answer is that of its operation
type Data = any;

async function ask(query: string, variables: Record<string, unknown> = {}, tenant = TENANT): Promise<Data> {
  const { data, errors } = await askOne(tenant, query, variables);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

const nodeOf = async (id: string, tenant = TENANT): Promise<Data> => (await ask(NODE, { id }, tenant)).node;

interface Made {
  readonly task: string;
  readonly scan: string;
}

/** Makes a lip-sync that succeeds at once. Returns global ids. */
async function lipSyncOnce(tenant: string): Promise<Made> {
  await sandbox.configure({ submittedMs: 0, processingMs: 0 });
  const ledger = ledgerOf(tenant);
  const scan = valueOf(await ledger.identifyFaces({ video: { url: 'https://example.com/clip.mp4' } }));
  const task = valueOf(
    await ledger.createLipSyncTask({
      face: { faceId: `${scan.id}:${scan.faces[0]!.faceId}` },
      audio: { url: 'https://example.com/sound.mp3' },
      placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
      watermark: true,
    }),
  );
  return { task: encodeGlobalId('LipSyncTask', task.id), scan: encodeGlobalId('FaceScan', scan.id) };
}

const urls = fileUrlsOf(configOf(env))!;

/** Returns the permission that a URL of the gateway carries; null for another URL. */
async function permitOf(url: string): Promise<FilePermit | null> {
  const [, token] = /^http:\/\/localhost:1\/media\/([^/]+)\/clip\.\w+$/.exec(url) ?? [];
  return token === undefined ? null : urls.fileOf(token);
}

/** Returns the file that a URL of the gateway leads to. */
async function fileOf(url: string): Promise<{ readonly permit: FilePermit; readonly bytes: Uint8Array }> {
  const permit = (await permitOf(url))!;
  const stored = await env.MEDIA.get(fileKey(permit.tenant, permit.id));
  return { permit, bytes: new Uint8Array(await stored!.arrayBuffer()) };
}

async function keysOf(tenant: string): Promise<readonly string[]> {
  const { objects } = await env.MEDIA.list({ prefix: fileKey(tenant, '') });
  return objects.map(({ key }) => key);
}

describe('a result', () => {
  it('is still there after Kling has deleted its copy, in every field that shows it', async ({ expect }) => {
    const { task, scan } = await lipSyncOnce(TENANT);
    await expect.poll(() => nodeOf(task)).toMatchObject({ status: 'SUCCEEDED', videos: [{ isArchived: true }] });
    await expect.poll(async () => permitOf((await nodeOf(task)).videos[0].watermarkUrl)).not.toBeNull();
    await expect.poll(async () => permitOf((await nodeOf(scan)).faces[0].imageUrl)).not.toBeNull();
    const shown = await nodeOf(task);
    const [ofKling] = shown.kling.videos;
    expect([ofKling.isArchived, ofKling.url.startsWith(env.SANDBOX_URL)]).toEqual([false, true]);
    for (const key of ['url', 'watermarkUrl'] as const) {
      const original = new Uint8Array(await (await fetch(ofKling[key])).arrayBuffer());
      expect(original.byteLength).toBeGreaterThan(1000);
      const { pathname } = new URL(ofKling[key]);
      await fetch(`${env.SANDBOX_URL}/sandbox${pathname}`, { method: 'DELETE' });
      expect((await fetch(ofKling[key])).status).toBe(404);
      expect((await fileOf((await nodeOf(task)).videos[0][key])).bytes).toEqual(original);
    }
    expect(Date.parse(shown.videos[0].expiresAt)).toBeGreaterThan(Date.parse(shown.expiresAt));
    // The URL is the same for an hour, and valid for a day more.
    const { permit } = await fileOf(shown.videos[0].url);
    const validMs = permit.expiresAtMs - Date.now();
    expect([permit.tenant, permit.expiresAtMs % 3_600_000, validMs > 86_300_000, validMs <= 90_000_000]).toEqual([
      TENANT,
      0,
      true,
      true,
    ]);
    const stream = await askStream('POST', 'text/event-stream', {
      query: `subscription ($id: ID!) { taskUpdates(taskId: $id) { task { ${OF_TASK} } } }`,
      variables: { id: task },
    });
    const [, json] = /^data: (\{.+\})$/m.exec(await stream.rest())!;
    expect(JSON.parse(json!).data.taskUpdates.task.videos).toEqual((await nodeOf(task)).videos);
  });

  it('of another tenant has no URL', async ({ expect }) => {
    const { task, scan } = await lipSyncOnce('owner');
    await expect.poll(() => nodeOf(task, 'owner')).toMatchObject({ videos: [{ isArchived: true }] });
    expect([await nodeOf(task, 'stranger'), await nodeOf(scan, 'stranger')]).toEqual([null, null]);
    expect(await keysOf('stranger')).toEqual([]);
  });

  it('of a voice is its sample, until the voice is deleted', async ({ expect }) => {
    await sandbox.configure({ submittedMs: 0, processingMs: 0 });
    const tenant = 'voices';
    const { id } = valueOf(await ledgerOf(tenant).createVoiceTask(voiceInput(null, 'sample')));
    const task = encodeGlobalId('VoiceTask', id);
    const sampleOf = async (): Promise<string> => (await nodeOf(task, tenant)).voices[0]?.sampleUrl ?? '';
    await expect.poll(async () => permitOf(await sampleOf())).not.toBeNull();
    const { voices } = await ask('{ voices { nodes { id sampleUrl } } }', {}, tenant);
    expect(voices.nodes[0].sampleUrl).toBe(await sampleOf());
    expect((await nodeOf(task, tenant)).kling.voices[0].sampleUrl).toMatch(new RegExp(`^${env.SANDBOX_URL}/`));
    const deletion = 'mutation ($id: ID!) { deleteVoice(voiceId: $id) { __typename } }';
    expect(await ask(deletion, { id: voices.nodes[0].id }, tenant)).toEqual({
      deleteVoice: { __typename: 'Deletion' },
    });
    expect(await permitOf(await sampleOf())).toBeNull();
    await expect.poll(() => keysOf(tenant)).toEqual([]);
  });
});

describe('a ledger that is killed while it copies', () => {
  it('stores each result once, and shows it', async ({ expect }) => {
    const tenant = 'killed';
    const made: Made[] = [];
    for (let i = 0; i < 6; i += 1) {
      made.push(await lipSyncOnce(tenant));
      // Reading the task ends it, and the alarm begins to copy.
      await nodeOf(made[i]!.task, tenant);
      await Promise.race([ring(ledgerOf(tenant)), kill(ledgerOf(tenant))]).catch(() => {});
      await kill(ledgerOf(tenant));
    }
    await expect
      .poll(
        async () => {
          await runInDurableObject(ledgerOf(tenant), async (instance: TaskLedger, { storage }) => {
            storage.sql.exec('UPDATE archive_file SET wake_at = 1 WHERE wake_at IS NOT NULL');
            await instance.alarm();
          });
          const nodes = await Promise.all(made.map(({ task }) => nodeOf(task, tenant)));
          return nodes.map(({ videos }) => videos[0]?.isArchived);
        },
        { timeout: 30_000, interval: 500 },
      )
      .toEqual(made.map(() => true));
    await expect
      .poll(() =>
        runInDurableObject(
          ledgerOf(tenant),
          (_instance, { storage }) =>
            storage.sql.exec('SELECT count(*) AS n FROM archive_file WHERE wake_at IS NOT NULL').one()['n'],
        ),
      )
      .toBe(0);
    const rows = await runInDurableObject(ledgerOf(tenant), (_instance, { storage }) =>
      storage.sql.exec<{ id: string; bytes: number }>('SELECT id, bytes FROM archive_file').toArray(),
    );
    expect((await keysOf(tenant)).toSorted()).toEqual(rows.map(({ id }) => fileKey(tenant, id)).toSorted());
    // Two videos and one picture for each.
    expect(rows).toHaveLength(made.length * 3);
    for (const { id, bytes } of rows) expect((await env.MEDIA.head(fileKey(tenant, id)))?.size).toBe(bytes);
  });
});
