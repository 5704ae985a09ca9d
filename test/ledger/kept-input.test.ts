import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { AUDIO_BYTES_MAX } from '../../src/domain/audio.ts';
import type { CreateLipSyncTaskInput } from '../../src/domain/inputs.ts';
import { sha256 } from '../../src/lib/hash.ts';
import { base64Of, wav } from '../domain/support-audio.ts';
import { createParts, type LedgerParts, withParts } from '../support/ledger-parts.ts';
import { FACE_SCAN, lipSyncOf } from '../support/ledger-tasks.ts';
import { ledgerOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

const kling = {
  createVoiceTask: async () => snapshotOf('SUBMITTED'),
  createLipSyncTask: async () => lipSyncOf(snapshotOf('SUBMITTED'), false),
};
const VIDEO = { url: 'https://example.com/clip.mp4' };
const PLACEMENT = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 };
const LIP_SYNC: CreateLipSyncTaskInput = {
  face: { faceId: 'scan-1:0' },
  audio: { url: 'https://example.com/sound.mp3' },
  placement: PLACEMENT,
  audioDurationMs: 5000,
  videoDurationMs: 8000,
};

function lipSync({ creator, deps }: LedgerParts, changes: Partial<CreateLipSyncTaskInput> = {}) {
  deps.assets.keepFaceScan({ ...FACE_SCAN, video: VIDEO, videoDurationMs: 10_000 });
  return creator.createLipSyncTask({ ...LIP_SYNC, ...changes });
}

/** Returns the longest URL that is allowed. */
function longest(name: string): string {
  return `https://example.com/${name}?`.padEnd(8192, 'x');
}

/** Returns the length of everything that is stored about tasks, in bytes. */
function storedBytes(sql: SqlStorage): number {
  return sql
    .exec<{ n: number }>(
      `SELECT (SELECT sum(octet_length(record) + octet_length(details)) FROM task)
         + (SELECT sum(octet_length(record)) FROM event) + (SELECT count(*) * 1000000 FROM request_part) AS n`,
    )
    .one().n;
}

