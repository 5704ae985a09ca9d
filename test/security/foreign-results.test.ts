import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, it } from 'vitest';
import { resultKey } from '../../src/account/kling-account.ts';
import type { LipSyncTask } from '../../src/domain/records.ts';
import type { Failure } from '../../src/errors.ts';
import { decoyId } from '../../src/ledger/isolation.ts';
import {
  env,
  failureOf,
  ledgerOf,
  lipSyncInput,
  openSandbox,
  ring,
  valueOf,
  type LedgerStub,
} from '../support/ledger.ts';

const sandbox = openSandbox('foreign');

/** Kling's ids of a video and an audio of tenant A. */
const made = { video: '', audio: '' };
/** Ids of the same form that never existed. */
const never = { video: '', audio: '' };

async function finishedVideo(ledger: LedgerStub): Promise<string> {
  const { id } = valueOf(await ledger.createLipSyncTask(await lipSyncInput(ledger, null)));
  await sandbox.advance(id, 'succeed');
  await ring(ledger);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the task is a lip-sync
  const task = (await ledger.task({ id })) as LipSyncTask;
  return task.videos[0]!.videoId;
}

async function speech(ledger: LedgerStub, externalId: string | null = null): Promise<string> {
  const input = { text: 'Good morning to all of you', klingVoiceId: 'oversea_male1', language: 'en' as const };
  return valueOf(await ledger.synthesizeSpeech({ speech: input, externalId })).audioId;
}

const A = () => ledgerOf('foreign A');
const B = () => ledgerOf('foreign B');

beforeAll(async () => {
  made.video = await finishedVideo(A());
  made.audio = await speech(A());
  never.video = decoyId(made.video, Math.random);
  never.audio = decoyId(made.audio, Math.random);
});

type Kind = 'video' | 'audio';
type Use = (ledger: LedgerStub, id: string) => Promise<{ readonly ok: boolean } & object>;

const MUTATIONS: readonly [name: string, kind: Kind, use: Use][] = [
  [
    'createVoiceTask',
    'video',
    (ledger, videoId) => ledger.createVoiceTask({ name: 'Ann', sample: { klingVideoId: videoId }, externalId: null }),
  ],
  [
    'identifyFaces',
    'video',
    (ledger, videoId) => ledger.identifyFaces({ video: { klingVideoId: videoId }, externalId: null }),
  ],
  [
    'identifyFaces with a key',
    'video',
    (ledger, videoId) =>
      ledger.identifyFaces({ video: { klingVideoId: videoId }, externalId: resultKey({ kind: 'VIDEO', id: videoId }) }),
  ],
  [
    'createLipSyncTask',
    'audio',
    async (ledger, audioId) =>
      ledger.createLipSyncTask({ ...(await lipSyncInput(ledger, null)), audio: { klingAudioId: audioId } }),
  ],
];

/** Returns a failure as text, without what differs in every call. */
function said(failure: Failure, id: string): string {
  return JSON.stringify({ ...failure, klingRequestId: null }).replaceAll(id, '<id>');
}

describe.for(MUTATIONS)("the id of another tenant's result in %s", ([, kind, use]) => {
  it('is refused like an id that never existed, and costs the same', async ({ expect }) => {
    const failures: string[] = [];
    const charged: number[] = [];
    for (const id of [never[kind], made[kind]]) {
      const before = await sandbox.record();
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each of them answers with a result
      failures.push(said(failureOf((await use(B(), id)) as Parameters<typeof failureOf>[0]), id));
      const after = await sandbox.record();
      charged.push(after.unitsCharged - before.unitsCharged);
      expect(after.tasks.length).toBe(before.tasks.length);
    }
    expect(failures[0]).toContain('<id>');
    expect(failures[0]).toContain('BAD_USER_INPUT');
    expect(failures[1]).toBe(failures[0]);
    expect(charged[1]).toBeCloseTo(charged[0]!);
  });

  it.for([
    ['in upper case', (id: string) => id.toUpperCase()],
    ['in lower case', (id: string) => id.toLowerCase()],
    ['padded', (id: string) => `${id}==`],
    ['with a leading zero', (id: string) => `0${id}`],
  ] as const)('written %s is refused as well', async ([, spell], { expect }) => {
    const id = spell(made[kind]);
    const before = await runInDurableObject(env.KLING_ACCOUNT.getByName('account'), (account) =>
      account.isForeign('foreign B', { kind: kind === 'video' ? 'VIDEO' : 'AUDIO', id }),
    );
    expect(before).toBe(true);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each of them answers with a result
    const failure = failureOf((await use(B(), id)) as Parameters<typeof failureOf>[0]);
    expect(failure).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('is accepted from its own tenant', async ({ expect }) => {
    expect(await use(A(), made[kind])).toMatchObject({ ok: true });
  });

  it('is refused only if it was created here: one from outside is accepted from all tenants', async ({ expect }) => {
    for (const ledger of [A(), B()]) expect(await use(ledger, `sandbox-${kind}-10s`)).toMatchObject({ ok: true });
  });
});

describe('a waiting task that names the result of another tenant', () => {
  it('fails with the message of an unknown id, which quotes the id that its caller gave', async ({ expect }) => {
    const account = env.KLING_ACCOUNT.getByName('account');
    const pause = (untilMs: number) =>
      runInDurableObject(account, (_instance, state) => state.storage.kv.put('pausedUntil', untilMs));
    await pause(Date.now() + 3_600_000);
    const ids: Record<string, string> = {};
    for (const videoId of [never.video, made.video]) {
      const task = valueOf(
        await B().createVoiceTask({ name: 'Ann', sample: { klingVideoId: videoId }, externalId: null }),
      );
      expect(task.status).toBe('QUEUED');
      ids[videoId] = task.id;
    }
    await pause(0);
    await runDurableObjectAlarm(account);
    const failures: string[] = [];
    for (const [videoId, id] of Object.entries(ids)) {
      await ring(B());
      await expect.poll(async () => (await B().task({ id }))?.status).toBe('FAILED');
      const { klingRequestId, ...failure } = (await B().task({ id }))!.failure!;
      expect(klingRequestId).toBeDefined();
      failures.push(JSON.stringify(failure).replaceAll(videoId, '<id>'));
    }
    expect(failures[0]).toContain('<id>');
    expect(failures[1]).toBe(failures[0]);
  });
});
