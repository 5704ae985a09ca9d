import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { gatewayFailure } from '../../src/domain/failure.ts';
import type { SpeechResult } from '../../src/domain/records.ts';
import type { TaskSnapshot } from '../../src/domain/task.ts';
import { createParts, DAY_MS, klingError, type LedgerParts, type PartsOptions } from '../support/ledger-parts.ts';
import { createVoiceOnce, FACE_SCAN } from '../support/ledger-tasks.ts';
import { ledgerOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';
import { stagedKling } from '../support/staged-kling.ts';

const MONTH = '2026-09';

const SPEECH_INPUT = { text: 'Hello', klingVoiceId: 'v', language: 'en', speed: 1 } as const;
const SPEECH: SpeechResult = {
  audioId: 'audio-1',
  url: 'https://example.com/a.mp3',
  durationMs: 3000,
  klingTaskId: null,
  unitsDeducted: null,
  createdAtMs: null,
  klingRequestId: null,
};

/** Runs a test on a ledger with a budget in units. Kling answers reads of tasks with what `tell` sets. */
async function withBudget(
  name: string,
  units: number,
  work: (
    parts: LedgerParts,
    tell: (change: Partial<TaskSnapshot> & Record<string, unknown>) => void,
    sql: SqlStorage,
  ) => Promise<void>,
  options: PartsOptions = {},
): Promise<void> {
  let told: Record<string, unknown> = {};
  const read = async () => ({
    ...snapshotOf('PROCESSING'),
    parentVideo: null,
    videos: [],
    watermarkEnabled: null,
    ...told,
  });
  const kling: PartsOptions['kling'] = {
    createVoiceTask: async () => snapshotOf('SUBMITTED'),
    createLipSyncTask: async () => ({ ...(await read()), status: 'SUBMITTED' as const }),
    readLipSyncTask: read,
    readVoiceTask: read,
    ...options.kling,
  };
  await runInDurableObject(ledgerOf(`budget ${name}`), async (_instance, { storage }) => {
    const parts = createParts(storage, { ...options, kling, limits: { milliunitsPerMonthMax: units * 1000 } });
    parts.deps.assets.keepFaceScan(FACE_SCAN);
    await work(parts, (change) => (told = change), storage.sql);
  });
}

function lipSync({ creator }: LedgerParts, change: { videoDurationMs?: number; faceId?: string } = {}) {
  const { videoDurationMs = null, faceId = 'scan-1:0' } = change;
  return creator.createLipSyncTask({
    face: { faceId },
    audio: { url: 'https://example.com/s.mp3' },
    placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
    videoDurationMs,
  });
}

const used = ({ deps }: LedgerParts) => deps.assets.milliunitsUsed(MONTH);
const pending = ({ deps }: LedgerParts) => deps.tasks.milliunitsPending();

/** Ends a task, as a read at Kling that reports success does. */
function end({ journal }: LedgerParts, id: string, change: Record<string, unknown> = {}): void {
  const videos = [{ videoId: 'made', url: null, watermarkUrl: null, durationMs: null }];
  const rest = { parentVideo: null, videos, watermarkEnabled: null, ...change };
  journal.apply(id, { type: 'SNAPSHOT', snapshot: { ...snapshotOf('SUCCEEDED'), ...rest } });
}

describe('the monthly budget', () => {
  it('counts the estimate of a task when Kling reports no charge', async ({ expect }) => {
    await withBudget('fills', 12, async (parts) => {
      for (const n of [1, 2]) {
        const { id } = await lipSync(parts);
        expect([used(parts), pending(parts)]).toEqual([(n - 1) * 6000, 6000]);
        end(parts, id);
        expect([used(parts), pending(parts)]).toEqual([n * 6000, 0]);
      }
      expect(await lipSync(parts).catch((error: unknown) => error)).toMatchObject({
        failure: {
          code: 'QUOTA_EXHAUSTED',
          quota: { limit: 'TENANT_BUDGET', unitsNeeded: '6', unitsLeft: '0' },
        },
      });
    });
  });

  it('says how many units are left for the work that it refuses', async ({ expect }) => {
    await withBudget('some left', 8.5, async (parts) => {
      await lipSync(parts);
      expect(await lipSync(parts).catch((error: unknown) => error)).toMatchObject({
        failure: { quota: { unitsNeeded: '6', unitsLeft: '2.5' } },
      });
    });
  });

  it('counts a charge that Kling reports in units or in money, and corrects it once when Kling reports it later', async ({
    expect,
  }) => {
    await withBudget('corrects', 100, async (parts) => {
      const [a, b] = [await lipSync(parts), await lipSync(parts)];
      end(parts, a.id, { unitsDeducted: '0.5' });
      expect(used(parts)).toBe(500);
      end(parts, b.id);
      expect(used(parts)).toBe(6500);
      for (let i = 0; i < 3; i += 1) end(parts, b.id, { balanceDeducted: { quota: '0.14', listPrice: '0.28' } });
      expect(used(parts)).toBe(1500);
      for (let i = 0; i < 3; i += 1) end(parts, b.id, { unitsDeducted: '1.5' });
      expect(used(parts)).toBe(2000);
      end(parts, b.id);
      expect(used(parts)).toBe(2000);
    });
  });

  it('counts a charge once when Kling reports it while the task runs', async ({ expect }) => {
    await withBudget('early', 100, async (parts) => {
      const { id } = await lipSync(parts);
      const running = snapshotOf('PROCESSING', { unitsDeducted: '0.5' });
      parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: running });
      expect([used(parts), pending(parts)]).toEqual([0, 6000]);
      end(parts, id, { unitsDeducted: '0.5' });
      expect([used(parts), pending(parts)]).toEqual([500, 0]);
    });
  });

  it.for([
    ['CREATE_OUTCOME_UNKNOWN', 6000],
    ['DEADLINE_EXCEEDED', 6000],
    ['NOT_SENT', 0],
    ['CANCELLED', 0],
  ] as const)('counts a task that ended as %s as %i milliunits', async ([outcome, milliunits], { expect }) => {
    await withBudget(outcome, 100, async (parts) => {
      const { id } = await lipSync(parts);
      parts.journal.apply(
        id,
        outcome === 'CANCELLED' ? { type: 'CANCELLED' } : { type: 'CLOSED', failure: gatewayFailure(outcome) },
      );
      expect([used(parts), pending(parts)]).toEqual([milliunits, 0]);
      // A charge that Kling reports later replaces the estimate.
      end(parts, id, { unitsDeducted: '1' });
      expect(used(parts)).toBe(1000);
    });
  });

  it('counts a task of unknown outcome before and after its deadline', async ({ expect }) => {
    const lost = { createVoiceTask: async () => Promise.reject(klingError('UNKNOWN')) };
    await withBudget(
      'lost',
      100,
      async (parts) => {
        const { id } = await createVoiceOnce(parts);
        expect([used(parts), pending(parts)]).toEqual([0, 50]);
        parts.clock.nowMs += 2 * DAY_MS;
        await parts.alarmHandler.run();
        expect(parts.tasks.find({ id })?.record.failure?.code).toBe('CREATE_OUTCOME_UNKNOWN');
        expect([used(parts), pending(parts)]).toEqual([50, 0]);
      },
      { kling: { ...lost, readVoiceTask: async () => Promise.reject(klingError('UNKNOWN')) } },
    );
  });

  it('counts nothing for a failure without a charge, and nothing for a refusal', async ({ expect }) => {
    await withBudget('failed', 100, async (parts) => {
      const { id } = await lipSync(parts);
      const failed = snapshotOf('FAILED', { statusMessage: 'Internal error' });
      parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: failed });
      expect([used(parts), pending(parts)]).toEqual([0, 0]);
    });
    const refuses = { createVoiceTask: async () => Promise.reject(klingError('REFUSED', 'CONTENT_REJECTED')) };
    await withBudget(
      'refused',
      100,
      async (parts) => {
        await createVoiceOnce(parts).catch(() => null);
        expect([used(parts), pending(parts)]).toEqual([0, 0]);
      },
      { kling: refuses },
    );
  });

  it('counts a charge in the month in which the task was created', async ({ expect }) => {
    await withBudget('month', 100, async (parts) => {
      const { id } = await lipSync(parts);
      parts.clock.nowMs += 31 * DAY_MS;
      end(parts, id);
      expect([used(parts), parts.deps.assets.milliunitsUsed('2026-10')]).toEqual([6000, 0]);
    });
  });

  it('counts the full charge of a task without a stored estimate once', async ({ expect }) => {
    await withBudget('old rows', 100, async (parts, _tell, sql) => {
      const { id } = await lipSync(parts);
      end(parts, id);
      sql.exec('UPDATE usage SET milliunits = 0');
      sql.exec('UPDATE task SET milliunits = NULL');
      for (let i = 0; i < 2; i += 1) end(parts, id, { unitsDeducted: '1' });
      expect(used(parts)).toBe(1000);
    });
  });

  it.for<[name: string, call: (parts: LedgerParts) => Promise<unknown>]>([
    ['scan', ({ paidCalls }) => paidCalls.identifyFaces({ video: { url: 'https://example.com/a.mp4' } }, null)],
    ['speech', ({ paidCalls }) => paidCalls.synthesizeSpeech({ speech: SPEECH_INPUT }, null)],
  ])(
    'counts a %s by the charge that Kling reports, in units or money, else by its price',
    async ([name, call], { expect }) => {
      const charges: Pick<SpeechResult, 'unitsDeducted' | 'balanceDeducted'>[] = [
        { unitsDeducted: null },
        { unitsDeducted: '0.02' },
        { unitsDeducted: null, balanceDeducted: { quota: '0.0042', listPrice: '0.007' } },
      ];
      const kling: PartsOptions['kling'] = {
        identifyFaces: async () => ({ sessionId: 's', faces: [], klingRequestId: null, ...charges.shift()! }),
        synthesizeSpeech: async () => ({ ...SPEECH, ...charges.shift()! }),
      };
      await withBudget(
        `charges of a ${name}`,
        100,
        async (parts) => {
          const sums: number[] = [];
          for (let i = 0; i < 3; i += 1) {
            await call(parts);
            sums.push(used(parts));
          }
          expect(sums).toEqual([50, 70, 106]);
        },
        { kling },
      );
    },
  );
});

