import { runMigrations } from '../lib/durable-object.ts';

/** The steps of the layout, append only as those of the ledger. The first also runs on tables from before steps were counted. */
const STEPS: readonly string[] = [
  `
  CREATE TABLE IF NOT EXISTS claim (
    task_id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS claim_order ON claim (state, tenant, since);
  CREATE INDEX IF NOT EXISTS claim_untold ON claim (tenant) WHERE seen_at = 0;
  CREATE TABLE IF NOT EXISTS share (
    tenant TEXT PRIMARY KEY,
    held INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    waits_since INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    audit_at INTEGER NOT NULL,
    quiet_audits INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS share_next ON share (held, turn, waits_since) WHERE waiting > 0;
  CREATE INDEX IF NOT EXISTS share_turn ON share (turn);
  CREATE INDEX IF NOT EXISTS share_audit ON share (audit_at) WHERE held > 0;
  DROP TABLE IF EXISTS turn;
  INSERT INTO share
    SELECT tenant, sum(state = 'HELD'), sum(state = 'WAITING'), min(since), 0, 0, 0 FROM claim
    WHERE NOT EXISTS (SELECT * FROM share) GROUP BY tenant;
  CREATE TABLE IF NOT EXISTS owner (
    made TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS owner_by_age ON owner (at);
  `,
  // The cost of a statement does not grow with the number of tenants.
  `
  DROP INDEX claim_untold;
  CREATE INDEX claim_untold ON claim (seen_at, tenant) WHERE seen_at = 0;
  CREATE INDEX claim_held ON claim (tenant, seen_at) WHERE state = 'HELD';
  CREATE TABLE share_sum (held INTEGER NOT NULL, waiting INTEGER NOT NULL) STRICT;
  INSERT INTO share_sum SELECT coalesce(sum(held), 0), coalesce(sum(waiting), 0) FROM share;
  CREATE TRIGGER share_sum_insert AFTER INSERT ON share WHEN new.held > 0 OR new.waiting > 0 BEGIN
    UPDATE share_sum SET held = held + new.held, waiting = waiting + new.waiting;
  END;
  CREATE TRIGGER share_sum_delete AFTER DELETE ON share WHEN old.held > 0 OR old.waiting > 0 BEGIN
    UPDATE share_sum SET held = held - old.held, waiting = waiting - old.waiting;
  END;
  CREATE TRIGGER share_sum_update AFTER UPDATE OF held, waiting ON share BEGIN
    UPDATE share_sum SET held = held + new.held - old.held, waiting = waiting + new.waiting - old.waiting;
  END;
  `,
  // The place of a tenant without claims is deleted after a time.
  `
  ALTER TABLE share ADD COLUMN idle_since INTEGER;
  UPDATE share SET idle_since = unixepoch() * 1000 WHERE held = 0 AND waiting = 0;
  CREATE INDEX share_idle ON share (idle_since) WHERE idle_since IS NOT NULL;
  `,
];

/** Brings the tables of the account up to date. */
export function migrate(storage: DurableObjectStorage): void {
  runMigrations(storage, STEPS);
}
