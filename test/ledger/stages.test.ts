import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { monthOf } from '../../src/domain/cost.ts';
import type { CreateLipSyncTaskInput } from '../../src/domain/inputs.ts';
import type { LipSyncTask } from '../../src/domain/records.ts';
import { KlingError } from '../../src/kling/errors.ts';
import { mediaRecord } from '../support/fake-ledger.ts';
import {
  createParts,
  DAY_MS,
  klingError,
  type LedgerParts,
  type PartsOptions,
  withParts,
} from '../support/ledger-parts.ts';
import { FACE_SCAN } from '../support/ledger-tasks.ts';
import { ledgerOf } from '../support/ledger.ts';
import { type StagedKling, stagedKling } from '../support/staged-kling.ts';

const VIDEO = { url: 'https://example.com/clip.mp4' };
const SPEECH = { text: 'Good morning, and welcome.', klingVoiceId: 'oversea_male1' };
const INPUT: CreateLipSyncTaskInput = { face: { inVideo: { video: VIDEO } }, audio: { speech: SPEECH } };

/** A refusal that may pass. */
function refusedForNow(): KlingError {
  return new KlingError('REFUSED', { code: 'RATE_LIMITED', message: 'too many', retryable: true, klingCode: 1303 });
}

function refuseToSpeak(call: StagedKling['calls'][number]): void {
  if (call === 'SPEAK') throw refusedForNow();
}

async function notReached(): Promise<never> {
  throw new Error('the account is away');
}

function taskOf({ tasks }: LedgerParts, id: string): LipSyncTask {
  return tasks.find({ id })!.record as LipSyncTask;
}

/** Runs what is due, and moves the clock to the next thing, until the task is at Kling or has ended. */
async function runToEnd(parts: LedgerParts, id: string): Promise<LipSyncTask> {
  const { alarmHandler, clock, deps, tasks, settle } = parts;
  await settle();
  for (let i = 0; i < 1_000; i += 1) {
    const { phase } = tasks.find({ id })!;
    if (phase === 'SENT' || phase === 'DONE') break;
    clock.nowMs = Math.max(clock.nowMs, deps.wakes.nextAtMs() ?? 0);
    await alarmHandler.run().catch(() => {});
    await settle();
  }
  return taskOf(parts, id);
}

async function make(parts: LedgerParts, input: Partial<CreateLipSyncTaskInput> = {}): Promise<LipSyncTask> {
  const { id } = await parts.creator.createLipSyncTask({ ...INPUT, ...input });
  return runToEnd(parts, id);
}

/** Returns what the month has cost, what running tasks are expected to cost, and the calls without an answer. */
function usageOf({ deps: { assets, tasks, paidCalls, now } }: LedgerParts): readonly number[] {
  const month = monthOf(now());
  return [assets.milliunitsUsed(month), tasks.milliunitsPending(), paidCalls.unansweredIn(month)];
}

/** Runs a test with a Kling whose calls a test decides on. */
function withStages(
  name: string,
  onCall: StagedKling['onCall'],
  work: (parts: LedgerParts, kling: StagedKling) => Promise<void>,
  options: PartsOptions = {},
): Promise<void> {
  const kling = stagedKling();
  kling.onCall = onCall;
  return withParts(`stages ${name}`, { kling: kling.client, ...options }, (parts) => work(parts, kling));
}

const SCANNED = { stage: 'SCANNING', isPaid: true, unitsCharged: '0.05' };
const SPOKEN = { stage: 'SPEAKING', isPaid: true, unitsCharged: '0.05' };

