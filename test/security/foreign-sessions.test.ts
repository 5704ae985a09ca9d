import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, it } from 'vitest';
import type { KlingFaceInput } from '../../src/domain/inputs.ts';
import type { FaceScan, LipSyncTask } from '../../src/domain/records.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { decoyId } from '../../src/ledger/isolation.ts';
import { env, failureOf, ledgerOf, openSandbox, ring, valueOf, type LedgerStub } from '../support/ledger.ts';
import { askOne } from '../support/tenants/ask.ts';

const sandbox = openSandbox('foreign-sessions');

const VIDEO = { url: 'https://example.com/clip-sandbox-never-ends.mp4' };
const A = () => ledgerOf('sessions-a');
const B = () => ledgerOf('sessions-b');

const inputOf = (klingFace: KlingFaceInput, externalId: string | null = null) => ({
  face: { klingFace },
  audio: { url: 'https://example.com/sound.mp3' },
  placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
  externalId,
});

const idsOf = ({ sessionId, faces }: Pick<FaceScan, 'sessionId' | 'faces'>): KlingFaceInput => ({
  klingSessionId: sessionId,
  klingFaceId: faces[0]!.faceId,
});

let scanOfA: FaceScan;
beforeAll(async () => {
  scanOfA = valueOf(await A().identifyFaces({ video: VIDEO }));
});

/** Returns a refusal as text, and what it cost. */
async function refusalOf(ledger: LedgerStub, face: KlingFaceInput, externalId: string | null = null) {
  const before = await sandbox.record();
  const failure = failureOf(await ledger.createLipSyncTask(inputOf(face, externalId)));
  const after = await sandbox.record();
  return {
    failure: JSON.stringify(failure).replaceAll(face.klingSessionId, '<id>'),
    units: after.unitsCharged - before.unitsCharged,
    tasks: after.tasks.length - before.tasks.length,
    requests: after.requestCount - before.requestCount,
  };
}

describe("the session of another tenant's scan", () => {
  it.for([
    ['without an external id', null],
    ['with an external id', 'order-1'],
  ])('is refused like one that never existed, and costs the same: %s', async ([, externalId], { expect }) => {
    const { klingSessionId, klingFaceId } = idsOf(scanOfA);
    const never = { klingSessionId: decoyId(klingSessionId, Math.random), klingFaceId };
    const expected = await refusalOf(B(), never, externalId);
    expect(expected.failure).toContain('"code":"NOT_FOUND"');
    expect(expected.failure).toContain('"path":["input","face","klingFace","klingSessionId"]');
    expect(expected.failure).toContain('Session id not found: <id>');
    expect([expected.units, expected.tasks]).toEqual([0, 0]);
    expect(await refusalOf(B(), { klingSessionId, klingFaceId }, externalId)).toEqual(expected);
  });

  it.for([
    ['padded', (id: string) => `${id}==`],
    ['with a leading zero', (id: string) => `0${id}`],
  ] as const)('is refused as well if it is written %s', async ([, spell], { expect }) => {
    const klingSessionId = spell(scanOfA.sessionId);
    const isForeign = runInDurableObject(env.KLING_ACCOUNT.getByName('account'), (account) =>
      account.isForeign('sessions-b', { kind: 'SESSION', id: klingSessionId }),
    );
    expect(await isForeign).toBe(true);
    const { failure } = await refusalOf(B(), { ...idsOf(scanOfA), klingSessionId });
    expect(failure).toContain('NOT_FOUND');
  });

  it('costs nothing and says nothing in a quote: only Kling can tell', async ({ expect }) => {
    const { klingSessionId, klingFaceId } = idsOf(scanOfA);
    const never = { klingSessionId: decoyId(klingSessionId, Math.random), klingFaceId };
    const before = (await sandbox.record()).requestCount;
    const quotes = [];
    for (const face of [never, idsOf(scanOfA)]) quotes.push(await B().lipSyncQuote(inputOf(face)));
    expect(quotes[0]).toMatchObject({ ok: true, value: { milliunits: 6000 } });
    expect(quotes[1]).toEqual(quotes[0]);
    expect((await sandbox.record()).requestCount).toBe(before);
  });
});