describe('a lip-sync task keeps', () => {
  it('what it was made of, for as long as the task', async ({ expect }) => {
    await withParts('kept lip-sync', { kling }, async (parts) => {
      const { id } = await lipSync(parts, { audioVolume: 0.5, watermark: true });
      parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: lipSyncOf(snapshotOf('SUCCEEDED'), true) });
      expect(parts.tasks.find({ id })?.record.details).toEqual({
        lipSync: {
          face: FACE_SCAN.faces[0],
          video: VIDEO,
          videoDurationMs: 10_000,
          audio: { url: 'https://example.com/sound.mp3' },
          audioDurationHintMs: 5_000,
          videoDurationHintMs: 8_000,
          placement: { cropStartMs: 0, cropEndMs: 3000, insertAtMs: 1000 },
          audioVolume: 0.5,
          originalAudioVolume: 1,
          watermark: true,
        },
      });
    });
  });

  it('the input and the notes side by side', async ({ expect }) => {
    const metadata = [{ key: 'order', value: '4711' }];
    await withParts('kept with notes', { kling }, async (parts) => {
      const { id } = await lipSync(parts, { metadata });
      const details = () => parts.tasks.find({ id })?.record.details;
      const made = details();
      expect(made).toMatchObject({
        metadata,
        lipSync: { placement: { cropStartMs: 0, cropEndMs: 3000, insertAtMs: 1000 } },
      });
      parts.journal.apply(id, { type: 'NOTED', notes: { metadata: [] } });
      expect(details()).toEqual({ ...made, metadata: [] });
    });
  });

  it('the size, hash and length of a WAV in base64, and none of its bytes', async ({ expect }) => {
    const bytes = wav({ dataBytes: 80_000 });
    await withParts('kept base64', { kling }, async (parts, { sql }) => {
      const { details } = await lipSync(parts, { audio: { base64: base64Of(bytes) } });
      expect(details?.lipSync?.audio).toEqual({
        bytes: bytes.length,
        sha256: await sha256(Uint8Array.from(bytes)),
        durationMs: 5000,
      });
      expect(storedBytes(sql)).toBeLessThan(3_000);
    });
  });

  it('no more for the largest audio than for a small one', async ({ expect }) => {
    const audio = new Uint8Array(AUDIO_BYTES_MAX);
    audio.set([0x49, 0x44, 0x33, 4]);
    await withParts('kept largest', { kling }, async (parts, { sql }) => {
      const { details } = await lipSync(parts, { audio: { base64: audio.toBase64() } });
      expect(details?.lipSync?.audio).toEqual({ bytes: AUDIO_BYTES_MAX, sha256: await sha256(audio) });
      expect(storedBytes(sql)).toBeLessThan(3_000);
    });
  });

  it('the length of a speech', async ({ expect }) => {
    await withParts('kept speech', { kling }, async (parts) => {
      const speech = { audioId: 'audio-1', url: 'https://example.com/x.mp3', durationMs: 4000, klingTaskId: null };
      const said = { text: 'Hello', voiceId: 'v', language: 'en', speed: 1 } as const;
      const rest = { unitsDeducted: null, createdAtMs: 0, klingRequestId: null };
      parts.deps.assets.keepSpeech({ ...speech, ...said, ...rest }, parts.clock.nowMs);
      const { details } = await lipSync(parts, { audio: { klingAudioId: 'audio-1' } });
      expect(details?.lipSync?.audio).toEqual({ audioId: 'audio-1', durationMs: 4000 });
    });
  });

  it('the longest URLs once, however many changes it has', async ({ expect }) => {
    await withParts('kept longest', { kling }, async (parts, { sql }) => {
      parts.deps.assets.keepFaceScan({ ...FACE_SCAN, video: { url: longest('clip.mp4') } });
      const { id } = await parts.creator.createLipSyncTask({ ...LIP_SYNC, audio: { url: longest('sound.mp3') } });
      for (let i = 0; i < 20; i += 1) parts.journal.apply(id, { type: 'NOTED', notes: { label: `${i}` } });
      expect(parts.events.after(id, 0, 100)).toHaveLength(21);
      expect(storedBytes(sql)).toBeGreaterThan(2 * 8192);
      expect(storedBytes(sql)).toBeLessThan(2 * 8192 + 22 * 1_000);
    });
  });
});

it('a voice task keeps the trimmed name, and where the recording is', async ({ expect }) => {
  await withParts('kept voice', { kling }, async ({ creator, tasks }) => {
    const made = await creator.createVoiceTask({ name: ' Ann ', sample: { url: 'HTTPS://example.com/a.mp3' } });
    expect(tasks.find({ id: made.id })?.record.details).toEqual({
      voice: { name: 'Ann', sample: { url: 'https://example.com/a.mp3' } },
    });
    const ofVideo = await creator.createVoiceTask({ name: 'Ann', sample: { klingVideoId: '850508686686064701' } });
    expect(ofVideo.details?.voice?.sample).toEqual({ videoId: '850508686686064701' });
  });
});

it('a task of version 0.1, without details, is read and changed as before', async ({ expect }) => {
  await runInDurableObject(ledgerOf('kept by version 0.1'), async (_instance, { storage }) => {
    const parts = createParts(storage, { kling });
    const { id } = await lipSync(parts);
    storage.sql.exec('UPDATE task SET details = NULL');
    parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: lipSyncOf(snapshotOf('SUCCEEDED'), true) });
    expect(parts.tasks.find({ id })?.record).not.toHaveProperty('details');
    expect(parts.events.after(id, 0, 10).map(({ task }) => [task.status, task.details])).toEqual([
      ['SUBMITTED', undefined],
      ['SUCCEEDED', undefined],
    ]);
    expect(storage.sql.exec('SELECT details FROM task').one()).toEqual({ details: null });
  });
});
