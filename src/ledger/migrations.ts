import { runMigrations, runMigrationsInSteps, versionOf } from '../lib/durable-object.ts';

/**
 * The steps of the layout, append only: a ledger runs each step once. Never change a step that has shipped. The test that
 * pins the layout says what to do when it fails.
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
  // The length of a task's request, and its share of the budget. Ended tasks keep null and count as before.
  `
  ALTER TABLE task ADD COLUMN milliunits INTEGER;
  ALTER TABLE task ADD COLUMN request_chars INTEGER NOT NULL DEFAULT 0;
  UPDATE task SET
    milliunits = CAST(round(coalesce(json_extract(record, '$.unitsEstimated'), 0) * 1000) AS INTEGER),
    request_chars = (SELECT coalesce(sum(length(body)), 0) FROM request_part WHERE task_id = task.id)
  WHERE phase <> 'DONE';
  CREATE INDEX paid_call_unanswered ON paid_call (at) WHERE answer IS NULL;
  `,
  // Each run of the alarm asks for the oldest rows.
  `
  CREATE INDEX face_scan_by_age ON face_scan (json_extract(scan, '$.createdAtMs'));
  CREATE INDEX speech_by_age ON speech (json_extract(speech, '$.createdAtMs'));
  CREATE INDEX paid_call_by_age ON paid_call (at);
  `,
  // The cost of a statement does not grow with the history of a tenant: sums over tasks and calls are stored, and each
  // query has an index. A task that has ended is in no sum.
  `
  DROP INDEX task_by_status;
  DROP INDEX task_wake;
  DROP INDEX paid_call_unanswered;
  DROP INDEX event_by_age;
  CREATE INDEX task_by_kind ON task (kind, status, seq);
  CREATE INDEX task_waiting ON task (seq) WHERE phase = 'WAITING';
  CREATE INDEX task_waiting_wake ON task (wake_at) WHERE phase = 'WAITING';
  CREATE INDEX task_at_kling ON task (wake_at) WHERE phase IN ('SENDING', 'SENT');
  ALTER TABLE task ADD COLUMN is_parked INTEGER AS (phase = 'WAITING' AND coalesce(wake_at >= deadline_at, 0));
  ALTER TABLE task ADD COLUMN holds_slot INTEGER AS (
    phase IN ('SENDING', 'SENT') AND coalesce(json_extract(trouble, '$.isLost'), 0) = 0
      AND json_extract(trouble, '$.emptySinceMs') IS NULL
  );
  ALTER TABLE task ADD COLUMN milliunits_pending INTEGER AS (iif(phase = 'DONE', 0, coalesce(milliunits, 0)));
  CREATE TABLE task_sum (
    waiting INTEGER NOT NULL,
    request_chars INTEGER NOT NULL,
    milliunits_pending INTEGER NOT NULL,
    parked INTEGER NOT NULL,
    holding_slots INTEGER NOT NULL
  ) STRICT;
  INSERT INTO task_sum
    SELECT coalesce(sum(phase = 'WAITING'), 0), coalesce(sum(request_chars), 0), coalesce(sum(milliunits_pending), 0),
      coalesce(sum(is_parked), 0), coalesce(sum(holds_slot), 0)
    FROM task WHERE phase <> 'DONE';
  CREATE TRIGGER task_sum_insert AFTER INSERT ON task BEGIN
    UPDATE task_sum SET
      waiting = waiting + (new.phase = 'WAITING'),
      request_chars = request_chars + new.request_chars,
      milliunits_pending = milliunits_pending + new.milliunits_pending,
      parked = parked + new.is_parked,
      holding_slots = holding_slots + new.holds_slot;
  END;
  CREATE TRIGGER task_sum_update AFTER UPDATE ON task
    WHEN (new.phase = 'WAITING', new.request_chars, new.milliunits_pending, new.is_parked, new.holds_slot)
      <> (old.phase = 'WAITING', old.request_chars, old.milliunits_pending, old.is_parked, old.holds_slot)
  BEGIN
    UPDATE task_sum SET
      waiting = waiting + (new.phase = 'WAITING') - (old.phase = 'WAITING'),
      request_chars = request_chars + new.request_chars - old.request_chars,
      milliunits_pending = milliunits_pending + new.milliunits_pending - old.milliunits_pending,
      parked = parked + new.is_parked - old.is_parked,
      holding_slots = holding_slots + new.holds_slot - old.holds_slot;
  END;
  CREATE TRIGGER task_sum_delete AFTER DELETE ON task WHEN old.phase <> 'DONE' BEGIN
    UPDATE task_sum SET
      waiting = waiting - (old.phase = 'WAITING'),
      request_chars = request_chars - old.request_chars,
      milliunits_pending = milliunits_pending - old.milliunits_pending,
      parked = parked - old.is_parked,
      holding_slots = holding_slots - old.holds_slot;
  END;
  ALTER TABLE usage ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;
  INSERT INTO usage (month, milliunits, unanswered)
    SELECT strftime('%Y-%m', at / 1000, 'unixepoch') AS month, 0, count(*) FROM paid_call WHERE answer IS NULL GROUP BY 1
    ON CONFLICT (month) DO UPDATE SET unanswered = excluded.unanswered;
  CREATE INDEX voice_kept ON voice (seq) WHERE deleted_at IS NULL;
  ALTER TABLE event ADD COLUMN nth INTEGER NOT NULL DEFAULT 0;
  `,
  // Ended items are deleted after a time, counted from their end. The end of an old task is taken from its last change.
  // Kling may leave out when a speech was made.
  `
  ALTER TABLE task ADD COLUMN ended_at INTEGER;
  ALTER TABLE task ADD COLUMN is_cancelled INTEGER AS (coalesce(json_extract(record, '$.failure.code') = 'CANCELLED', 0));
  UPDATE task SET ended_at = json_extract(record, '$.updatedAtMs') WHERE phase = 'DONE';
  CREATE INDEX task_ended ON task (is_cancelled, ended_at) WHERE ended_at IS NOT NULL;
  CREATE INDEX voice_deleted ON voice (deleted_at) WHERE deleted_at IS NOT NULL;
  ALTER TABLE speech ADD COLUMN kept_at INTEGER NOT NULL DEFAULT 0;
  UPDATE speech SET kept_at = coalesce(json_extract(speech, '$.createdAtMs'), unixepoch() * 1000);
  DROP INDEX speech_by_age;
  CREATE INDEX speech_by_age ON speech (kept_at);
  `,
  // Face scans have a place in their list.
  `
  ALTER TABLE face_scan ADD COLUMN seq INTEGER;
  UPDATE face_scan SET seq = made.seq FROM (
    SELECT id, row_number() OVER (ORDER BY json_extract(scan, '$.createdAtMs'), id) AS seq FROM face_scan
  ) AS made WHERE made.id = face_scan.id;
  CREATE UNIQUE INDEX face_scan_by_seq ON face_scan (seq);
  `,
  // A speech has a place in its list if its text is kept. Every answer says when its speech was made.
  `
  ALTER TABLE speech ADD COLUMN seq INTEGER;
  CREATE UNIQUE INDEX speech_by_seq ON speech (seq);
  UPDATE paid_call SET answer = json_set(answer, '$.createdAtMs', at)
    WHERE json_extract(answer, '$.audioId') IS NOT NULL AND json_extract(answer, '$.createdAtMs') IS NULL;
  `,
  // The fields of a task that may be long are stored once: the caller's metadata, and the input of the task.
  'ALTER TABLE task ADD COLUMN details TEXT',
  // A speech that waits for the claim of its audio, and the instant at which the alarm claims it.
  `
  ALTER TABLE paid_call ADD COLUMN speech TEXT;
  ALTER TABLE paid_call ADD COLUMN wake_at INTEGER;
  ALTER TABLE paid_call ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX paid_call_wake ON paid_call (wake_at) WHERE wake_at IS NOT NULL;
  `,
  // A cancelled task has a status of its own. `readRecord` maps the records that were stored before.
  `
  UPDATE task SET status = 'CANCELLED' WHERE is_cancelled = 1 AND ended_at IS NOT NULL;
  DROP INDEX task_ended;
  ALTER TABLE task DROP COLUMN is_cancelled;
  CREATE INDEX task_ended ON task (status = 'CANCELLED', ended_at) WHERE ended_at IS NOT NULL;
  `,
  // A scan waits for the claim of its session, too. Those that Kling still accepts are claimed by the next alarm. A scan is
  // found by its session.
  `
  ALTER TABLE paid_call RENAME COLUMN speech TO asset;
  UPDATE paid_call SET wake_at = at
    WHERE json_extract(answer, '$.sessionId') IS NOT NULL AND json_extract(answer, '$.expiresAtMs') > unixepoch() * 1000;
  ALTER TABLE face_scan ADD COLUMN session_id TEXT;
  UPDATE face_scan SET session_id = json_extract(scan, '$.sessionId');
  CREATE INDEX face_scan_by_session ON face_scan (session_id);
  `,
  // Lists of tasks by their label and by the time of their creation. Old tasks get times in the order of the list, which a
  // clock that was set back has broken.
  `
  ALTER TABLE task ADD COLUMN label TEXT AS (json_extract(record, '$.label'));
  CREATE INDEX task_by_label ON task (label, kind, status, seq) WHERE label IS NOT NULL;
  ALTER TABLE task ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
  UPDATE task SET created_at = made.at FROM (
    SELECT seq, coalesce(max(json_extract(record, '$.createdAtMs')) OVER (ORDER BY seq), 0) AS at FROM task
  ) AS made WHERE made.seq = task.seq;
  CREATE INDEX task_by_creation ON task (created_at);
  `,
  // The files of the bucket that are to be deleted, and the bytes of all that are kept. Triggers of the tables that name files
  // keep the sum.
  `
  CREATE TABLE doomed_file (
    id TEXT PRIMARY KEY,
    tries INTEGER NOT NULL DEFAULT 0,
    wake_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX doomed_file_wake ON doomed_file (wake_at);
  CREATE TABLE file_sum (bytes INTEGER NOT NULL) STRICT;
  INSERT INTO file_sum (bytes) VALUES (0);
  `,
  // The results that are copied into the bucket. A row is deleted with its task or scan, and its file after it.
  `
  CREATE TABLE archive_file (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    part TEXT NOT NULL,
    voice_id TEXT,
    url TEXT NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    wake_at INTEGER,
    expires_at INTEGER NOT NULL,
    UNIQUE (owner, part)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX archive_file_wake ON archive_file (wake_at) WHERE wake_at IS NOT NULL;
  CREATE INDEX archive_file_by_expiry ON archive_file (expires_at) WHERE wake_at IS NULL;
  CREATE INDEX archive_file_by_voice ON archive_file (voice_id) WHERE voice_id IS NOT NULL;
  ALTER TABLE voice ADD COLUMN sample TEXT;
  CREATE TRIGGER archive_file_update AFTER UPDATE ON archive_file WHEN new.bytes <> old.bytes BEGIN
    UPDATE file_sum SET bytes = bytes + new.bytes - old.bytes;
  END;
  CREATE TRIGGER archive_file_delete AFTER DELETE ON archive_file BEGIN
    UPDATE file_sum SET bytes = bytes - old.bytes;
    UPDATE voice SET sample = NULL WHERE voice_id = old.voice_id;
    INSERT INTO doomed_file (id, wake_at) VALUES (old.id, coalesce(old.wake_at, 1)) ON CONFLICT (id) DO NOTHING;
  END;
  CREATE TRIGGER archive_task_delete AFTER DELETE ON task BEGIN
    DELETE FROM archive_file WHERE owner = old.id;
  END;
  CREATE TRIGGER archive_scan_delete AFTER DELETE ON face_scan BEGIN
    DELETE FROM archive_file WHERE owner = old.id;
  END;
  `,
  // The external ids of deleted tasks. A create that is repeated with one must not be paid for again.
  `
  CREATE TABLE spent_external_id (
    external_id TEXT PRIMARY KEY,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX spent_external_id_by_age ON spent_external_id (at);
  `,
  // Webhook endpoints, at most 20. Each is a consumer of the log, and has an object that must learn of its changes.
  `
  CREATE TABLE webhook_endpoint (
    id TEXT NOT NULL UNIQUE,
    endpoint TEXT NOT NULL,
    state TEXT NOT NULL,
    revision INTEGER NOT NULL,
    pause_revision INTEGER NOT NULL,
    sync_at INTEGER,
    applied INTEGER NOT NULL,
    owes_resync INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER,
    fails INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  `,
  // The files of a tenant. How many of them are unfinished is stored with the sum of their bytes, because a check of the
  // limits must not read all files. A file that is deleted, in whatever way, becomes a doomed file.
  `
  ALTER TABLE file_sum ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE doomed_file ADD COLUMN is_upload INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE media (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    record TEXT NOT NULL,
    is_open INTEGER AS (json_extract(record, '$.status') IN ('UPLOADING', 'CHECKING')),
    url TEXT,
    wake_at INTEGER,
    tries INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX media_by_age ON media (created_at);
  CREATE INDEX media_open ON media (created_at) WHERE is_open = 1;
  CREATE INDEX media_wake ON media (wake_at) WHERE wake_at IS NOT NULL;
  CREATE TRIGGER media_insert AFTER INSERT ON media BEGIN
    UPDATE file_sum SET bytes = bytes + new.bytes, open = open + new.is_open;
  END;
  CREATE TRIGGER media_update AFTER UPDATE ON media WHEN (new.bytes, new.is_open) <> (old.bytes, old.is_open) BEGIN
    UPDATE file_sum SET bytes = bytes + new.bytes - old.bytes, open = open + new.is_open - old.is_open;
  END;
  CREATE TRIGGER media_delete AFTER DELETE ON media BEGIN
    UPDATE file_sum SET bytes = bytes - old.bytes, open = open - old.is_open;
    INSERT INTO doomed_file (id, is_upload, wake_at) VALUES (old.id, 1, 1);
  END;
  `,
  // A lip-sync may have to be prepared before it can wait for a slot: it waits for a file or a task, or makes a scan. A task that
  // is prepared counts as waiting. A scan is found by its video.
  `
  ALTER TABLE task ADD COLUMN waits_for TEXT;
  CREATE INDEX task_waits_for ON task (waits_for) WHERE waits_for IS NOT NULL;
  CREATE INDEX task_preparing ON task (wake_at) WHERE phase = 'PREPARING';
  DROP TRIGGER task_sum_insert;
  DROP TRIGGER task_sum_update;
  DROP TRIGGER task_sum_delete;
  CREATE TRIGGER task_sum_insert AFTER INSERT ON task BEGIN
    UPDATE task_sum SET
      waiting = waiting + (new.phase IN ('PREPARING', 'WAITING')),
      request_chars = request_chars + new.request_chars,
      milliunits_pending = milliunits_pending + new.milliunits_pending,
      parked = parked + new.is_parked,
      holding_slots = holding_slots + new.holds_slot;
  END;
  CREATE TRIGGER task_sum_update AFTER UPDATE ON task
    WHEN (new.phase IN ('PREPARING', 'WAITING'), new.request_chars, new.milliunits_pending, new.is_parked, new.holds_slot)
      <> (old.phase IN ('PREPARING', 'WAITING'), old.request_chars, old.milliunits_pending, old.is_parked, old.holds_slot)
  BEGIN
    UPDATE task_sum SET
      waiting = waiting + (new.phase IN ('PREPARING', 'WAITING')) - (old.phase IN ('PREPARING', 'WAITING')),
      request_chars = request_chars + new.request_chars - old.request_chars,
      milliunits_pending = milliunits_pending + new.milliunits_pending - old.milliunits_pending,
      parked = parked + new.is_parked - old.is_parked,
      holding_slots = holding_slots + new.holds_slot - old.holds_slot;
  END;
  CREATE TRIGGER task_sum_delete AFTER DELETE ON task WHEN old.phase <> 'DONE' BEGIN
    UPDATE task_sum SET
      waiting = waiting - (old.phase IN ('PREPARING', 'WAITING')),
      request_chars = request_chars - old.request_chars,
      milliunits_pending = milliunits_pending - old.milliunits_pending,
      parked = parked - old.is_parked,
      holding_slots = holding_slots - old.holds_slot;
  END;
  ALTER TABLE face_scan ADD COLUMN video TEXT AS (coalesce(
    json_extract(scan, '$.video.mediaId'), json_extract(scan, '$.video.videoId'), json_extract(scan, '$.video.url')
  ));
  CREATE INDEX face_scan_by_video ON face_scan (video, seq) WHERE video IS NOT NULL;
  `,
  // A file that a copy has begun is doomed from its start, until the copy is complete. Its id is that of the bucket.
  'ALTER TABLE doomed_file ADD COLUMN file_id TEXT',
];

/** Brings the tables of a ledger up to date. */
export function migrate(storage: DurableObjectStorage): void {
  runMigrations(storage, STEPS);
}

/** Returns the same, step by step, for a ledger that has rows to change. Returns null if it is new, or has all steps. */
export function pendingMigration(storage: DurableObjectStorage): (() => Promise<void>) | null {
  const version = versionOf(storage);
  return version === 0 || version === STEPS.length ? null : () => runMigrationsInSteps(storage, STEPS);
}