describe('a step of a lip-sync', () => {
  it('counts once: while it waits for its answer, while the answer is claimed, and after it was lost', async ({
    expect,
  }) => {
    const kling = stagedKling();
    const [scan, claim, speech] = [0, 1, 2].map(() => Promise.withResolvers<void>());
    kling.onCall = (call) => ({ SCAN: scan!.promise, SPEAK: speech!.promise, SYNC: undefined })[call];
    let claims = 0;
    const owners = { claim: () => ((claims += 1), claim!.promise) };
    await withBudget(
      'step',
      11.1,
      async (parts) => {
        const left = async () => {
          const error: unknown = await lipSync(parts).catch((refusal: unknown) => refusal);
          return (error as { failure?: { quota?: object } }).failure?.quota;
        };
        // Two steps and 60 s of video: 6.1 units.
        await parts.creator.createLipSyncTask({
          face: { inVideo: { video: { url: 'https://example.com/clip.mp4' } } },
          audio: { speech: SPEECH_INPUT },
        });
        await expect.poll(() => kling.calls).toEqual(['SCAN']);
        expect(await left()).toMatchObject({ unitsLeft: '5' });
        scan!.resolve();
        await expect.poll(() => claims).toBe(1);
        expect(await left()).toMatchObject({ unitsLeft: '5' });
        claim!.resolve();
        await expect.poll(() => kling.calls).toEqual(['SCAN', 'SPEAK']);
        expect(await left()).toMatchObject({ unitsLeft: '5' });
        speech!.reject(klingError('UNKNOWN'));
        await parts.settle();
        expect([used(parts), pending(parts), parts.deps.paidCalls.unansweredIn(MONTH)]).toEqual([50, 0, 1]);
        await lipSync(parts);
        expect(await left()).toMatchObject({ unitsLeft: '5' });
      },
      { kling: kling.client, owners },
    );
  });
});

