import { runMigrations } from '../lib/durable-object.ts';

/** The steps of the layout, append only: an object runs each step once. */
const STEPS: readonly string[] = [
  `
  CREATE TABLE delivery (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER,
    task_id TEXT,
    kind TEXT,
    status TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER,
    is_manual INTEGER NOT NULL DEFAULT 0,
    fails INTEGER NOT NULL DEFAULT 0,
    attempts TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE INDEX delivery_due ON delivery (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX delivery_manual ON delivery (due_at) WHERE is_manual = 1 AND due_at IS NOT NULL;
  CREATE INDEX delivery_by_status ON delivery (status, n);
  CREATE INDEX delivery_ended ON delivery (n) WHERE status <> 'PENDING';
  CREATE TABLE delivery_sum (
    pending INTEGER NOT NULL,
    pending_chars INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    ended_chars INTEGER NOT NULL
  ) STRICT;
  INSERT INTO delivery_sum VALUES (0, 0, 0, 0);
  CREATE TRIGGER delivery_insert AFTER INSERT ON delivery BEGIN
    UPDATE delivery_sum SET pending = pending + 1, pending_chars = pending_chars + length(new.body);
  END;
  CREATE TRIGGER delivery_update AFTER UPDATE OF status ON delivery WHEN (new.status = 'PENDING') <> (old.status = 'PENDING') BEGIN
    UPDATE delivery_sum SET
      pending = pending + iif(new.status = 'PENDING', 1, -1),
      pending_chars = pending_chars + iif(new.status = 'PENDING', 1, -1) * length(new.body),
      ended = ended - iif(new.status = 'PENDING', 1, -1),
      ended_chars = ended_chars - iif(new.status = 'PENDING', 1, -1) * length(new.body);
  END;
  CREATE TRIGGER delivery_delete AFTER DELETE ON delivery BEGIN
    UPDATE delivery_sum SET
      pending = pending - (old.status = 'PENDING'),
      pending_chars = pending_chars - (old.status = 'PENDING') * length(old.body),
      ended = ended - (old.status <> 'PENDING'),
      ended_chars = ended_chars - (old.status <> 'PENDING') * length(old.body);
  END;
  `,
  // The URL of a message to the webhook of one task.
  'ALTER TABLE delivery ADD COLUMN url TEXT',
];

/** Brings the tables of an endpoint up to date. */
export function migrate(storage: DurableObjectStorage): void {
  runMigrations(storage, STEPS);
}
