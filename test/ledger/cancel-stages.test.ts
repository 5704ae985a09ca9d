import { describe, expect, it } from 'vitest';
import { monthOf } from '../../src/domain/cost.ts';
import type { CreateLipSyncTaskInput } from '../../src/domain/inputs.ts';
import type { LipSyncTask } from '../../src/domain/records.ts';
import {
  changesOf,
  failureOf,
  ledgerOf,
  type LedgerStub,
  openSandbox,
  storedTask,
  valueOf,
} from '../support/ledger.ts';

const sandbox = openSandbox('cancel-stages');

const SCANS = '/v1/videos/identify-face';
const SPEECHES = '/v1/audio/tts';
const LIP_SYNCS = '/v1/videos/advanced-lip-sync';

const TEXT = 'Good morning, and welcome to the show.';
const NEVER_ENDS = 'https://example.com/clip-sandbox-never-ends.mp4';
const REFUSED_AUDIO = { url: 'https://example.com/voice-sandbox-rate-limited.mp3' };

function inputOf(url: string, text = TEXT): CreateLipSyncTaskInput {
  return { face: { inVideo: { video: { url } } }, audio: { speech: { text, klingVoiceId: 'oversea_male1' } } };
}

const sent = async (path: string) => sandbox.count('POST', path);

/** Returns how many scans and speeches were sent. */
const stepsSent = async () => Promise.all([SCANS, SPEECHES].map(sent));

/** How a task comes to a place between two of its steps, and what is paid there. */
interface Case {
  readonly place: string;
  /** Makes the task, and waits until it is there. */
  readonly arrive: (ledger: LedgerStub) => Promise<LipSyncTask>;
  /** The status and the stage of each of its changes. */
  readonly changes: readonly string[];
  /** The steps that are paid. */
  readonly paid: readonly LipSyncTask['stage'][];
}

async function isPutOff(ledger: LedgerStub, { id }: LipSyncTask): Promise<boolean> {
  const row = await storedTask(ledger, id);
  return row !== null && row.tries > 0;
}

const CASES: readonly Case[] = [
  {
    place: 'while it waits for another task',
    async arrive(ledger) {
      const first = { ...inputOf(NEVER_ENDS), externalId: 'first' };
      const { id } = valueOf(await ledger.createLipSyncTask(first));
      await expect.poll(() => sandbox.tasksOf(id), { timeout: 10_000 }).toBe(1);
      const video = { task: { externalId: 'first' } };
      return valueOf(await ledger.createLipSyncTask({ ...inputOf(''), face: { inVideo: { video } } }));
    },
    changes: ['PREPARING WAITING', 'CANCELLED WAITING'],
    paid: [],
  },
  {
    place: 'during its scan',
    async arrive(ledger) {
      const before = await sent(SCANS);
      const task = valueOf(await ledger.createLipSyncTask(inputOf('https://example.com/a-sandbox-slow.mp4')));
      await expect.poll(() => sent(SCANS), { timeout: 10_000 }).toBe(before + 1);
      return task;
    },
    changes: ['PREPARING SCANNING', 'CANCELLED SCANNING'],
    paid: ['SCANNING'],
  },
  {
    place: 'before its scan, which Kling refuses for now',
    async arrive(ledger) {
      const input = inputOf('https://example.com/clip-sandbox-rate-limited.mp4');
      const task = valueOf(await ledger.createLipSyncTask(input));
      await expect.poll(() => isPutOff(ledger, task), { timeout: 20_000 }).toBe(true);
      return task;
    },
    changes: ['PREPARING SCANNING', 'CANCELLED SCANNING'],
    paid: [],
  },
  {
    place: 'between the scan and its speech, which Kling refuses for now',
    async arrive(ledger) {
      const input = inputOf('https://example.com/b.mp4', `sandbox-rate-limited ${TEXT}`);
      const task = valueOf(await ledger.createLipSyncTask(input));
      await expect.poll(() => stageOf(ledger, task), { timeout: 10_000 }).toBe('SPEAKING');
      await expect.poll(() => isPutOff(ledger, task), { timeout: 20_000 }).toBe(true);
      return task;
    },
    changes: ['PREPARING SCANNING', 'PREPARING SPEAKING', 'CANCELLED SPEAKING'],
    paid: ['SCANNING'],
  },
  {
    place: 'during its speech',
    async arrive(ledger) {
      const before = await sent(SPEECHES);
      const input = inputOf('https://example.com/c.mp4', `sandbox-slow ${TEXT}`);
      const task = valueOf(await ledger.createLipSyncTask(input));
      await expect.poll(() => sent(SPEECHES), { timeout: 10_000 }).toBe(before + 1);
      return task;
    },
    changes: ['PREPARING SCANNING', 'PREPARING SPEAKING', 'CANCELLED SPEAKING'],
    paid: ['SCANNING', 'SPEAKING'],
  },
  {
    place: 'in the queue, after its scan',
    async arrive(ledger) {
      const input = { ...inputOf('https://example.com/d.mp4'), audio: REFUSED_AUDIO, audioDurationMs: 5_000 };
      const task = valueOf(await ledger.createLipSyncTask(input));
      await expect.poll(() => stageOf(ledger, task), { timeout: 10_000 }).toBe('SYNCING');
      await expect.poll(async () => (await storedTask(ledger, task.id))?.phase, { timeout: 10_000 }).toBe('WAITING');
      return task;
    },
    changes: ['PREPARING SCANNING', 'QUEUED SYNCING', 'CANCELLED SYNCING'],
    paid: ['SCANNING'],
  },
];