describe('the estimate of a lip-sync', () => {
  it('is corrected in the record and the budget once Kling reports the length of the video', async ({ expect }) => {
    await withBudget('one number', 100, async (parts, tell) => {
      const { id, unitsEstimated } = await lipSync(parts);
      expect(unitsEstimated).toBe('6');
      const parentVideo = { videoId: 'parent', url: null, durationMs: 10_000 };
      tell({ parentVideo });
      parts.clock.nowMs += 10_000;
      await parts.alarmHandler.run();
      expect(parts.tasks.find({ id })?.record.unitsEstimated).toBe('1');
      expect(pending(parts)).toBe(1000);
      end(parts, id, { parentVideo });
      expect(used(parts)).toBe(1000);
    });
  });

  it('uses the video length that an earlier task has learned, whatever the caller states', async ({ expect }) => {
    await withBudget('scan', 100, async (parts) => {
      const { id } = await lipSync(parts, { videoDurationMs: 60_000 });
      end(parts, id, { parentVideo: { videoId: null, url: null, durationMs: 10_000 } });
      expect((await lipSync(parts)).unitsEstimated).toBe('1');
      expect((await lipSync(parts, { videoDurationMs: 5000 })).unitsEstimated).toBe('1');
    });
  });

  it('uses the length of a video that a task has made, else the length that the caller states', async ({ expect }) => {
    const kling = { identifyFaces: async () => ({ ...FACE_SCAN, id: undefined, sessionId: 'session-2' }) };
    await withBudget(
      'made',
      100,
      async (parts) => {
        const { id, unitsEstimated } = await lipSync(parts, { videoDurationMs: 20_000 });
        expect(unitsEstimated).toBe('2');
        end(parts, id, { videos: [{ videoId: 'made-1', url: null, watermarkUrl: null, durationMs: 15_000 }] });
        const scan = await parts.paidCalls.identifyFaces({ video: { klingVideoId: 'made-1' } }, null);
        expect((await lipSync(parts, { faceId: `${scan.id}:0` })).unitsEstimated).toBe('1.5');
        const other = await parts.paidCalls.identifyFaces({ video: { klingVideoId: 'other' } }, null);
        expect((await lipSync(parts, { faceId: `${other.id}:0` })).unitsEstimated).toBe('6');
      },
      { kling },
    );
  });
});
