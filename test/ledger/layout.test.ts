import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { migrate } from '../../src/ledger/migrations.ts';
import { AssetStore, PaidCallStore } from '../../src/ledger/stores/assets.ts';
import { TaskStore } from '../../src/ledger/stores/tasks.ts';
import { undoSteps } from '../support/ledger-layouts.ts';
import { DAY_MS } from '../support/ledger-parts.ts';
import { changesOf, ledgerOf, openSandbox, valueOf, voiceInput } from '../support/ledger.ts';

openSandbox('layout');

/** Returns the statements that created the tables and indexes, with single spaces. */
function layoutOf(sql: SqlStorage): string {
  return sql
    .exec<{ sql: string }>(
      `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       ORDER BY type DESC, name`,
    )
    .toArray()
    .map((row) => row.sql.replaceAll(/\s+/g, ' '))
    .join('\n');
}

/**
 * Deployed ledgers keep their tables for years. When the first test fails:
 * 1. If you changed a step in `src/ledger/migrations.ts` that has shipped, change it back. A ledger that has run the step
 *    never runs it again, and would keep the old layout.
 * 2. Append a new step that migrates a ledger from the last step to the new layout, with its rows.
 * 3. Then update the snapshot (`vitest run -c test/vitest.config.ts test/ledger/layout -u`), and raise the number of
 *    steps below. Check that the difference of the snapshot shows the new step and nothing else.
 */
