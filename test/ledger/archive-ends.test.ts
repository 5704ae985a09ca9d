import { describe, it } from 'vitest';
import { fileKey } from '../../src/auth/signed-token.ts';
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
  VIDEO,
  withArchive,
} from '../support/archive.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { createParts, DAY_MS, RETENTION } from '../support/ledger-parts.ts';

openSandbox('archive-ends');

describe('the room of a tenant', () => {
  it('holds a copy that fills it, and none beyond it, until room is made', async ({ expect }) => {
    const logs: Record<string, unknown>[] = [];
    const { copy } = copier();
    const options = { copy, tenantBytesMax: 200, log: (line: Record<string, unknown>) => void logs.push(line) };
    await withArchive('full', options, async (parts, { sql }) => {
      const first = await finishLipSync(parts);
      parts.clock.nowMs += 1;
      const second = await finishLipSync(parts);
      await ringUntil(parts, parts.clock.nowMs + 3_000_000);
      expect(bytesKept(sql)).toBe(200);
      expect([first, second].map((id) => Object.keys(archiveOf(parts, id)?.files ?? {}).length)).toEqual([2, 0]);
      expect(logs.filter(({ message }) => message === 'archive is full')).toHaveLength(1);
      sql.exec(`DELETE FROM archive_file WHERE owner = ? AND part = 'video:0'`, first);
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      expect([bytesKept(sql), Object.keys(archiveOf(parts, second)?.files ?? {}).length]).toEqual([200, 1]);
    });
  });

  it('counts a copy under way, so that two at once do not exceed it together', async ({ expect }) => {
    const { copy } = copier();
    await withArchive('reserve', { copy, tenantBytesMax: 150 }, async (parts, { sql }) => {
      await finishLipSync(parts);
      await parts.alarmHandler.run();
      await parts.settle();
      expect(bytesKept(sql)).toBe(100);
    });
  });
});

describe('an archived result', () => {
  it('is deleted after its time, and the task forgets it', async ({ expect }) => {
    await withArchive('expires', { copy: copier().copy }, async (parts, { sql }) => {
      const lipSync = await finishLipSync(parts);
      const voice = await finishVoice(parts);
      const scan = await parts.paidCalls.identifyFaces({ video: { url: 'https://example.com/v.mp4' } }, null);
      const startMs = parts.clock.nowMs;
      sql.exec("UPDATE face_scan SET scan = json_set(scan, '$.createdAtMs', ?)", startMs + 20 * DAY_MS);
      await ringUntil(parts, startMs + RETENTION.archiveMs - 1);
      const ids = sql
        .exec<{ id: string }>('SELECT id FROM archive_file')
        .toArray()
        .map((row) => row.id);
      expect(ids).toHaveLength(5);
      await ringUntil(parts, startMs + RETENTION.archiveMs + 1000);
      expect([archiveOf(parts, lipSync), archiveOf(parts, voice)]).toEqual([undefined, undefined]);
      expect(parts.deps.assets.voice('voice-1')!.archived).toBeUndefined();
      expect(parts.deps.assets.faceScan(scan.id)?.archive?.files).toEqual({});
      for (const id of ids) expect(await isStored(id)).toBe(false);
      expect(bytesKept(sql)).toBe(0);
    });
  });

  it('is deleted with its task, its scan or its voice', async ({ expect }) => {
    await withArchive('retention', { copy: copier().copy }, async (parts, { sql }) => {
      await finishLipSync(parts);
      const voice = await finishVoice(parts);
      await parts.paidCalls.identifyFaces({ video: { url: 'https://example.com/v.mp4' } }, null);
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      const rows = sql.exec<{ id: string; owner: string }>('SELECT id, owner FROM archive_file').toArray();
      sql.exec(`DELETE FROM task WHERE kind = 'LIP_SYNC'`);
      sql.exec('DELETE FROM face_scan');
      parts.archive.forgetVoice('voice-1');
      expect(archiveOf(parts, voice)).toBeUndefined();
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      for (const { id } of rows) expect(await isStored(id)).toBe(false);
      expect([rows.length, bytesKept(sql)]).toEqual([5, 0]);
    });
  });

  it('whose task is deleted during the copy is deleted once no copy can be under way', async ({ expect }) => {
    const gate = Promise.withResolvers<void>();
    const { copy } = copier();
    let key = '';
    const slow: CopyFile = async (order) => {
      ({ key } = order);
      await gate.promise;
      return copy(order);
    };
    await withArchive('deleted meanwhile', { copy: slow }, async (parts, { sql }) => {
      const id = await finishLipSync(parts, { ...VIDEO, watermarkUrl: null });
      await parts.alarmHandler.run();
      sql.exec('DELETE FROM task WHERE id = ?', id);
      await parts.alarmHandler.run();
      gate.resolve();
      await parts.settle();
      expect(await env.MEDIA.head(key)).not.toBeNull();
      await ringUntil(parts, parts.clock.nowMs + DAY_MS);
      expect([await env.MEDIA.head(key), bytesKept(sql)]).toEqual([null, 0]);
    });
  });
});

/** More statements than one copy needs. */
const DEATHS_MAX = 12;

/** Lets the n-th statement of a storage and all later ones throw, as if the object had died. */
function dyingAt(storage: DurableObjectStorage, nth: number): DurableObjectStorage {
  let count = 0;
  const sql = new Proxy(storage.sql, {
    get(target, name) {
      if (name !== 'exec') return Reflect.get(target, name);
      return (...call: Parameters<SqlStorage['exec']>) => {
        count += 1;
        if (count >= nth) throw new Error('the object has died');
        return target.exec(...call);
      };
    },
  });
  return new Proxy(storage, {
    get(target, name) {
      if (name === 'sql') return sql;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

it('a copy whose object dies at any statement is made again as the same file, and shown once', async ({ expect }) => {
  let died = 0;
  for (let nth = 1; nth <= DEATHS_MAX * 3; nth += 1) {
    const { copy, orders } = copier();
    await withArchive(`dies ${nth}`, { copy }, async (parts, storage) => {
      const id = await finishLipSync(parts, { ...VIDEO, watermarkUrl: null });
      const dying = createParts(dyingAt(storage, nth), { kling: KLING, copy, bucket: env.MEDIA });
      dying.clock.nowMs = parts.clock.nowMs;
      await dying.alarmHandler.run().catch(() => {});
      await dying.settle();
      if (archiveOf(parts, id) === undefined) died += 1;
      const reborn = createParts(storage, { kling: KLING, copy, bucket: env.MEDIA });
      reborn.clock.nowMs = parts.clock.nowMs;
      await ringUntil(reborn, parts.clock.nowMs + DAY_MS);
      const { files } = archiveOf(reborn, id)!;
      expect([nth, new Set(orders.map(({ key }) => key)).size, Object.keys(files)]).toEqual([nth, 1, ['video:0']]);
      expect(orders[0]!.key).toBe(fileKey('t', files['video:0']!.id));
      expect([nth, bytesKept(storage.sql)]).toEqual([nth, 100]);
    });
  }
  expect(died).toBeGreaterThan(5);
});
