import { describe, expect, it } from 'vitest';
import type { CreateLipSyncTaskInput } from '../../src/domain/inputs.ts';
import type { LipSyncTask, TaskRecord } from '../../src/domain/records.ts';
import { changesOf, failureOf, kill, ledgerOf, type LedgerStub, openSandbox, valueOf } from '../support/ledger.ts';

const sandbox = openSandbox('one-call');

const VIDEO = { url: 'https://example.com/clip.mp4' };
const SPEECH = { text: 'Good morning, and welcome to the show.', klingVoiceId: 'oversea_male1' };
const INPUT: CreateLipSyncTaskInput = { face: { inVideo: { video: VIDEO } }, audio: { speech: SPEECH } };

const SCANS = '/v1/videos/identify-face';
const SPEECHES = '/v1/audio/tts';
const LIP_SYNCS = '/v1/videos/advanced-lip-sync';

async function endOf(ledger: LedgerStub, id: string): Promise<LipSyncTask> {
  const read = async (): Promise<TaskRecord> => (await ledger.task({ id }))!;
  await expect.poll(async () => (await read()).status, { timeout: 20_000 }).toMatch(/SUCCEEDED|FAILED|CANCELLED/);
  return (await read()) as LipSyncTask;
}

/** Returns the status and the stage of each event of a task. */
async function stagesOf(ledger: LedgerStub, id: string): Promise<readonly string[]> {
  const changes = await changesOf(ledger, id);
  return changes.map(({ task }) => `${task.status} ${(task as LipSyncTask).stage ?? ''}`.trim());
}