describe('a stage that Kling refuses', () => {
  it('for now is sent again, ever later, and is paid once', async ({ expect }) => {
    const sentAtMs: number[] = [];
    let clock = { nowMs: 0 };
    await withStages(
      'for now',
      (call) => {
        if (call !== 'SCAN') return;
        sentAtMs.push(clock.nowMs);
        if (sentAtMs.length <= 3) throw refusedForNow();
      },
      async (parts, { calls }) => {
        clock = parts.clock;
        expect(await make(parts)).toMatchObject({ status: 'SUBMITTED', preparation: [SCANNED, SPOKEN] });
        expect(calls).toEqual(['SCAN', 'SCAN', 'SCAN', 'SCAN', 'SPEAK', 'SYNC']);
        const waits = sentAtMs.slice(1).map((atMs, i) => atMs - sentAtMs[i]!);
        expect(waits).toEqual(waits.toSorted((a, b) => a - b));
        expect(waits[0]).toBeGreaterThanOrEqual(1_000);
        expect(usageOf(parts)).toEqual([100, 6_000, 0]);
      },
    );
  });

  it('for now until the deadline is given up, and what was paid stays in its costs', async ({ expect }) => {
    await withStages('until the deadline', refuseToSpeak, async (parts, { calls }) => {
      const task = await make(parts);
      expect(task).toMatchObject({ status: 'FAILED', failure: { code: 'NOT_SENT' } });
      expect(task.preparation).toMatchObject([SCANNED, { stage: 'SPEAKING', isPaid: false }]);
      expect(calls.length).toBeLessThan(350);
      expect(usageOf(parts)).toEqual([50, 0, 0]);
    });
  });

  it.for(['SCAN', 'SPEAK', 'SYNC'] as const)(
    'for good (%s) ends the task with its code',
    async (refused, { expect }) => {
      const refuse: StagedKling['onCall'] = (call) => {
        if (call === refused) throw klingError('REFUSED', 'CONTENT_REJECTED', 1301, 'not allowed');
      };
      await withStages(`for good ${refused}`, refuse, async (parts, { calls }) => {
        const task = await make(parts);
        expect(task).toMatchObject({ status: 'FAILED', failure: { code: 'CONTENT_REJECTED', klingCode: 1301 } });
        const paid = calls.filter((call) => call !== refused).length;
        expect(task.preparation!.filter(({ isPaid }) => isPaid)).toHaveLength(paid);
        expect(calls.at(-1)).toBe(refused);
        expect(usageOf(parts)).toEqual([50 * paid, 0, 0]);
      });
    },
  );
});

describe('a stage whose answer is lost', () => {
  it.for(['SCAN', 'SPEAK'] as const)('(%s) is never sent again, and counts in the budget', async (lost, { expect }) => {
    const lose: StagedKling['onCall'] = (call) => {
      if (call === lost) throw klingError('UNKNOWN');
    };
    const limits = { milliunitsPerMonthMax: 6_149 + (lost === 'SCAN' ? 0 : 50) };
    await withStages(
      `lost ${lost}`,
      lose,
      async (parts, { calls }) => {
        const task = await make(parts, { externalId: 'lost' });
        expect(task).toMatchObject({ status: 'FAILED', failure: { code: 'STAGE_OUTCOME_UNKNOWN' } });
        parts.clock.nowMs += DAY_MS;
        await parts.alarmHandler.run();
        expect((await parts.creator.createLipSyncTask({ ...INPUT, externalId: 'lost' })).id).toBe(task.id);
        expect(calls).toEqual(lost === 'SCAN' ? ['SCAN'] : ['SCAN', 'SPEAK']);
        expect(usageOf(parts)).toEqual([lost === 'SCAN' ? 0 : 50, 0, 1]);
        const other = { ...INPUT, face: { inVideo: { video: { url: 'https://example.com/other.mp4' } } } };
        await expect(parts.creator.createLipSyncTask(other)).rejects.toMatchObject({
          failure: { code: 'QUOTA_EXHAUSTED' },
        });
      },
      { limits },
    );
  });
});

describe('what was paid for a task that ends', () => {
  it('is in its last change, if the charges bring it over maxUnits', async ({ expect }) => {
    const kling = stagedKling();
    const client: PartsOptions['kling'] = {
      ...kling.client,
      identifyFaces: async (request) => ({ ...(await kling.client.identifyFaces!(request)), unitsDeducted: '5.5' }),
    };
    await withParts('stages over maxUnits', { kling: client }, async (parts) => {
      const task = await make(parts, { maxUnits: '6.1' });
      expect(kling.calls).toEqual(['SCAN', 'SPEAK']);
      expect(task).toMatchObject({
        status: 'FAILED',
        failure: { code: 'QUOTA_EXHAUSTED', quota: { limit: 'MAX_UNITS', unitsNeeded: '6', unitsLeft: '0.55' } },
        preparation: [{ ...SCANNED, unitsCharged: '5.5' }, SPOKEN],
      });
      const last = parts.deps.events.after(task.id, 0, 100).at(-1)!;
      expect((last.task as LipSyncTask).preparation).toEqual(task.preparation);
      expect(usageOf(parts)).toEqual([5_550, 0, 0]);
    });
  });

  it('is in its last change, if the answer cannot be claimed before the deadline', async ({ expect }) => {
    await withStages(
      'not claimed',
      () => {},
      async (parts, { calls }) => {
        const task = await make(parts);
        expect(calls).toEqual(['SCAN']);
        expect(task).toMatchObject({ status: 'FAILED', failure: { code: 'NOT_SENT' } });
        expect(task.preparation).toMatchObject([SCANNED, { stage: 'SPEAKING', isPaid: false }]);
        expect(usageOf(parts)).toEqual([50, 0, 0]);
      },
      { owners: { claim: notReached } },
    );
  });

  it('is not more after the deadline: a scan that ends later is the last call', async ({ expect }) => {
    let clock = { nowMs: 0 };
    await withStages(
      'late scan',
      () => void (clock.nowMs += 2 * DAY_MS),
      async (parts, { calls }) => {
        clock = parts.clock;
        const task = await make(parts);
        expect(calls).toEqual(['SCAN']);
        expect(task).toMatchObject({ status: 'FAILED', failure: { code: 'NOT_SENT' } });
        expect(task.preparation).toMatchObject([SCANNED, { stage: 'SPEAKING', isPaid: false }]);
      },
    );
  });
});

