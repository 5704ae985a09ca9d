import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import type { LedgerLimits } from '../../src/config/index.ts';
import { toMilliunits } from '../../src/domain/cost.ts';
import type { CreateLipSyncTaskInput } from '../../src/domain/inputs.ts';
import type { LipSyncQuote } from '../../src/domain/ports.ts';
import type { LipSyncTask } from '../../src/domain/records.ts';
import { toResult } from '../../src/errors.ts';
import { createParts, DAY_MS, type PartsOptions } from '../support/ledger-parts.ts';
import { FACE_SCAN, lipSyncOf } from '../support/ledger-tasks.ts';
import { failureOf, ledgerOf, valueOf } from '../support/ledger.ts';
import { rowCountsOf } from '../support/row-counts.ts';
import { snapshotOf } from '../support/snapshots.ts';

const LIP_SYNC: CreateLipSyncTaskInput = {
  face: { faceId: 'scan-1:0' },
  audio: { url: 'https://example.com/s.mp3' },
  placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
};
const USED = { ...LIP_SYNC, externalId: 'used' };

interface Row {
  readonly what: string;
  readonly change: Partial<CreateLipSyncTaskInput>;
  readonly laterMs?: number;
  readonly limits?: Partial<LedgerLimits>;
}

const ACCEPTED: readonly Row[] = [
  { what: 'audio at a URL', change: {} },
  { what: 'an own speech', change: { audio: { speechId: 'audio-1' } } },
  { what: "audio by Kling's id", change: { audio: { klingAudioId: 'audio-2' } } },
  {
    what: 'the session of an own scan',
    change: { face: { klingFace: { klingSessionId: 'session-1', klingFaceId: '0' } } },
  },
  { what: 'a session from elsewhere', change: { face: { klingFace: { klingSessionId: 's', klingFaceId: '7' } } } },
  {
    what: 'a stated length',
    change: { face: { klingFace: { klingSessionId: 's', klingFaceId: '7' } }, videoDurationMs: 12_000 },
  },
  { what: 'a new external id', change: { externalId: 'new', watermark: true, audioVolume: 0.5 } },
  { what: 'the last units of the budget', change: {}, limits: { milliunitsPerMonthMax: 2_050 } },
];

const REFUSED: readonly Row[] = [
  { what: 'an unknown face', change: { face: { faceId: 'scan-2:0' } } },
  { what: 'an id that is of no face', change: { face: { faceId: '' } } },
  { what: 'an expired scan', change: {}, laterMs: 2 * DAY_MS },
  {
    what: 'the expired session of an own scan',
    change: { face: { klingFace: { klingSessionId: 'session-1', klingFaceId: '0' } } },
    laterMs: 2 * DAY_MS,
  },
  {
    what: 'an unknown face of an own session',
    change: { face: { klingFace: { klingSessionId: 'session-1', klingFaceId: '9' } } },
  },
  { what: 'ids of a face that are no ids', change: { face: { klingFace: { klingSessionId: '?', klingFaceId: '' } } } },
  { what: 'an unknown speech', change: { audio: { speechId: 'audio-9' } } },
  { what: 'audio that is no base64', change: { audio: { base64: '????' } } },
  { what: 'a URL that is not https', change: { audio: { url: 'http://example.com/s.mp3' } } },
  { what: 'a clip beside the face', change: { placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 9_000 } } },
  {
    what: 'many problems at once',
    change: { placement: { audioStartMs: -1, audioEndMs: 1000, insertAtMs: 0 }, audioVolume: 3, label: 'x'.repeat(81) },
  },
  { what: 'a wrong external id', change: { externalId: 'a b' } },
  { what: 'an external id that was used with another input', change: { ...USED, watermark: true } },
  { what: 'an external id that was used for a voice', change: { externalId: 'voice' } },
  { what: 'work over the budget', change: {}, limits: { milliunitsPerMonthMax: 2_049 } },
  { what: 'work while the queue is full', change: {}, limits: { waitingTasksMax: 0 } },
  { what: 'a request that is too long for the queue', change: {}, limits: { waitingBytesMax: 10 } },
];

