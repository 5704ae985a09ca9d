import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import type { CreateLipSyncTaskInput, CreateVoiceTaskInput } from '../../src/domain/inputs.ts';
import { digestOfSpeech } from '../../src/ledger/digest.ts';
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
import { snapshotOf } from '../support/snapshots.ts';

const LIP_SYNC: CreateLipSyncTaskInput = {
  face: { faceId: 'scan-1:0' },
  audio: { url: 'https://example.com/s.mp3' },
  placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 },
  audioVolume: 1,
  originalAudioVolume: 1,
  watermark: false,
  externalId: 'order-1',
};
const VOICE: CreateVoiceTaskInput = {
  name: 'Ann',
  sample: { url: 'https://example.com/a.mp3' },
  externalId: 'order-1',
};
const SPEECH = { text: 'Hello', klingVoiceId: 'oversea_male1', language: 'en', speed: null } as const;
const VIDEO = { video: { url: 'https://example.com/clip.mp4' } };

/** Runs a test on a ledger with one face scan. `calls` lists the creates and paid calls that reach Kling. */
async function withLedger(
  name: string,
  work: (parts: LedgerParts, sql: SqlStorage, calls: readonly string[]) => Promise<void>,
): Promise<void> {
  const calls: string[] = [];
  const kling: PartsOptions['kling'] = {
    createVoiceTask: async () => (calls.push('voice'), snapshotOf('SUBMITTED')),
    createLipSyncTask: async () => {
      calls.push('lip-sync');
      return { ...snapshotOf('SUBMITTED'), parentVideo: null, videos: [], watermarkEnabled: null };
    },
    identifyFaces: async () => (calls.push('scan'), { ...FACE_SCAN, sessionId: 'session-2' }),
    synthesizeSpeech: async () => {
      calls.push('speech');
      const unknown = { durationMs: null, klingTaskId: null, unitsDeducted: null, createdAtMs: null };
      return { audioId: 'audio-1', url: 'https://example.com/x.mp3', ...unknown, klingRequestId: null };
    },
  };
  await runInDurableObject(ledgerOf(`repeats ${name}`), async (_instance, { storage }) => {
    const parts = createParts(storage, { kling });
    parts.deps.assets.keepFaceScan(FACE_SCAN);
    await work(parts, storage.sql, calls);
  });
}

describe('a create that is repeated in an equivalent form returns the same task', () => {
  it.for<[what: string, change: Partial<CreateLipSyncTaskInput>]>([
    ['no watermark', { watermark: null }],
    ['no volumes', { audioVolume: null, originalAudioVolume: null }],
    ['host and scheme in capitals', { audio: { url: 'HTTPS://EXAMPLE.com/s.mp3' } }],
    ['a length', { videoDurationMs: 9000, audioDurationMs: null }],
  ])('for a lip-sync with %s', async ([what, change], { expect }) => {
    await withLedger(what, async ({ creator }, _sql, calls) => {
      const { id } = await creator.createLipSyncTask(LIP_SYNC);
      expect((await creator.createLipSyncTask({ ...LIP_SYNC, ...change })).id).toBe(id);
      expect(calls).toEqual(['lip-sync']);
    });
  });

  it('for a lip-sync without the fields that have a default', async ({ expect }) => {
    await withLedger('without', async ({ creator }, _sql, calls) => {
      const { id } = await creator.createLipSyncTask(LIP_SYNC);
      const { face, audio, placement = null, externalId = null } = LIP_SYNC;
      expect((await creator.createLipSyncTask({ externalId, placement, audio, face })).id).toBe(id);
      expect(calls).toEqual(['lip-sync']);
    });
  });

  it('for a voice with spaces around its name', async ({ expect }) => {
    await withLedger('blanks', async ({ creator }, _sql, calls) => {
      const { id } = await creator.createVoiceTask(VOICE);
      expect((await creator.createVoiceTask({ ...VOICE, name: ' Ann ' })).id).toBe(id);
      expect(calls).toEqual(['voice']);
    });
  });

  it.for<[what: string, change: Partial<CreateLipSyncTaskInput>]>([
    ['watermark', { watermark: true }],
    ['volume', { audioVolume: 0 }],
    ['path', { audio: { url: 'https://example.com/S.mp3' } }],
    ['face', { face: { faceId: 'scan-1:1' } }],
    ['placement', { placement: { ...LIP_SYNC.placement!, insertAtMs: 1001 } }],
  ])('unless its %s differs, which is a CONFLICT', async ([what, change], { expect }) => {
    await withLedger(`another ${what}`, async ({ creator }, _sql, calls) => {
      await creator.createLipSyncTask(LIP_SYNC);
      const failed = await creator.createLipSyncTask({ ...LIP_SYNC, ...change }).catch((error: unknown) => error);
      expect(failed).toMatchObject({ failure: { code: 'CONFLICT' } });
      expect(calls).toEqual(['lip-sync']);
    });
  });
});

describe('a repeated create returns the same task', () => {
  it.for([
    ['when the face scan has expired', 'UPDATE face_scan SET id = id'],
    ['when the face scan is no longer kept', 'DELETE FROM face_scan'],
  ] as const)('%s', async ([when, change], { expect }) => {
    await withLedger(when, async ({ creator, clock }, sql, calls) => {
      const { id } = await creator.createLipSyncTask(LIP_SYNC);
      sql.exec(change);
      clock.nowMs += 2 * DAY_MS;
      expect((await creator.createLipSyncTask({ ...LIP_SYNC, watermark: null })).id).toBe(id);
      const other = await creator.createLipSyncTask({ ...LIP_SYNC, externalId: 'x' }).catch((error: unknown) => error);
      expect(other).toMatchObject({ failure: { code: 'BAD_USER_INPUT' } });
      expect(calls).toEqual(['lip-sync']);
    });
  });

  it('when eight come at once in four equivalent forms', async ({ expect }) => {
    await withLedger('at once', async ({ creator }, _sql, calls) => {
      const spellings = [
        {},
        { watermark: null },
        { audioVolume: null },
        { audio: { url: 'https://EXAMPLE.com/s.mp3' } },
      ];
      const inputs = [...spellings, ...spellings].map((change) => ({ ...LIP_SYNC, ...change }));
      const made = await Promise.all(inputs.map((input) => creator.createLipSyncTask(input)));
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect(calls).toEqual(['lip-sync']);
    });
  });
});