describe('the layout of a ledger', () => {
  it('equals the snapshot of what has shipped', async ({ expect }) => {
    const layout = await runInDurableObject(ledgerOf('layout'), (_instance, { storage }) => layoutOf(storage.sql));
    expect(layout).toMatchInlineSnapshot(`
      "CREATE TRIGGER archive_file_delete AFTER DELETE ON archive_file BEGIN UPDATE file_sum SET bytes = bytes - old.bytes; UPDATE voice SET sample = NULL WHERE voice_id = old.voice_id; INSERT INTO doomed_file (id, wake_at) VALUES (old.id, coalesce(old.wake_at, 1)) ON CONFLICT (id) DO NOTHING; END
      CREATE TRIGGER archive_file_update AFTER UPDATE ON archive_file WHEN new.bytes <> old.bytes BEGIN UPDATE file_sum SET bytes = bytes + new.bytes - old.bytes; END
      CREATE TRIGGER archive_scan_delete AFTER DELETE ON face_scan BEGIN DELETE FROM archive_file WHERE owner = old.id; END
      CREATE TRIGGER archive_task_delete AFTER DELETE ON task BEGIN DELETE FROM archive_file WHERE owner = old.id; END
      CREATE TRIGGER media_delete AFTER DELETE ON media BEGIN UPDATE file_sum SET bytes = bytes - old.bytes, open = open - old.is_open; INSERT INTO doomed_file (id, is_upload, wake_at) VALUES (old.id, 1, 1); END
      CREATE TRIGGER media_insert AFTER INSERT ON media BEGIN UPDATE file_sum SET bytes = bytes + new.bytes, open = open + new.is_open; END
      CREATE TRIGGER media_update AFTER UPDATE ON media WHEN (new.bytes, new.is_open) <> (old.bytes, old.is_open) BEGIN UPDATE file_sum SET bytes = bytes + new.bytes - old.bytes, open = open + new.is_open - old.is_open; END
      CREATE TRIGGER task_sum_delete AFTER DELETE ON task WHEN old.phase <> 'DONE' BEGIN UPDATE task_sum SET waiting = waiting - (old.phase IN ('PREPARING', 'WAITING')), request_chars = request_chars - old.request_chars, milliunits_pending = milliunits_pending - old.milliunits_pending, parked = parked - old.is_parked, holding_slots = holding_slots - old.holds_slot; END
      CREATE TRIGGER task_sum_insert AFTER INSERT ON task BEGIN UPDATE task_sum SET waiting = waiting + (new.phase IN ('PREPARING', 'WAITING')), request_chars = request_chars + new.request_chars, milliunits_pending = milliunits_pending + new.milliunits_pending, parked = parked + new.is_parked, holding_slots = holding_slots + new.holds_slot; END
      CREATE TRIGGER task_sum_update AFTER UPDATE ON task WHEN (new.phase IN ('PREPARING', 'WAITING'), new.request_chars, new.milliunits_pending, new.is_parked, new.holds_slot) <> (old.phase IN ('PREPARING', 'WAITING'), old.request_chars, old.milliunits_pending, old.is_parked, old.holds_slot) BEGIN UPDATE task_sum SET waiting = waiting + (new.phase IN ('PREPARING', 'WAITING')) - (old.phase IN ('PREPARING', 'WAITING')), request_chars = request_chars + new.request_chars - old.request_chars, milliunits_pending = milliunits_pending + new.milliunits_pending - old.milliunits_pending, parked = parked + new.is_parked - old.is_parked, holding_slots = holding_slots + new.holds_slot - old.holds_slot; END
      CREATE TABLE archive_file ( id TEXT PRIMARY KEY, owner TEXT NOT NULL, part TEXT NOT NULL, voice_id TEXT, url TEXT NOT NULL, bytes INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, wake_at INTEGER, expires_at INTEGER NOT NULL, UNIQUE (owner, part) ) STRICT, WITHOUT ROWID
      CREATE TABLE doomed_file ( id TEXT PRIMARY KEY, tries INTEGER NOT NULL DEFAULT 0, wake_at INTEGER NOT NULL , is_upload INTEGER NOT NULL DEFAULT 0, file_id TEXT) STRICT, WITHOUT ROWID
      CREATE TABLE event ( seq INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL, at INTEGER NOT NULL, record TEXT NOT NULL , nth INTEGER NOT NULL DEFAULT 0) STRICT
      CREATE TABLE event_forgotten (seq INTEGER NOT NULL) STRICT
      CREATE TABLE face_scan ( id TEXT PRIMARY KEY, scan TEXT NOT NULL , seq INTEGER, session_id TEXT, video TEXT AS (coalesce( json_extract(scan, '$.video.mediaId'), json_extract(scan, '$.video.videoId'), json_extract(scan, '$.video.url') ))) STRICT, WITHOUT ROWID
      CREATE TABLE file_sum (bytes INTEGER NOT NULL, open INTEGER NOT NULL DEFAULT 0) STRICT
      CREATE TABLE leaf ( name TEXT PRIMARY KEY, applied INTEGER NOT NULL, due_at INTEGER, fails INTEGER NOT NULL DEFAULT 0 ) STRICT, WITHOUT ROWID
      CREATE TABLE media ( seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, bytes INTEGER NOT NULL, record TEXT NOT NULL, is_open INTEGER AS (json_extract(record, '$.status') IN ('UPLOADING', 'CHECKING')), url TEXT, wake_at INTEGER, tries INTEGER NOT NULL DEFAULT 0 ) STRICT
      CREATE TABLE paid_call ( id TEXT PRIMARY KEY, idempotency_key TEXT UNIQUE, input_digest TEXT NOT NULL, state TEXT NOT NULL, answer TEXT, at INTEGER NOT NULL , asset TEXT, wake_at INTEGER, tries INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID
      CREATE TABLE request_part ( task_id TEXT NOT NULL, n INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (task_id, n) ) STRICT, WITHOUT ROWID
      CREATE TABLE speech ( audio_id TEXT PRIMARY KEY, speech TEXT NOT NULL , kept_at INTEGER NOT NULL DEFAULT 0, seq INTEGER) STRICT, WITHOUT ROWID
      CREATE TABLE spent_external_id ( external_id TEXT PRIMARY KEY, at INTEGER NOT NULL ) STRICT, WITHOUT ROWID
      CREATE TABLE task ( seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, status TEXT NOT NULL, external_id TEXT UNIQUE, input_digest TEXT NOT NULL, phase TEXT NOT NULL, wake_at INTEGER, tries INTEGER NOT NULL DEFAULT 0, sends INTEGER NOT NULL DEFAULT 0, read_at INTEGER NOT NULL DEFAULT 0, deadline_at INTEGER NOT NULL, record TEXT NOT NULL , settled_at INTEGER NOT NULL DEFAULT 0, first_sent_at INTEGER, trouble TEXT, milliunits INTEGER, request_chars INTEGER NOT NULL DEFAULT 0, is_parked INTEGER AS (phase = 'WAITING' AND coalesce(wake_at >= deadline_at, 0)), holds_slot INTEGER AS ( phase IN ('SENDING', 'SENT') AND coalesce(json_extract(trouble, '$.isLost'), 0) = 0 AND json_extract(trouble, '$.emptySinceMs') IS NULL ), milliunits_pending INTEGER AS (iif(phase = 'DONE', 0, coalesce(milliunits, 0))), ended_at INTEGER, details TEXT, label TEXT AS (json_extract(record, '$.label')), created_at INTEGER NOT NULL DEFAULT 0, waits_for TEXT) STRICT
      CREATE TABLE task_sum ( waiting INTEGER NOT NULL, request_chars INTEGER NOT NULL, milliunits_pending INTEGER NOT NULL, parked INTEGER NOT NULL, holding_slots INTEGER NOT NULL ) STRICT
      CREATE TABLE usage ( month TEXT PRIMARY KEY, milliunits INTEGER NOT NULL , unanswered INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID
      CREATE TABLE voice ( seq INTEGER PRIMARY KEY AUTOINCREMENT, voice_id TEXT NOT NULL UNIQUE, voice TEXT NOT NULL, deleted_at INTEGER , sample TEXT) STRICT
      CREATE TABLE webhook_endpoint ( id TEXT NOT NULL UNIQUE, endpoint TEXT NOT NULL, state TEXT NOT NULL, revision INTEGER NOT NULL, pause_revision INTEGER NOT NULL, sync_at INTEGER, applied INTEGER NOT NULL, owes_resync INTEGER NOT NULL DEFAULT 0, due_at INTEGER, fails INTEGER NOT NULL DEFAULT 0 ) STRICT
      CREATE INDEX archive_file_by_expiry ON archive_file (expires_at) WHERE wake_at IS NULL
      CREATE INDEX archive_file_by_voice ON archive_file (voice_id) WHERE voice_id IS NOT NULL
      CREATE INDEX archive_file_wake ON archive_file (wake_at) WHERE wake_at IS NOT NULL
      CREATE INDEX doomed_file_wake ON doomed_file (wake_at)
      CREATE INDEX event_by_task ON event (task_id, seq)
      CREATE INDEX face_scan_by_age ON face_scan (json_extract(scan, '$.createdAtMs'))
      CREATE UNIQUE INDEX face_scan_by_seq ON face_scan (seq)
      CREATE INDEX face_scan_by_session ON face_scan (session_id)
      CREATE INDEX face_scan_by_video ON face_scan (video, seq) WHERE video IS NOT NULL
      CREATE INDEX media_by_age ON media (created_at)
      CREATE INDEX media_open ON media (created_at) WHERE is_open = 1
      CREATE INDEX media_wake ON media (wake_at) WHERE wake_at IS NOT NULL
      CREATE INDEX paid_call_by_age ON paid_call (at)
      CREATE INDEX paid_call_wake ON paid_call (wake_at) WHERE wake_at IS NOT NULL
      CREATE INDEX speech_by_age ON speech (kept_at)
      CREATE UNIQUE INDEX speech_by_seq ON speech (seq)
      CREATE INDEX spent_external_id_by_age ON spent_external_id (at)
      CREATE INDEX task_at_kling ON task (wake_at) WHERE phase IN ('SENDING', 'SENT')
      CREATE INDEX task_by_creation ON task (created_at)
      CREATE INDEX task_by_kind ON task (kind, status, seq)
      CREATE INDEX task_by_label ON task (label, kind, status, seq) WHERE label IS NOT NULL
      CREATE INDEX task_ended ON task (status = 'CANCELLED', ended_at) WHERE ended_at IS NOT NULL
      CREATE INDEX task_preparing ON task (wake_at) WHERE phase = 'PREPARING'
      CREATE INDEX task_waiting ON task (seq) WHERE phase = 'WAITING'
      CREATE INDEX task_waiting_wake ON task (wake_at) WHERE phase = 'WAITING'
      CREATE INDEX task_waits_for ON task (waits_for) WHERE waits_for IS NOT NULL
      CREATE INDEX voice_deleted ON voice (deleted_at) WHERE deleted_at IS NOT NULL
      CREATE INDEX voice_kept ON voice (seq) WHERE deleted_at IS NULL"
    `);
  });

  it('has as many migration steps as have shipped', async ({ expect }) => {
    const version = await runInDurableObject(ledgerOf('version'), (_instance, { storage }) =>
      storage.kv.get('schema_version'),
    );
    expect(version).toBe(22);
  });

  it('stays the same after another migration, and so do the rows', async ({ expect }) => {
    const ledger = ledgerOf('twice');
    const { id } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    await runInDurableObject(ledger, (_instance, { storage }) => {
      const before = layoutOf(storage.sql);
      migrate(storage);
      migrate(storage);
      expect(layoutOf(storage.sql)).toBe(before);
      expect(storage.kv.get('schema_version')).toBe(22);
    });
    await evictDurableObject(ledger);
    expect((await ledgerOf('twice').task({ externalId: 'x' }))?.id).toBe(id);
    expect(await changesOf(ledgerOf('twice'), id)).not.toEqual([]);
  });

  it('migrates open tasks with the time of the first send, the estimate and the size of the request', async ({
    expect,
  }) => {
    await runInDurableObject(ledgerOf('first sends'), (_instance, { storage }) => {
      const { sql } = storage;
      undoSteps(sql, 7);
      sql.exec('ALTER TABLE task DROP COLUMN first_sent_at');
      sql.exec('ALTER TABLE task DROP COLUMN trouble');
      sql.exec('ALTER TABLE task DROP COLUMN milliunits');
      sql.exec('ALTER TABLE task DROP COLUMN request_chars');
      sql.exec('DROP INDEX paid_call_unanswered');
      for (const table of ['face_scan', 'speech', 'paid_call']) sql.exec(`DROP INDEX ${table}_by_age`);
      for (const [id, phase, sends] of [
        ['waits', 'WAITING', 0],
        ['sending', 'SENDING', 1],
        ['done', 'DONE', 1],
      ] as const) {
        sql.exec(
          `INSERT INTO task (id, kind, status, input_digest, phase, sends, deadline_at, record)
           VALUES (?, 'VOICE', 'QUEUED', '', ?, ?, 0, '{"createdAtMs":1234,"unitsEstimated":"0.05"}')`,
          id,
          phase,
          sends,
        );
        if (phase !== 'DONE')
          sql.exec(`INSERT INTO request_part (task_id, n, body) VALUES (?1, 0, 'abc'), (?1, 1, 'de')`, id);
      }
      storage.kv.put('schema_version', 3);
      migrate(storage);
      const rows = sql
        .exec('SELECT id, first_sent_at, trouble, milliunits, request_chars FROM task ORDER BY seq')
        .raw();
      expect([...rows]).toEqual([
        ['waits', null, null, 50, 5],
        ['sending', 1234, null, 50, 5],
        ['done', null, null, null, 0],
      ]);
    });
  });

  it('migrates existing rows into the sums over open tasks', async ({ expect }) => {
    await runInDurableObject(ledgerOf('sums of old'), (_instance, { storage }) => {
      const { sql } = storage;
      undoSteps(sql, 7);
      const nowMs = Date.parse('2026-11-15T00:00:00Z');
      for (const [id, phase, wakeAtMs, trouble] of [
        ['parked', 'WAITING', 9, null],
        ['waits', 'WAITING', 5, null],
        ['sending', 'SENDING', 5, '{"isLost":false,"emptySinceMs":null}'],
        ['lost', 'SENT', 5, '{"isLost":true,"emptySinceMs":null}'],
        ['empty', 'SENT', 5, '{"isLost":false,"emptySinceMs":1}'],
        ['done', 'DONE', null, null],
      ] as const) {
        sql.exec(
          `INSERT INTO task (id, kind, status, input_digest, phase, wake_at, deadline_at, record, milliunits, request_chars, trouble)
           VALUES (?, 'VOICE', 'QUEUED', '', ?, ?, 9, '{}', 50, ?, ?)`,
          id,
          phase,
          wakeAtMs,
          phase === 'DONE' ? 0 : 10,
          trouble,
        );
      }
      for (const [id, answer, atMs] of [
        ['a', null, nowMs],
        ['b', null, nowMs],
        ['c', '{}', nowMs],
        ['d', null, nowMs - 20 * DAY_MS],
      ] as const) {
        sql.exec(
          `INSERT INTO paid_call (id, input_digest, state, answer, at) VALUES (?, '', 'x', ?, ?)`,
          id,
          answer,
          atMs,
        );
      }
      sql.exec(`INSERT INTO usage (month, milliunits) VALUES ('2026-11', 700), ('2026-09', 1)`);
      storage.kv.put('schema_version', 6);
      migrate(storage);
      expect(sql.exec('SELECT * FROM task_sum').one()).toEqual({
        waiting: 2,
        request_chars: 50,
        milliunits_pending: 250,
        parked: 1,
        holding_slots: 1,
      });
      expect([...sql.exec('SELECT * FROM usage ORDER BY month').raw()]).toEqual([
        ['2026-09', 1, 0],
        ['2026-10', 0, 1],
        ['2026-11', 700, 2],
      ]);
    });
  });

  it('migrates ended tasks with the time of their end, cancelled ones with a status of their own, and speeches with the time they were kept', async ({
    expect,
  }) => {
    await runInDurableObject(ledgerOf('ends of old'), (_instance, { storage }) => {
      const { sql } = storage;
      undoSteps(sql, 8);
      for (const [id, phase, record] of [
        ['open', 'SENT', { updatedAtMs: 1 }],
        ['ended', 'DONE', { updatedAtMs: 2, failure: null }],
        ['failed', 'DONE', { updatedAtMs: 3, failure: { code: 'NOT_SENT' } }],
        ['cancelled', 'DONE', { updatedAtMs: 4, failure: { code: 'CANCELLED' } }],
      ] as const) {
        sql.exec(
          `INSERT INTO task (id, kind, status, input_digest, phase, deadline_at, record)
           VALUES (?, 'VOICE', 'QUEUED', '', ?, 9, ?)`,
          id,
          phase,
          JSON.stringify(record),
        );
      }
      sql.exec(
        `INSERT INTO speech (audio_id, speech) VALUES ('told', '{"createdAtMs":5}'), ('untold', '{"createdAtMs":null}')`,
      );
      storage.kv.put('schema_version', 7);
      migrate(storage);
      expect([...sql.exec('SELECT id, ended_at, status FROM task ORDER BY seq').raw()]).toEqual([
        ['open', null, 'QUEUED'],
        ['ended', 2, 'QUEUED'],
        ['failed', 3, 'QUEUED'],
        ['cancelled', 4, 'CANCELLED'],
      ]);
      const [[, told], [, untold]] = [...sql.exec('SELECT audio_id, kept_at FROM speech ORDER BY audio_id').raw()] as [
        [string, number],
        [string, number],
      ];
      expect(told).toBe(5);
      expect(Math.abs(untold - Date.now())).toBeLessThan(DAY_MS);
    });
  });

  it('migrates face scans into the order in which they were made', async ({ expect }) => {
    await runInDurableObject(ledgerOf('scans of old'), (_instance, { storage }) => {
      const { sql } = storage;
      undoSteps(sql, 9);
      for (const [id, createdAtMs] of [
        ['third', 7],
        ['first', 5],
        ['second', 7],
      ] as const) {
        sql.exec('INSERT INTO face_scan (id, scan) VALUES (?, ?)', id, JSON.stringify({ id, createdAtMs }));
      }
      storage.kv.put('schema_version', 8);
      migrate(storage);
      expect([...sql.exec('SELECT id, seq FROM face_scan ORDER BY seq').raw()]).toEqual([
        ['first', 1],
        ['second', 2],
        ['third', 3],
      ]);
    });
  });

  it('leaves old speeches without a place, and gives every stored answer the time of its speech', async ({
    expect,
  }) => {
    await runInDurableObject(ledgerOf('speeches of old'), (_instance, { storage }) => {
      const { sql } = storage;
      undoSteps(sql, 10);
      sql.exec(`INSERT INTO speech (audio_id, speech, kept_at) VALUES ('a', '{"audioId":"a","durationMs":3000}', 1)`);
      for (const [id, answer] of [
        ['told', '{"audioId":"a","createdAtMs":5}'],
        ['untold', '{"audioId":"b","createdAtMs":null}'],
        ['scan', '{"sessionId":"s"}'],
        ['unanswered', null],
      ] as const) {
        sql.exec(
          `INSERT INTO paid_call (id, input_digest, state, answer, at) VALUES (?, '', 'DONE', ?, 9)`,
          id,
          answer,
        );
      }
      storage.kv.put('schema_version', 9);
      migrate(storage);
      const assets = new AssetStore(sql);
      expect([assets.speech('a'), assets.speeches(null, 10), assets.speechDurationMs('a')]).toEqual([null, [], 3000]);
      expect([...sql.exec('SELECT id, answer FROM paid_call ORDER BY id').raw()]).toEqual([
        ['scan', '{"sessionId":"s"}'],
        ['told', '{"audioId":"a","createdAtMs":5}'],
        ['unanswered', null],
        ['untold', '{"audioId":"b","createdAtMs":9}'],
      ]);
    });
  });

  it('migrates tasks with their labels, and with their times in the order of the list', async ({ expect }) => {
    await runInDurableObject(ledgerOf('lists of old'), (_instance, { storage }) => {
      const { sql } = storage;
      undoSteps(sql, 15);
      for (const [id, record] of [
        ['first', { createdAtMs: 5, label: 'mine' }],
        ['after the clock was set back', { createdAtMs: 3, label: null }],
        ['last', { createdAtMs: 7 }],
      ] as const) {
        sql.exec(
          `INSERT INTO task (id, kind, status, input_digest, phase, deadline_at, record)
           VALUES (?, 'VOICE', 'SUCCEEDED', '', 'DONE', 9, ?)`,
          id,
          JSON.stringify(record),
        );
      }
      storage.kv.put('schema_version', 14);
      migrate(storage);
      expect([...sql.exec('SELECT id, created_at, label FROM task ORDER BY seq').raw()]).toEqual([
        ['first', 5, 'mine'],
        ['after the clock was set back', 5, null],
        ['last', 7, null],
      ]);
      expect(new TaskStore(sql).newestAtMs()).toBe(7);
    });
  });

  it('is unchanged after a migration step that fails', async ({ expect }) => {
    await runInDurableObject(ledgerOf('half'), (_instance, { storage }) => {
      storage.kv.put('schema_version', 0);
      const before = layoutOf(storage.sql);
      // The tables exist, so the first step fails.
      expect(() => migrate(storage)).toThrow(/already exists/);
      expect([storage.kv.get('schema_version'), layoutOf(storage.sql)]).toEqual([0, before]);
    });
  });

  it('lets the alarm claim the sessions of earlier scans that Kling still accepts, and of no other answer', async ({
    expect,
  }) => {
    await runInDurableObject(ledgerOf('sessions of old'), (_instance, { storage }) => {
      const { sql } = storage;
      undoSteps(sql, 14);
      const nowMs = Date.now();
      const scan = { id: 'scan-1', sessionId: 'session-1', faces: [], createdAtMs: nowMs, expiresAtMs: nowMs + DAY_MS };
      for (const [id, answer] of [
        ['fresh', scan],
        ['expired', { ...scan, expiresAtMs: nowMs - 1_000 }],
        ['speech', { audioId: 'audio-1', createdAtMs: nowMs }],
      ] as const) {
        sql.exec(
          `INSERT INTO paid_call (id, input_digest, state, answer, at) VALUES (?, '', 'DONE', ?, ?)`,
          id,
          JSON.stringify(answer),
          nowMs - 1_000,
        );
      }
      sql.exec(`INSERT INTO face_scan (id, scan, seq) VALUES ('scan-1', ?, 7)`, JSON.stringify(scan));
      storage.kv.put('schema_version', 13);
      migrate(storage);
      const calls = new PaidCallStore(sql);
      expect(calls.unclaimed(nowMs, 10)).toEqual([{ id: 'fresh', asset: scan, tries: 0 }]);
      expect(calls.nextAtMs()).toBe(nowMs - 1_000);
      expect(new AssetStore(sql).scanOfSession('session-1')).toEqual(scan);
      calls.finish('fresh');
      expect([calls.nextAtMs(), calls.unclaimed(nowMs, 10)]).toEqual([null, []]);
    });
  });
});