interface Compared {
  readonly quote: Awaited<ReturnType<typeof toResult<LipSyncQuote>>>;
  readonly created: Awaited<ReturnType<typeof toResult<LipSyncTask>>>;
  /** Lists the calls that the quote has caused, and says whether a row has changed. */
  readonly left: unknown;
}

/** Asks for a quote, and then creates the task. The ledger has a scan of 10 s, a speech, a lip-sync and a voice. */
async function compare({ what, change, laterMs = 0, limits = {} }: Row): Promise<Compared> {
  return runInDurableObject(ledgerOf(`quote ${what}`), async (_instance, { storage }) => {
    const calls: string[] = [];
    const options: PartsOptions = {
      kling: {
        createVoiceTask: async () => (calls.push('voice'), snapshotOf('SUBMITTED')),
        createLipSyncTask: async () => (calls.push('lip-sync'), lipSyncOf(snapshotOf('SUBMITTED'), false)),
      },
      arm: () => calls.push('alarm'),
      owners: { isForeign: async () => (calls.push('owner'), false) },
    };
    const before = createParts(storage, options);
    const said = { text: 'Hello', voiceId: 'v', language: 'en', speed: 1 } as const;
    const rest = { klingTaskId: null, unitsDeducted: null, createdAtMs: 0, klingRequestId: null };
    const speech = { audioId: 'audio-1', url: 'https://example.com/x.mp3', durationMs: 4000, ...said, ...rest };
    before.deps.assets.keepSpeech(speech, before.clock.nowMs);
    before.deps.assets.keepFaceScan({ ...FACE_SCAN, videoDurationMs: 10_000 });
    await before.creator.createLipSyncTask(USED);
    const sample = { url: 'https://example.com/a.mp3' };
    await before.creator.createVoiceTask({ name: 'Ann', sample, externalId: 'voice' });

    const { creator, clock, deps } = createParts(storage, { ...options, limits });
    // Both parts count their ids from 1, and two are taken.
    for (let i = 0; i < 2; i += 1) deps.newId();
    clock.nowMs += laterMs;
    const input = { ...LIP_SYNC, ...change };
    const stateOf = () => JSON.stringify([rowCountsOf(storage.sql), storage.sql.exec('SELECT * FROM task').toArray()]);
    calls.length = 0;
    const state = stateOf();
    const quote = await toResult(() => creator.quoteLipSync(input));
    const left = { calls: [...calls], isChanged: stateOf() !== state };
    return { quote, left, created: await toResult(() => creator.createLipSyncTask(input)) };
  });
}

const NOTHING = { calls: [], isChanged: false };

describe('a quote changes nothing, and', () => {
  it.for(ACCEPTED)('states the estimate and the placement of the task that is made: $what', async (row, { expect }) => {
    const { quote, created, left } = await compare(row);
    expect(left).toEqual(NOTHING);
    const { unitsEstimated, details } = valueOf(created);
    const { placement } = details!.lipSync!;
    const costs = [{ stage: 'SYNCING', unitsEstimated }];
    expect(valueOf(quote)).toEqual({ milliunits: toMilliunits(unitsEstimated!), costs, placement });
  });

  it.for(REFUSED)('fails as the create does: $what', async (row, { expect }) => {
    const { quote, created, left } = await compare(row);
    expect(left).toEqual(NOTHING);
    expect(failureOf(quote)).toEqual(failureOf(created));
  });

  it('is 0 for an external id that returns its task, also when today’s rules would refuse it', async ({ expect }) => {
    for (const laterMs of [0, 2 * DAY_MS]) {
      const { quote, created, left } = await compare({ what: `repeat ${laterMs}`, change: USED, laterMs });
      expect(left).toEqual(NOTHING);
      const { externalId, details } = valueOf(created);
      expect(externalId).toBe('used');
      expect(valueOf(quote)).toEqual({ milliunits: 0, costs: [], placement: details!.lipSync!.placement });
    }
  });

  it('is the length that Kling measured, not the one that the caller states', async ({ expect }) => {
    const { quote } = await compare({ what: 'measured', change: { videoDurationMs: 60_000 } });
    expect(valueOf(quote).milliunits).toBe(1000);
  });
});
