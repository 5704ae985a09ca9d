import { describe, it } from 'vitest';
import type { LipSyncSnapshot } from '../../src/domain/task.ts';
import type { CopyFile } from '../../src/ledger/archive.ts';
import { bytesKept } from '../../src/ledger/stores/files.ts';
import {
  archiveOf,
  copier,
  finishLipSync,
  finishVoice,
  isStored,
  KLING,
  ringUntil,
  success,
  VIDEO,
  VOICE,
  withArchive,
} from '../support/archive.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { DAY_MS, RETENTION, withParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';

openSandbox('archive');

/** Returns Kling's report of a success whose video is at this URL. */
function reportOf(url: string): LipSyncSnapshot {
  return success({ ...VIDEO, url, watermarkUrl: null });
}

describe('a result', () => {
  it('is copied by the alarm once the task has succeeded, without a new change of the task', async ({ expect }) => {
    const { copy, orders } = copier();
    await withArchive('one', { copy }, async (parts, { sql }) => {
      const id = await finishLipSync(parts);
      expect(parts.alarmHandler.nextAtMs()).toBe(parts.clock.nowMs);
      const head = parts.events.head();
      await ringUntil(parts, parts.clock.nowMs + 60_000);
      const { files, expiresAtMs } = archiveOf(parts, id)!;
      expect(Object.keys(files).toSorted()).toEqual(['video:0', 'watermark:0']);
      expect(expiresAtMs).toBe(parts.tasks.find({ id })!.record.endedAtMs! + RETENTION.archiveMs);
      for (const file of Object.values(files)) expect(await isStored(file!.id)).toBe(true);
      expect(orders.map(({ url }) => url).toSorted()).toEqual([VIDEO.url, VIDEO.watermarkUrl]);
      expect([parts.events.head(), bytesKept(sql)]).toEqual([head, 200]);
      // An old change shows the copies, too.
      expect(parts.events.after(id, 0, 10).at(-1)!.task.details?.archive?.files).toEqual(files);
    });
  });

  it('of a voice is its sample, which the voice and its task name', async ({ expect }) => {
    await withArchive('voice', { copy: copier().copy }, async (parts) => {
      const id = await finishVoice(parts);
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      const file = archiveOf(parts, id)!.files['sample:0']!;
      expect(parts.deps.assets.voice('voice-1')).toEqual({ ...VOICE, archived: file });
      expect(parts.deps.assets.voices(null, 1)[0]!.voice.archived).toEqual(file);
      // A later report of Kling does not forget it.
      const late = snapshotOf('SUCCEEDED', { voices: [{ ...VOICE, trialUrl: 'https://k/newer.mp3' }] });
      parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: late });
      expect(parts.deps.assets.voice('voice-1')!.archived).toEqual(file);
    });
  });

  it('of a scan is the picture of each face, which a repeated scan shows', async ({ expect }) => {
    await withArchive('scan', { copy: copier().copy }, async (parts) => {
      const input = { video: { url: 'https://example.com/v.mp4' } };
      const scan = await parts.paidCalls.identifyFaces(input, 'key');
      expect(scan.archive).toBeUndefined();
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      const kept = parts.deps.assets.faceScan(scan.id)!;
      expect(Object.keys(kept.archive!.files).toSorted()).toEqual(['face:0', 'face:2']);
      expect(kept).toEqual({ ...scan, archive: kept.archive });
      expect(await parts.paidCalls.identifyFaces(input, 'key')).toEqual(kept);
      expect(await isStored(kept.archive!.files['face:2']!.id)).toBe(true);
    });
  });

  it('is copied when its URL comes late, and from the newest URL', async ({ expect }) => {
    const { copy, orders } = copier((_order, nth) => (nth === 1 ? { ok: false, reason: 'x', isFinal: false } : null));
    await withArchive('late url', { copy }, async (parts) => {
      const id = await finishLipSync(parts, { ...VIDEO, url: null, watermarkUrl: null });
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      expect(orders).toEqual([]);
      parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: reportOf('https://k/1.mp4') });
      await parts.alarmHandler.run();
      await parts.settle();
      parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: reportOf('https://k/2.mp4') });
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      expect(orders.map(({ url }) => url)).toEqual(['https://k/1.mp4', 'https://k/2.mp4']);
      // Once it is copied, a newer URL changes nothing.
      parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: reportOf('https://k/3.mp4') });
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      expect(orders).toHaveLength(2);
    });
  });

  it('of a task that failed or was cancelled is not looked for', async ({ expect }) => {
    const { copy, orders } = copier();
    await withArchive('no result', { copy }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      parts.journal.apply(id, { type: 'SNAPSHOT', snapshot: snapshotOf('FAILED', { voices: [VOICE] }) });
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      expect(orders).toEqual([]);
    });
  });

  it('is not copied while the operator has turned copies off', async ({ expect }) => {
    await withParts('archive off', { kling: KLING, bucket: env.MEDIA }, async (parts, { sql }) => {
      await finishLipSync(parts);
      expect(sql.exec('SELECT count(*) AS n FROM archive_file').one()['n']).toBe(0);
    });
  });
});