it('repeated creates at once after a refusal are refused, or return a task that exists', async ({ expect }) => {
  for (const refusals of [1, 2, 9]) {
    let calls = 0;
    const createVoiceTask = async () => {
      calls += 1;
      if (calls <= refusals) throw klingError('REFUSED', 'CONTENT_REJECTED', 1301);
      return snapshotOf('SUBMITTED');
    };
    await withParts(`refused ${refusals}`, { kling: { createVoiceTask } }, async ({ creator, tasks }) => {
      const made = await Promise.allSettled([1, 2, 3, 4].map(() => creator.createVoiceTask(VOICE)));
      for (const one of made) {
        const id = one.status === 'fulfilled' ? one.value.id : null;
        expect(id === null || tasks.find({ id }) !== null).toBe(true);
      }
      expect(made.some(({ status }) => status === 'rejected')).toBe(true);
    });
  }
});

/** Rows of ledgers that were written before digests had a version. */
describe('a stored digest without a version', () => {
  it.for([
    ['the sorted schema', '09d83ccb59b093408137efeaaec42078baefe1fb9c9d608cb05d0b6ebe232c1a'],
    ['the unsorted schema', 'd30948c8e442d59a1d64d27cc1d9c0fa7665eaa53eba069c20d129fd0d19ce72'],
  ])('of a lip-sync made with %s matches a repeat, and no other input', async ([when, digest], { expect }) => {
    await withLedger(`lip-sync ${when}`, async ({ creator, clock }, sql, calls) => {
      const { id } = await creator.createLipSyncTask(LIP_SYNC);
      sql.exec('UPDATE task SET input_digest = ?', digest);
      clock.nowMs += 2 * DAY_MS;
      expect((await creator.createLipSyncTask(LIP_SYNC)).id).toBe(id);
      const failed = await creator.createLipSyncTask({ ...LIP_SYNC, watermark: true }).catch((error: unknown) => error);
      expect(failed).toMatchObject({ failure: { code: 'CONFLICT' } });
      expect(calls).toEqual(['lip-sync']);
    });
  });

  it.for([
    ['the sorted schema', '4864ae67544c510c423e80ff222ceb71a1d963c998fc6a2010eb38167a85e94f'],
    ['the unsorted schema', '3fd9b8d138803007c1d06c560af98f130614eafed99dd018dc149f0d6a4a6026'],
  ])('of a voice made with %s matches a repeat', async ([when, digest], { expect }) => {
    await withLedger(`voice ${when}`, async ({ creator }, sql, calls) => {
      const { id } = await creator.createVoiceTask(VOICE);
      sql.exec('UPDATE task SET input_digest = ?', digest);
      expect((await creator.createVoiceTask(VOICE)).id).toBe(id);
      expect(calls).toEqual(['voice']);
    });
  });

  it('of a paid call matches a repeat, which is not paid again', async ({ expect }) => {
    await withLedger('paid', async ({ paidCalls }, sql, calls) => {
      const speech = await paidCalls.synthesizeSpeech({ speech: SPEECH }, 'speech');
      const scan = await paidCalls.identifyFaces(VIDEO, 'scan');
      const digests = {
        speech: 'fb1bbc4a5ce4f3f872878f905faef98137d545dbc454d3ca84a3d96ae1ea19cf',
        scan: '2b5df59d485c1cbc454165c6ec33c6972040f66f9f0271ab778e1ba24dd7e6ac',
      };
      for (const [key, digest] of Object.entries(digests)) {
        sql.exec('UPDATE paid_call SET input_digest = ? WHERE idempotency_key = ?', digest, key);
      }
      expect(await paidCalls.synthesizeSpeech({ speech: { ...SPEECH, speed: 1 } }, 'speech')).toEqual(speech);
      expect(await paidCalls.identifyFaces({ video: { url: 'https://EXAMPLE.com/clip.mp4' } }, 'scan')).toEqual(scan);
      const failed = await paidCalls
        .synthesizeSpeech({ speech: { ...SPEECH, speed: 2 } }, 'speech')
        .catch((error: unknown) => error);
      expect(failed).toMatchObject({ failure: { code: 'CONFLICT' } });
      expect(calls).toEqual(['speech', 'scan']);
    });
  });
});

it('a repeated paid call gets its answer, also when today’s rules would refuse its input', async ({ expect }) => {
  await withLedger('stricter rules', async ({ paidCalls }, sql, calls) => {
    const speech = await paidCalls.synthesizeSpeech({ speech: SPEECH }, 'k');
    const tooLong = { ...SPEECH, text: 'x'.repeat(1001) };
    const { text } = await digestOfSpeech({ speech: tooLong });
    sql.exec('UPDATE paid_call SET input_digest = ?', text);
    expect(await paidCalls.synthesizeSpeech({ speech: tooLong }, 'k')).toEqual({ ...speech, text: tooLong.text });
    const failed = await paidCalls.synthesizeSpeech({ speech: tooLong }, 'other').catch((error: unknown) => error);
    expect(failed).toMatchObject({ failure: { code: 'BAD_USER_INPUT' } });
    expect(calls).toEqual(['speech']);
  });
});