describe('a task that waits', () => {
  it('for a task whose create Kling refuses ends at once', async ({ expect }) => {
    const answer = Promise.withResolvers<void>();
    await withStages(
      'withdrawn',
      () => answer.promise,
      async (parts, { calls }) => {
        const { creator, deps, clock, alarmHandler, settle } = parts;
        deps.assets.keepFaceScan({
          id: 'scan-1',
          sessionId: 's',
          faces: [{ faceId: '0', imageUrl: null, startMs: 0, endMs: 9_000 }],
          unitsDeducted: null,
          createdAtMs: clock.nowMs,
          expiresAtMs: clock.nowMs + DAY_MS,
          klingRequestId: null,
        });
        const audio = { url: 'https://example.com/s.mp3' };
        const first = { face: { faceId: 'scan-1:0' }, audio, audioDurationMs: 5_000, externalId: 'first' };
        const creating = creator.createLipSyncTask(first).catch((error: unknown) => error);
        await expect.poll(() => calls.length).toBe(1);
        const video = { task: { externalId: 'first' } };
        const waiting = await creator.createLipSyncTask({ ...INPUT, face: { inVideo: { video } } });
        expect(waiting.stage).toBe('WAITING');
        await settle();
        answer.reject(klingError('REFUSED', 'CONTENT_REJECTED', 1301));
        await creating;
        await alarmHandler.run();
        expect(taskOf(parts, waiting.id)).toMatchObject({ status: 'FAILED', failure: { code: 'INPUT_REJECTED' } });
      },
    );
  });

  it('for an upload that expires ends at once', async ({ expect }) => {
    await withStages(
      'expired upload',
      () => {},
      async (parts) => {
        const { creator, deps, clock, alarmHandler, settle } = parts;
        const createdAtMs = clock.nowMs - DAY_MS / 2;
        deps.media.insert(mediaRecord('video', { status: 'UPLOADING', facts: null, createdAtMs }), 0, null);
        const { id } = await creator.createLipSyncTask({
          ...INPUT,
          face: { inVideo: { video: { mediaId: 'video' } } },
        });
        await settle();
        clock.nowMs = createdAtMs + DAY_MS + 1;
        await alarmHandler.run();
        expect(deps.wakes.nextAtMs()).toBeLessThanOrEqual(clock.nowMs);
        await alarmHandler.run();
        expect(taskOf(parts, id)).toMatchObject({ status: 'FAILED', failure: { code: 'INPUT_REJECTED' } });
      },
    );
  });
});

describe('while Kling is down', () => {
  it('a task waits without a call, and a free look-up shows when Kling is up again', async ({ expect }) => {
    let isUp = false;
    const lookedUp: string[] = [];
    let clock = { nowMs: 0 };
    const kling = stagedKling();
    const client: PartsOptions['kling'] = {
      ...kling.client,
      async readLipSyncTask(id) {
        lookedUp.push(id);
        isUp = true;
        throw klingError('REFUSED', 'NOT_FOUND', 1203);
      },
    };
    const slots = { isHealthy: () => isUp, nextProbeAtMs: () => (isUp ? null : clock.nowMs) };
    await withParts('stages outage', { kling: client, slots }, async (parts) => {
      clock = parts.clock;
      const { id } = await parts.creator.createLipSyncTask(INPUT);
      await parts.settle();
      expect([taskOf(parts, id).status, kling.calls]).toEqual(['PREPARING', []]);
      await parts.alarmHandler.run();
      expect(lookedUp).toEqual([id]);
      parts.deps.wakes.hasten(clock.nowMs, 15_000);
      expect(parts.deps.wakes.nextAtMs()! - clock.nowMs).toBeLessThan(15_000);
      expect(await runToEnd(parts, id)).toMatchObject({ status: 'SUBMITTED' });
      expect(kling.calls).toEqual(['SCAN', 'SPEAK', 'SYNC']);
    });
  });
});

