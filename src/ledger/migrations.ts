/**
 * Append only: a ledger that has run step n never runs it again. A step that has shipped is never changed; the test
 * that pins the layout says what to do when it breaks.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE task (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    external_id TEXT UNIQUE,
    input_digest TEXT NOT NULL,
    phase TEXT NOT NULL,
    wake_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0,
    sends INTEGER NOT NULL DEFAULT 0,
    read_at INTEGER NOT NULL DEFAULT 0,
    deadline_at INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX task_wake ON task (wake_at) WHERE wake_at IS NOT NULL;
  CREATE INDEX task_by_status ON task (status, seq);
  CREATE TABLE request_part (
    task_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (task_id, n)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_by_task ON event (task_id, seq);
  CREATE INDEX event_by_age ON event (at);
  CREATE TABLE event_forgotten (seq INTEGER NOT NULL) STRICT;
  INSERT INTO event_forgotten (seq) VALUES (0);
  CREATE TABLE voice (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    voice_id TEXT NOT NULL UNIQUE,
    voice TEXT NOT NULL,
    deleted_at INTEGER
  ) STRICT;
  CREATE TABLE face_scan (
    id TEXT PRIMARY KEY,
    scan TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE speech (
    audio_id TEXT PRIMARY KEY,
    speech TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE paid_call (
    id TEXT PRIMARY KEY,
    idempotency_key TEXT UNIQUE,
    input_digest TEXT NOT NULL,
    state TEXT NOT NULL,
    answer TEXT,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage (
    month TEXT PRIMARY KEY,
    milliunits INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE leaf (
    name TEXT PRIMARY KEY,
    applied INTEGER NOT NULL,
    due_at INTEGER,
    fails INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  `,
  'ALTER TABLE task ADD COLUMN settled_at INTEGER NOT NULL DEFAULT 0',
  `
  ALTER TABLE task ADD COLUMN first_sent_at INTEGER;
  ALTER TABLE task ADD COLUMN trouble TEXT;
  UPDATE task SET first_sent_at = json_extract(record, '$.createdAtMs') WHERE phase <> 'DONE' AND sends > 0;
  `,
  // What a task's request holds, and what it counts for. Ended tasks keep null: they count as before.
  `
  ALTER TABLE task ADD COLUMN milliunits INTEGER;
  ALTER TABLE task ADD COLUMN request_chars INTEGER NOT NULL DEFAULT 0;
  UPDATE task SET
    milliunits = CAST(round(coalesce(json_extract(record, '$.unitsEstimated'), 0) * 1000) AS INTEGER),
    request_chars = (SELECT coalesce(sum(length(body)), 0) FROM request_part WHERE task_id = task.id)
  WHERE phase <> 'DONE';
  CREATE INDEX paid_call_unanswered ON paid_call (at) WHERE answer IS NULL;
  `,
  // Each run of the alarm asks what is too old to be kept.
  `
  CREATE INDEX face_scan_by_age ON face_scan (json_extract(scan, '$.createdAtMs'));
  CREATE INDEX speech_by_age ON speech (json_extract(speech, '$.createdAtMs'));
  CREATE INDEX paid_call_by_age ON paid_call (at);
  `,
];

/** Brings the tables up to date. `PRAGMA user_version` is refused in Durable Objects, hence the key. */
export function migrate(storage: DurableObjectStorage): void {
  storage.transactionSync(() => {
    const from = storage.kv.get<number>('schema_version') ?? 0;
    for (const [i, step] of STEPS.slice(from).entries()) {
      storage.sql.exec(step);
      storage.kv.put('schema_version', from + i + 1);
    }
  });
}
