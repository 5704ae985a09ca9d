import { describe, expect, it } from 'vitest';
import type { CreateLipSyncTaskInput } from '../../src/domain/inputs.ts';
import type { TaskRecord } from '../../src/domain/records.ts';
import { failureOf, kill, ledgerOf, type LedgerStub, openSandbox, valueOf } from '../support/ledger.ts';

const sandbox = openSandbox('retry');

const VIDEO = { url: 'https://example.com/clip.mp4' };
const SPEECH = { text: 'Good morning, and welcome to the show.', klingVoiceId: 'oversea_male1' };
const INPUT: CreateLipSyncTaskInput = { face: { inVideo: { video: VIDEO } }, audio: { speech: SPEECH } };

const SCANS = '/v1/videos/identify-face';
const SPEECHES = '/v1/audio/tts';

const counts = async () => [await sandbox.count('POST', SCANS), await sandbox.count('POST', SPEECHES)] as const;

async function endOf(ledger: () => LedgerStub, { id }: TaskRecord): Promise<TaskRecord> {
  const read = async () => (await ledger().task({ id }))!;
  await expect.poll(async () => (await read()).status, { timeout: 30_000 }).toMatch(/SUCCEEDED|FAILED|CANCELLED/);
  return read();
}

const retry = ({ id, kind }: TaskRecord, more: object = {}) => ({ id, kind, payAgain: false, ...more });

/** Makes a lip-sync that Kling fails after the scan and the speech. */
async function failed(ledger: LedgerStub, more: Partial<CreateLipSyncTaskInput> = {}): Promise<TaskRecord> {
  const video = { url: 'https://example.com/clip-sandbox-internal-failure.mp4' };
  const input = { ...INPUT, face: { inVideo: { video } }, ...more };
  const task = await endOf(() => ledger, valueOf(await ledger.createLipSyncTask(input)));
  expect(task.status).toBe('FAILED');
  return task;
}

/** A stub of an object that was killed does not work any more, so each call makes one. */
const lost = () => ledgerOf('lost');

describe('a new attempt', () => {
  it('uses the scan and the speech again, carries the notes over, and is made once for an external id', async () => {
    await sandbox.configure({ submittedMs: 50, processingMs: 50 });
    const ledger = ledgerOf('again');
    const notes = { label: 'Birthday', metadata: [{ key: 'order', value: '4711' }], maxUnits: '8' };
    const old = await failed(ledger, notes);
    const before = await counts();
    const made = valueOf(await ledger.retryTask(retry(old, { externalId: 'second' })));
    expect(made).toMatchObject({ kind: 'LIP_SYNC', retryOf: old.id, label: 'Birthday', unitsMax: '8' });
    expect(made.id).not.toBe(old.id);
    expect(made.details).toMatchObject({
      metadata: notes.metadata,
      lipSync: { faceIndex: null, speech: { text: SPEECH.text } },
    });
    expect('preparation' in made).toBe(false);
    expect(valueOf(await ledger.retryTask(retry(old, { externalId: 'second' }))).id).toBe(made.id);
    expect(failureOf(await ledger.createLipSyncTask({ ...INPUT, externalId: 'second' })).code).toBe('CONFLICT');
    await endOf(() => ledger, made);
    const third = valueOf(await ledger.retryTask(retry(made)));
    expect(third).toMatchObject({ retryOf: made.id, details: { lipSync: { speech: { text: SPEECH.text } } } });
    expect(await counts()).toEqual(before);
    valueOf(await ledger.deleteTask(retry(old)));
    expect(valueOf(await ledger.retryTask(retry(old, { externalId: 'second' }))).id).toBe(made.id);
  });

  it('of a step whose answer was lost is only made with payAgain', async () => {
    const text = 'sandbox-slow Good morning, and welcome to the show.';
    const [, before] = await counts();
    const input = { ...INPUT, audio: { speech: { ...SPEECH, text } } };
    const task = valueOf(await lost().createLipSyncTask(input));
    await expect.poll(async () => (await counts())[1], { timeout: 10_000 }).toBe(before + 1);
    await kill(lost());
    const old = await endOf(lost, task);
    expect(old.failure?.code).toBe('STAGE_OUTCOME_UNKNOWN');
    const refused = failureOf(await lost().retryTask(retry(old)));
    expect(refused).toMatchObject({ code: 'CONFLICT', existing: { type: 'LIP_SYNC', id: old.id } });
    expect(refused.message).toMatch(/payAgain/);
    expect(await counts()).toMatchObject({ 1: before + 1 });
    const [scans] = await counts();
    const made = valueOf(await lost().retryTask(retry(old, { payAgain: true })));
    expect(made).toMatchObject({ retryOf: old.id, stage: 'SPEAKING' });
    await expect.poll(counts, { timeout: 10_000 }).toEqual([scans, before + 2]);
  });

  it('of a voice is a new voice task', async () => {
    const ledger = ledgerOf('voice');
    const sample = { url: 'https://example.com/voice-sandbox-internal-failure.mp3' };
    const old = await endOf(() => ledger, valueOf(await ledger.createVoiceTask({ name: 'Ann', sample })));
    expect(old.status).toBe('FAILED');
    const made = valueOf(await ledger.retryTask(retry(old)));
    expect(made).toMatchObject({ kind: 'VOICE', retryOf: old.id, details: { voice: { name: 'Ann', sample } } });
  });

  it('of a task that has not ended, or has succeeded, is a CONFLICT', async () => {
    const ledger = ledgerOf('not failed');
    const sample = { url: 'https://example.com/sandbox-never-ends.mp3' };
    const running = valueOf(await ledger.createVoiceTask({ name: 'Ann', sample }));
    const done = valueOf(await ledger.createVoiceTask({ name: 'Ann', sample: { url: 'https://example.com/a.mp3' } }));
    expect((await endOf(() => ledger, done)).status).toBe('SUCCEEDED');
    for (const task of [running, done]) {
      const refused = failureOf(await ledger.retryTask(retry(task, { payAgain: true })));
      expect(refused).toMatchObject({ code: 'CONFLICT', existing: { type: 'VOICE', id: task.id } });
    }
  });

  it('reports a wrong id, and a wrong external id beside it', async () => {
    const answer = await ledgerOf('wrong').retryTask({ id: '1', kind: 'VOICE', payAgain: false, externalId: '' });
    expect(failureOf(answer).issues?.map(({ path }) => path)).toEqual([['taskId'], ['externalId']]);
  });
});