describe('a lip-sync from a video and a text', () => {
  it('tells each stage, shows every choice, and costs one scan, one speech and one lip-sync', async () => {
    await sandbox.configure({ submittedMs: 50, processingMs: 50 });
    const ledger = ledgerOf('all stages');
    const made = valueOf(await ledger.createLipSyncTask(INPUT));
    expect(made).toMatchObject({ status: 'PREPARING', stage: 'SCANNING', unitsEstimated: '6' });
    const task = await endOf(ledger, made.id);
    expect(task).toMatchObject({
      status: 'SUCCEEDED',
      stage: 'SYNCING',
      preparation: [
        { stage: 'SCANNING', isPaid: true, unitsCharged: '0.05' },
        { stage: 'SPEAKING', isPaid: true, unitsCharged: '0.05' },
      ],
      details: { lipSync: { video: VIDEO, speech: { text: SPEECH.text, language: 'en' }, faceIndex: null } },
    });
    const { placement, face, audio } = task.details!.lipSync!;
    expect(placement).toMatchObject({ cropStartMs: 0, insertAtMs: face!.startMs });
    expect(placement!.cropEndMs).toBeLessThanOrEqual(audio.durationMs! - 50);
    const stages = await stagesOf(ledger, made.id);
    expect(stages.slice(0, 3)).toEqual(['PREPARING SCANNING', 'PREPARING SPEAKING', 'QUEUED SYNCING']);
    expect(stages.at(-1)).toBe('SUCCEEDED SYNCING');
    expect(await sandbox.count('POST', '/v1')).toBe(3);
    const scan = valueOf(await ledger.faceScans({ first: 10, after: null })).edges[0]!.node;
    expect([scan.externalId, task.faceId]).toEqual([null, `${scan.id}:${face!.faceId}`]);
  });

  it('does not scan a video twice within a day, and then needs no scan', async () => {
    const ledger = ledgerOf('scanned before');
    valueOf(await ledger.identifyFaces({ video: VIDEO }));
    const scans = await sandbox.count('POST', SCANS);
    const made = valueOf(await ledger.createLipSyncTask(INPUT));
    expect(made).toMatchObject({ stage: 'SPEAKING', preparation: [{ stage: 'SPEAKING' }], unitsEstimated: '6' });
    expect((await endOf(ledger, made.id)).status).toBe('SUCCEEDED');
    expect(await sandbox.count('POST', SCANS)).toBe(scans);
  });

  it('shares one scan between tasks that are made together', async () => {
    const ledger = ledgerOf('shared scan');
    const scans = await sandbox.count('POST', SCANS);
    const made = await Promise.all([1, 2, 3].map(() => ledger.createLipSyncTask(INPUT)));
    for (const each of made) expect((await endOf(ledger, valueOf(each).id)).status).toBe('SUCCEEDED');
    expect(await sandbox.count('POST', SCANS)).toBe(scans + 1);
  });

  it('puts a second person into the video that the first task makes, with a scan of that video', async () => {
    const ledger = ledgerOf('two people');
    const [scans, speeches] = [await sandbox.count('POST', SCANS), await sandbox.count('POST', SPEECHES)];
    const video = { url: 'https://example.com/clip-sandbox-two-faces.mp4' };
    const inputs = [
      { ...INPUT, face: { inVideo: { video, index: 0 } }, externalId: 'left' },
      { ...INPUT, face: { inVideo: { video: { task: { externalId: 'left' } } } }, externalId: 'right' },
    ];
    const [left, right] = valueOf(await ledger.createLipSyncTasks({ inputs })).map(valueOf);
    expect([left!.stage, right!.stage]).toEqual(['SCANNING', 'WAITING']);
    const [first, second] = [await endOf(ledger, left!.id), await endOf(ledger, right!.id)];
    expect([first.status, second.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    const { videoId } = first.videos[0]!;
    expect(second.details!.lipSync).toMatchObject({ video: { videoId }, videoTaskId: left!.id });
    expect(second.faceId).not.toBe(first.faceId);
    const stages = await stagesOf(ledger, right!.id);
    expect(stages.slice(0, 4)).toEqual([
      'PREPARING WAITING',
      'PREPARING SCANNING',
      'PREPARING SPEAKING',
      'QUEUED SYNCING',
    ]);
    // The second begins after the end of the first, and each pays for its own steps.
    const changes = await changesOf(ledger);
    const seqOf = (id: string, status: string, stage: string) =>
      changes.find(({ task }) => task.id === id && task.status === status && (task as LipSyncTask).stage === stage)!
        .seq;
    expect(seqOf(right!.id, 'PREPARING', 'SCANNING')).toBeGreaterThan(seqOf(left!.id, 'SUCCEEDED', 'SYNCING'));
    expect(await sandbox.count('POST', SCANS)).toBe(scans + 2);
    expect(await sandbox.count('POST', SPEECHES)).toBe(speeches + 2);
    const { paidCalls } = await sandbox.record();
    expect(paidCalls.findLast(({ path }) => path === SCANS)).toMatchObject({ source: videoId, isMade: true });
  });

  it('makes one task for one external id', async () => {
    const ledger = ledgerOf('repeated');
    const first = valueOf(await ledger.createLipSyncTask({ ...INPUT, externalId: 'one' }));
    await endOf(ledger, first.id);
    expect(valueOf(await ledger.createLipSyncTask({ ...INPUT, externalId: 'one' })).id).toBe(first.id);
    const other = { ...INPUT, audio: { speech: { ...SPEECH, text: 'Something else.' } }, externalId: 'one' };
    expect(failureOf(await ledger.createLipSyncTask(other)).code).toBe('CONFLICT');
  });
});

/** A stub of an object that was killed does not work any more, so each call makes one. */
const dying = () => ledgerOf('dies in the send');
const dyingWithMany = () => ledgerOf('dies with many');

describe('a lip-sync whose object dies', () => {
  it.for([
    ['during the scan', SCANS],
    ['during the speech', SPEECHES],
  ] as const)('%s is not paid twice, and ends as STAGE_OUTCOME_UNKNOWN', async ([what, path]) => {
    const slow = path === SCANS ? { url: 'https://example.com/clip-sandbox-slow.mp4' } : VIDEO;
    const text = path === SCANS ? SPEECH.text : 'sandbox-slow Good morning, and welcome to the show.';
    const ledger = () => ledgerOf(`dies ${what}`);
    const before = await sandbox.count('POST', path);
    const input = { face: { inVideo: { video: slow } }, audio: { speech: { ...SPEECH, text } } };
    const { id } = valueOf(await ledger().createLipSyncTask(input));
    await expect.poll(() => sandbox.count('POST', path), { timeout: 10_000 }).toBe(before + 1);
    await kill(ledger());
    const task = await endOf(ledger(), id);
    expect(task).toMatchObject({ status: 'FAILED', failure: { code: 'STAGE_OUTCOME_UNKNOWN' } });
    expect(await sandbox.count('POST', path)).toBe(before + 1);
    expect(await sandbox.tasksOf(id)).toBe(0);
  });

  it('with many tasks loses only the steps that were under way', async () => {
    const before = await sandbox.count('POST', SCANS);
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, number) => {
        const video = { url: `https://example.com/many-${number}-sandbox-slow.mp4` };
        return dyingWithMany().createLipSyncTask({ ...INPUT, face: { inVideo: { video } } });
      }),
    );
    const ids = made.map((each) => valueOf(each).id);
    await expect.poll(() => sandbox.count('POST', SCANS), { timeout: 10_000 }).toBe(before + 4);
    // A task that waits for its turn can be cancelled at once.
    const cancelled = valueOf(await dyingWithMany().cancelTask({ id: ids[7]!, kind: 'LIP_SYNC' }));
    expect([cancelled.status, await sandbox.count('POST', SCANS)]).toEqual(['CANCELLED', before + 4]);
    await kill(dyingWithMany());
    const ends = await Promise.all(ids.map((id) => endOf(dyingWithMany(), id)));
    const codes = ends.map(({ status, failure }) => failure?.code ?? status);
    const unknown = 'STAGE_OUTCOME_UNKNOWN';
    expect(codes.toSorted()).toEqual(
      [
        'CANCELLED',
        ...Array.from({ length: 4 }, () => unknown),
        ...Array.from({ length: 3 }, () => 'SUCCEEDED'),
      ].toSorted(),
    );
    expect(await sandbox.count('POST', SCANS)).toBe(before + 7);
  });

  it('while it is sent is looked up, and made once', async () => {
    const before = await sandbox.count('POST', LIP_SYNCS);
    const { id } = valueOf(await dying().createLipSyncTask(INPUT));
    await expect.poll(() => sandbox.count('POST', LIP_SYNCS), { timeout: 10_000 }).toBe(before + 1);
    await kill(dying());
    expect((await endOf(dying(), id)).status).toBe('SUCCEEDED');
    expect(await sandbox.tasksOf(id)).toBe(1);
  });
});