describe('a step that waits for its turn while Kling goes down', () => {
  it.for([
    ['SCAN', (i: number) => ({ face: { inVideo: { video: { url: `https://example.com/${i}.mp4` } } } })],
    ['SPEAK', () => ({ face: { faceId: 'scan-1:0' } })],
  ] as const)('(%s) is not sent, and is sent once after it is up again', async ([step, faceOf], { expect }) => {
    let isUp = true;
    const answer = Promise.withResolvers<void>();
    await withStages(
      `down at the turn of ${step}`,
      () => answer.promise,
      async (parts, { calls }) => {
        parts.deps.assets.keepFaceScan(FACE_SCAN);
        const made: LipSyncTask[] = [];
        for (let i = 0; i < 5; i += 1) made.push(await parts.creator.createLipSyncTask({ ...INPUT, ...faceOf(i) }));
        await expect.poll(() => calls.length).toBe(4);
        // The fifth is past the check before its turn.
        const { id } = made[4]!;
        const stage = step === 'SCAN' ? 'SCANNING' : 'SPEAKING';
        expect(taskOf(parts, id)).toMatchObject({ status: 'PREPARING', stage });
        isUp = false;
        answer.resolve();
        await parts.settle();
        const isStep = (call: string) => call === step;
        expect(calls.filter(isStep)).toHaveLength(4);
        expect(taskOf(parts, id)).toMatchObject({ status: 'PREPARING', stage });
        expect(parts.deps.paidCalls.unansweredIn(monthOf(parts.clock.nowMs))).toBe(0);
        isUp = true;
        for (const each of made) expect((await runToEnd(parts, each.id)).status).toBe('SUBMITTED');
        expect(calls.filter(isStep)).toHaveLength(5);
      },
      { slots: { isHealthy: () => isUp } },
    );
  });
});

/** More statements than one task needs until it is at Kling. */
const STATEMENTS_MAX = 150;

/** Wraps storage so that the n-th statement and all later ones throw, as if the object had died. */
function dyingAt(storage: DurableObjectStorage, nth: number) {
  const dead = { count: 0 };
  const { sql } = storage;
  const dying = new Proxy(sql, {
    get(target, name) {
      if (name !== 'exec') return Reflect.get(target, name);
      return (...call: Parameters<SqlStorage['exec']>) => {
        dead.count += 1;
        if (dead.count >= nth) throw new Error('the object has died');
        return target.exec(...call);
      };
    },
  });
  const proxy = new Proxy(storage, {
    get(target, name) {
      if (name === 'sql') return dying;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { storage: proxy, hasDied: () => dead.count >= nth };
}

it(
  'a task whose object dies at any statement is never paid twice, and never lost',
  { timeout: 120_000 },
  async ({ expect }) => {
    let unknown = 0;
    let last = 0;
    for (let nth = 1; nth <= STATEMENTS_MAX; nth += 1) {
      await runInDurableObject(ledgerOf(`stages die at ${nth}`), async (_instance, { storage }) => {
        const kling = stagedKling();
        const grave = dyingAt(storage, nth);
        const dying = createParts(grave.storage, { kling: kling.client });
        await dying.creator.createLipSyncTask(INPUT).catch(() => {});
        await dying.settle();
        if (!grave.hasDied()) return;
        last = nth;

        const reborn = createParts(storage, { kling: kling.client });
        reborn.clock.nowMs = dying.clock.nowMs + 60_000;
        reborn.deps.wakes.wakeUnanswered(reborn.clock.nowMs);
        const [row] = reborn.tasks.list({ kind: null, statuses: [] }, null, 1);
        // Without a row, nothing was sent.
        if (row === undefined) return expect([nth, kling.calls]).toEqual([nth, []]);
        const task = await runToEnd(reborn, row.record.id);
        const twice = kling.calls.filter((call, i) => kling.calls.indexOf(call) !== i);
        expect([nth, twice]).toEqual([nth, []]);
        if (task.status === 'SUBMITTED') {
          return expect([nth, kling.calls, usageOf(reborn)[0]]).toEqual([nth, ['SCAN', 'SPEAK', 'SYNC'], 100]);
        }
        expect([nth, task.status, task.failure?.code]).toEqual([nth, 'FAILED', 'STAGE_OUTCOME_UNKNOWN']);
        unknown += 1;
      });
    }
    // Only between the send of a step and the record of its answer.
    expect(unknown).toBeGreaterThan(0);
    expect([last > 40, last < STATEMENTS_MAX, unknown < last / 2]).toEqual([true, true, true]);
  },
);
