/** Statements that undo each migration step of a ledger, newest first. */
const UNDO: ReadonlyMap<number, string> = new Map([
  [22, 'ALTER TABLE doomed_file DROP COLUMN file_id'],
  [
    21,
    `
    DROP INDEX face_scan_by_video;
    ALTER TABLE face_scan DROP COLUMN video;
    DROP INDEX task_preparing;
    DROP INDEX task_waits_for;
    ALTER TABLE task DROP COLUMN waits_for;
    `,
  ],
  [
    20,
    `
    DROP TABLE media;
    ALTER TABLE file_sum DROP COLUMN open;
    ALTER TABLE doomed_file DROP COLUMN is_upload;
    `,
  ],
  [19, 'DROP TABLE webhook_endpoint'],
  [18, 'DROP TABLE spent_external_id'],
  [
    17,
    `
    DROP TABLE archive_file;
    DROP TRIGGER archive_task_delete;
    DROP TRIGGER archive_scan_delete;
    ALTER TABLE voice DROP COLUMN sample;
    `,
  ],
  [
    16,
    `
    DROP TABLE doomed_file;
    DROP TABLE file_sum;
    `,
  ],
  [
    15,
    `
    DROP INDEX task_by_label;
    DROP INDEX task_by_creation;
    ALTER TABLE task DROP COLUMN label;
    ALTER TABLE task DROP COLUMN created_at;
    `,
  ],
  [
    14,
    `
    DROP INDEX face_scan_by_session;
    ALTER TABLE face_scan DROP COLUMN session_id;
    ALTER TABLE paid_call RENAME COLUMN asset TO speech;
    `,
  ],
  [
    13,
    `
    DROP INDEX task_ended;
    ALTER TABLE task ADD COLUMN is_cancelled INTEGER AS (coalesce(json_extract(record, '$.failure.code') = 'CANCELLED', 0));
    CREATE INDEX task_ended ON task (is_cancelled, ended_at) WHERE ended_at IS NOT NULL;
    `,
  ],
  [
    12,
    `
    DROP INDEX paid_call_wake;
    ALTER TABLE paid_call DROP COLUMN speech;
    ALTER TABLE paid_call DROP COLUMN wake_at;
    ALTER TABLE paid_call DROP COLUMN tries;
    `,
  ],
  [11, 'ALTER TABLE task DROP COLUMN details'],
  [
    10,
    `
    DROP INDEX speech_by_seq;
    ALTER TABLE speech DROP COLUMN seq;
    `,
  ],
  [
    9,
    `
    DROP INDEX face_scan_by_seq;
    ALTER TABLE face_scan DROP COLUMN seq;
    `,
  ],
  [
    8,
    `
    DROP INDEX task_ended;
    DROP INDEX voice_deleted;
    DROP INDEX speech_by_age;
    ALTER TABLE task DROP COLUMN is_cancelled;
    ALTER TABLE task DROP COLUMN ended_at;
    ALTER TABLE speech DROP COLUMN kept_at;
    CREATE INDEX speech_by_age ON speech (json_extract(speech, '$.createdAtMs'));
    `,
  ],
  [
    7,
    `
    DROP TRIGGER task_sum_insert;
    DROP TRIGGER task_sum_update;
    DROP TRIGGER task_sum_delete;
    DROP TABLE task_sum;
    DROP INDEX task_by_kind;
    DROP INDEX task_waiting;
    DROP INDEX task_waiting_wake;
    DROP INDEX task_at_kling;
    DROP INDEX voice_kept;
    ALTER TABLE task DROP COLUMN is_parked;
    ALTER TABLE task DROP COLUMN holds_slot;
    ALTER TABLE task DROP COLUMN milliunits_pending;
    ALTER TABLE usage DROP COLUMN unanswered;
    ALTER TABLE event DROP COLUMN nth;
    CREATE INDEX event_by_age ON event (at);
    CREATE INDEX task_by_status ON task (status, seq);
    CREATE INDEX task_wake ON task (wake_at) WHERE wake_at IS NOT NULL;
    CREATE INDEX paid_call_unanswered ON paid_call (at) WHERE answer IS NULL;
    `,
  ],
]);

/** Undoes the migration steps from the newest down to step `to`. */
export function undoSteps(sql: SqlStorage, to: number): void {
  for (const [step, statements] of UNDO) if (step >= to) sql.exec(statements);
}