/** The case whose other task has paid for a scan and a speech. */
const WAITING = 0;

async function read(ledger: LedgerStub, { id }: LipSyncTask): Promise<LipSyncTask> {
  return (await ledger.task({ id })) as LipSyncTask;
}

async function stageOf(ledger: LedgerStub, task: LipSyncTask): Promise<string | undefined> {
  return (await read(ledger, task)).stage;
}

describe('a lip-sync that is cancelled', () => {
  it.for(CASES.map(({ place }, i) => [place, i] as const))('%s, pays for nothing more', async ([place, i]) => {
    const { arrive, changes, paid } = CASES[i]!;
    const ledger = ledgerOf(`cancelled ${place}`);
    const task = await arrive(ledger);
    const spent = async () => (await ledger.usage(monthOf(Date.now()))).milliunits;
    const spentByOthers = i === WAITING ? 100 : 0;
    const sentBefore = await stepsSent();
    const cancelled = valueOf(await ledger.cancelTask({ id: task.id, kind: 'LIP_SYNC' }));
    expect(cancelled).toMatchObject({ status: 'CANCELLED', failure: null });
    expect(await read(ledger, task)).toEqual(cancelled);
    const told = (await changesOf(ledger, task.id)).map((change) => change.task as LipSyncTask);
    expect(told.map(({ status, stage }) => `${status} ${stage}`)).toEqual(changes);
    const { preparation = [] } = told.at(-1)!;
    expect(preparation.flatMap(({ stage, isPaid }) => (isPaid ? [stage] : []))).toEqual(paid);
    const charges = preparation.filter(({ isPaid }) => isPaid).map(({ unitsCharged }) => unitsCharged);
    expect(charges).toEqual(paid.map(() => '0.05'));
    expect(await spent()).toBe(50 * paid.length + spentByOthers);
    expect(await sandbox.tasksOf(task.id)).toBe(0);
    expect(await stepsSent()).toEqual(sentBefore);
    // The cancel is final, and says so.
    expect(failureOf(await ledger.cancelTask({ id: task.id, kind: 'LIP_SYNC' })).code).toBe('CONFLICT');
  });

  it('during its speech keeps the scan and the speech, and a retry pays for neither', async () => {
    await sandbox.configure({ submittedMs: 50, processingMs: 50 });
    const ledger = ledgerOf('kept');
    const task = await CASES.find(({ place }) => place === 'during its speech')!.arrive(ledger);
    const [scans, speeches] = [await sent(SCANS), await sent(SPEECHES)];
    valueOf(await ledger.cancelTask({ id: task.id, kind: 'LIP_SYNC' }));
    expect(valueOf(await ledger.faceScans({ first: 10, after: null })).edges).toHaveLength(1);
    expect(valueOf(await ledger.speeches({ first: 10, after: null })).edges).toHaveLength(1);
    const again = valueOf(await ledger.retryTask({ id: task.id, kind: 'LIP_SYNC', payAgain: false }));
    expect(again).toMatchObject({ retryOf: task.id });
    await expect.poll(async () => (await ledger.task({ id: again.id }))?.status, { timeout: 20_000 }).toBe('SUCCEEDED');
    expect([await sent(SCANS), await sent(SPEECHES)]).toEqual([scans, speeches]);
  });

  it('after it was sent goes on, because Kling cannot cancel', async () => {
    const ledger = ledgerOf('sent');
    const task = valueOf(await ledger.createLipSyncTask(inputOf(NEVER_ENDS)));
    const before = await sent(LIP_SYNCS);
    await expect.poll(() => sandbox.tasksOf(task.id), { timeout: 10_000 }).toBe(1);
    expect(failureOf(await ledger.cancelTask({ id: task.id, kind: 'LIP_SYNC' })).code).toBe('CONFLICT');
    await sandbox.advance(task.id, 'succeed');
    await ledger.ingest(task.id, null);
    await expect.poll(async () => (await read(ledger, task)).status, { timeout: 20_000 }).toBe('SUCCEEDED');
    expect(await sent(LIP_SYNCS)).toBeLessThanOrEqual(before + 1);
  });
});