describe('a waiting task that names the session of another tenant', () => {
  it('fails like one that names a session that never existed', async ({ expect }) => {
    const account = env.KLING_ACCOUNT.getByName('account');
    const pause = (untilMs: number) =>
      runInDurableObject(account, (_instance, { storage }) => storage.kv.put('pausedUntil', untilMs));
    await pause(Date.now() + 3_600_000);
    const { klingSessionId, klingFaceId } = idsOf(scanOfA);
    const waiting = [];
    for (const sessionId of [decoyId(klingSessionId, Math.random), klingSessionId]) {
      const task = valueOf(await B().createLipSyncTask(inputOf({ klingSessionId: sessionId, klingFaceId })));
      expect(task.status).toBe('QUEUED');
      waiting.push({ id: task.id, sessionId });
    }
    await pause(0);
    await runDurableObjectAlarm(account);
    const failures = [];
    for (const { id, sessionId } of waiting) {
      await ring(B());
      await expect.poll(async () => (await B().task({ id }))?.status).toBe('FAILED');
      const { klingRequestId, ...failure } = (await B().task({ id }))!.failure!;
      expect(klingRequestId).toBeDefined();
      failures.push(JSON.stringify(failure).replaceAll(sessionId, '<id>'));
    }
    expect(failures[0]).toContain('Session id not found: <id>');
    expect(failures[1]).toBe(failures[0]);
  });
});

describe('the session of an own scan', () => {
  it('names the face of the scan, which the task shows', async ({ expect }) => {
    const { face, sourceVideo } = await shown('sessions-a', A(), idsOf(scanOfA));
    const id = encodeGlobalId('Face', `${scanOfA.id}:${scanOfA.faces[0]!.faceId}`);
    expect(face).toEqual({ id });
    expect(sourceVideo).toEqual({ url: VIDEO.url });
  });

  it('is refused by the rules of a face id, before Kling is asked', async ({ expect }) => {
    const before = (await sandbox.record()).requestCount;
    const wrong = inputOf({ ...idsOf(scanOfA), klingFaceId: 'nobody' });
    const placement = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 9500 };
    const late = { ...inputOf(idsOf(scanOfA)), placement };
    const failures = [failureOf(await A().createLipSyncTask(wrong)), failureOf(await A().createLipSyncTask(late))];
    expect(failures.map(({ issues = [] }) => issues.map(({ code, path }) => [code, path.at(-1)]))).toEqual([
      [['NOT_FOUND', 'klingFaceId']],
      [['CLIP_OUTSIDE_FACE', 'insertAtMs']],
    ]);
    expect((await sandbox.record()).requestCount).toBe(before);
  });
});

describe('the session of a scan that was made elsewhere', () => {
  it('is accepted from every tenant, once for each external id', async ({ expect }) => {
    const elsewhere = idsOf(await sandbox.elsewhere.identifyFaces({ video: VIDEO }));
    const before = (await sandbox.record()).tasks.length;
    for (const ledger of [A(), B()]) {
      const made = [];
      for (let i = 0; i < 2; i += 1)
        made.push(valueOf(await ledger.createLipSyncTask(inputOf(elsewhere, 'elsewhere'))));
      expect(made[1]!.id).toBe(made[0]!.id);
      const other = { ...elsewhere, klingFaceId: 'another' };
      const conflict = failureOf(await ledger.createLipSyncTask(inputOf(other, 'elsewhere')));
      expect(conflict).toMatchObject({ code: 'CONFLICT', existing: { id: made[0]!.id } });
    }
    expect((await sandbox.record()).tasks.length).toBe(before + 2);
  });

  it('shows no face, and keeps what it was made of', async ({ expect }) => {
    const elsewhere = idsOf(await sandbox.elsewhere.identifyFaces({ video: VIDEO }));
    const { id, face, sourceVideo } = await shown('sessions-b', B(), elsewhere);
    expect(face).toBeNull();
    // Kling may have reported the video by now.
    expect([null, { url: VIDEO.url }]).toContainEqual(sourceVideo);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the task is a lip-sync
    const task = (await B().task({ id })) as LipSyncTask;
    expect(task).not.toHaveProperty('faceId');
    const { klingSessionId: sessionId, klingFaceId: faceId } = elsewhere;
    expect(task.details?.lipSync).toMatchObject({ klingFace: { sessionId, faceId } });
    expect(task.details?.lipSync).not.toHaveProperty('face');
  });
});

/** Creates a task, and returns how it is shown. */
async function shown(tenant: string, ledger: LedgerStub, face: KlingFaceInput) {
  const { id } = valueOf(await ledger.createLipSyncTask(inputOf(face)));
  const query = 'query ($id: ID!) { node(id: $id) { ... on LipSyncTask { face { id } sourceVideo { url } } } }';
  return { id, ...(await askOne(tenant, query, { id: encodeGlobalId('LipSyncTask', id) })).data.node };
}