describe('copies', () => {
  it('are at most two at a time, and do not keep the alarm busy while they run', async ({ expect }) => {
    const gate = Promise.withResolvers<void>();
    const { orders, copy } = copier();
    const waiting: CopyFile = async (order) => {
      orders.push(order);
      await gate.promise;
      return copy(order);
    };
    await withArchive('two', { copy: waiting }, async (parts) => {
      for (let i = 0; i < 3; i += 1) await finishLipSync(parts);
      await parts.alarmHandler.run();
      await parts.alarmHandler.run();
      expect(orders).toHaveLength(2);
      expect(parts.alarmHandler.nextAtMs()).toBeGreaterThan(parts.clock.nowMs);
      gate.resolve();
      await parts.settle();
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      expect(new Set(orders.map(({ key }) => key)).size).toBe(6);
    });
  });

  it('do not delay the polls of other tasks', async ({ expect }) => {
    const never = new Promise<never>(() => {});
    const read: string[] = [];
    const kling = {
      ...KLING,
      readVoiceTask: async (id: string) => {
        read.push(id);
        return snapshotOf('PROCESSING');
      },
    };
    await withArchive('hangs', { kling, copy: () => never }, async (parts) => {
      await finishLipSync(parts);
      await createVoiceOnce(parts);
      parts.clock.nowMs += 10_000;
      await parts.alarmHandler.run();
      expect(read).toHaveLength(1);
    });
  });

  it('that fail are repeated after growing waits, and given up after five days', async ({ expect }) => {
    const { copy, orders } = copier(() => ({ ok: false, reason: 'HTTP 503', isFinal: false }));
    await withArchive('fails', { copy }, async (parts, { sql }) => {
      const startMs = parts.clock.nowMs;
      const id = await finishLipSync(parts, { ...VIDEO, watermarkUrl: null });
      await ringUntil(parts, startMs + 20 * DAY_MS);
      expect(orders).toHaveLength(30);
      expect(new Set(orders.map(({ key }) => key)).size).toBe(1);
      const days = (parts.clock.nowMs - startMs) / DAY_MS;
      expect([days > 3, days < 7]).toEqual([true, true]);
      expect(archiveOf(parts, id)).toBeUndefined();
      expect([sql.exec('SELECT count(*) AS n FROM archive_file').one()['n'], bytesKept(sql)]).toEqual([0, 0]);
    });
  });

  it('whose ledger dies each time are given up after as many tries', async ({ expect }) => {
    let tries = 0;
    const dies: CopyFile = async () => {
      tries += 1;
      throw new Error('the object died');
    };
    await withArchive('dies', { copy: dies }, async (parts, { sql }) => {
      await finishLipSync(parts, { ...VIDEO, watermarkUrl: null });
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      expect(tries).toBe(30);
      expect([sql.exec('SELECT count(*) AS n FROM archive_file').one()['n'], bytesKept(sql)]).toEqual([0, 0]);
    });
  });

  it('that cannot succeed are given up at once', async ({ expect }) => {
    const { copy, orders } = copier(() => ({ ok: false, reason: 'too large', isFinal: true }));
    await withArchive('final', { copy }, async (parts) => {
      await finishLipSync(parts);
      await ringUntil(parts, parts.clock.nowMs + 20 * DAY_MS);
      expect(orders).toHaveLength(2);
    });
  });
});
