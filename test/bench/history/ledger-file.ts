import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const DAY_MS = 86_400_000;

function open(dir: string): DatabaseSync {
  const file = readdirSync(dir).find((name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite');
  if (file === undefined) throw new Error(`no ledger in ${dir}`);
  return new DatabaseSync(join(dir, file));
}

/**
 * Adds `count` finished tasks, events, face scans and paid calls to the file of a ledger that is not running. Each is a copy of
 * the ledger's only finished task, an hour old.
 */
export function fillLedger(dir: string, count: number): void {
  const db = open(dir);
  const atMs = Date.now() - 3_600_000;
  db.exec('BEGIN');
  db.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
     INSERT INTO task (id, kind, status, external_id, input_digest, phase, sends, read_at, deadline_at, record, settled_at,
       first_sent_at, milliunits, ended_at)
     SELECT lower(hex(randomblob(16))), iif(i % 2, kind, 'LIP_SYNC'), status, 'order-' || i, input_digest, phase, sends, ?2, ?2,
       record, ?2, ?2, milliunits, ?2
     FROM n, (SELECT * FROM task WHERE phase = 'DONE' LIMIT 1)`,
  ).run(count, atMs);
  db.exec(`
    UPDATE task SET record = json_set(record, '$.id', id, '$.externalId', external_id, '$.kind', kind,
      '$.createdAtMs', ended_at, '$.updatedAtMs', ended_at), created_at = ended_at;
    UPDATE task SET record = json_set(record, '$.videos', json('[]'), '$.parentVideo', NULL) WHERE kind = 'LIP_SYNC';
  `);
  db.prepare(
    `INSERT INTO event (task_id, at, record, nth) SELECT id, ?, record, 1 FROM task WHERE external_id LIKE 'order-%'`,
  ).run(atMs);
  db.prepare(
    `INSERT INTO face_scan (id, session_id, seq, scan) SELECT 's' || id, id, seq, json_object('id', 's' || id, 'sessionId', id, 'faces', json('[]'),
       'unitsDeducted', '0.05', 'createdAtMs', ?1, 'expiresAtMs', ?1, 'klingRequestId', id)
     FROM task WHERE external_id LIKE 'order-%'`,
  ).run(atMs);
  db.prepare(
    `INSERT INTO paid_call (id, idempotency_key, input_digest, state, answer, at)
     SELECT id, 'key-' || id, input_digest, 'DONE', (SELECT scan FROM face_scan WHERE face_scan.id = 's' || task.id), ?
     FROM task WHERE external_id LIKE 'order-%'`,
  ).run(atMs);
  db.exec('COMMIT');
  db.close();
}

/** Makes all data in the file older than its retention. */
export function ageLedger(dir: string): void {
  const db = open(dir);
  const ageMs = 500 * DAY_MS;
  db.exec(`
    UPDATE task SET ended_at = ended_at - ${ageMs};
    UPDATE event SET at = at - ${ageMs};
    UPDATE face_scan SET scan = json_set(scan, '$.createdAtMs', json_extract(scan, '$.createdAtMs') - ${ageMs});
    UPDATE paid_call SET at = at - ${ageMs};
  `);
  db.close();
}

/** Counts the rows with a retention, and the bytes of used pages. */
export function measureLedger(dir: string): { readonly rows: number; readonly bytes: number } {
  const db = open(dir);
  const value = (sql: string): number => Number(Object.values(db.prepare(sql).get() ?? {})[0]);
  const tables = ['task', 'event', 'face_scan', 'paid_call'];
  const rows = tables.map((table) => value(`SELECT count(*) FROM ${table}`)).reduce((sum, one) => sum + one, 0);
  const bytes = (value('PRAGMA page_count') - value('PRAGMA freelist_count')) * value('PRAGMA page_size');
  db.close();
  return { rows, bytes };
}
