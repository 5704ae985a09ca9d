import { DurableObject } from 'cloudflare:workers';
import { configOf, configResultOf } from '../config/index.ts';
import { forEachAtOnce } from '../lib/cache.ts';
import {
  createObjectAlarm,
  createRetention,
  earliest,
  type ObjectAlarm,
  type Retention,
  runMigrations,
  type RetainedRows,
} from '../lib/durable-object.ts';
import { createLog, type Log } from '../lib/log.ts';
import {
  type AccountStatus,
  createHealth,
  type Health,
  type Audit,
  auditWaitMs,
  type Claim,
  type Claims,
  createThrottle,
  type KnownClaim,
  SlotStore,
  type Throttle,
} from './slots.ts';

/** The wait before a tenant is audited whose ledger may not know of a grant. */
const UNTOLD_AFTER_MS = 1_000;
/** The wait before the alarm runs again while the settings are wrong. */
const MISCONFIGURED_RETRY_MS = 30_000;
/** The most slots per audit, and the most tenants that one alarm audits. */
const AUDIT_SLOTS_MAX = 200;
const AUDIT_TENANTS_MAX = 50;

/** The most tasks that `compare` returns. */
const HELD_MAX = 1_000;

/** The most ledgers that are called at once. */
const CALLS_AT_ONCE = 20;

/**
 * The object of one Kling account: grants slots to tenants, knows the health of Kling, and knows which tenant a result
 * belongs to. Kling limits the tasks of an account from `submitted` to their end (contract), and no API returns the limit.
 * It starts as configured, falls when Kling answers 1303, and grows again after a time without a 1303.
 */
export class KlingAccount extends DurableObject<Env> {
  readonly #slots: SlotStore;
  readonly #owners: OwnerStore;
  readonly #health: Health;
  readonly #throttle: Throttle;
  readonly #retention: Retention;
  readonly #alarm: ObjectAlarm;
  readonly #log: Log;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const config = configResultOf(env);
    this.#log = createLog(config.ok ? config.config.logTenant : 'off');
    migrate(ctx.storage);
    this.#slots = new SlotStore(ctx.storage.sql);
    this.#owners = new OwnerStore(ctx.storage.sql);
    const kept = config.ok ? config.config.retention : null;
    const tables =
      kept === null ? [] : [this.#slots.retainedRows(kept.idleTenantMs), this.#owners.retainedRows(kept.ownerMs)];
    this.#retention = createRetention(tables, Date.now);
    this.#health = createHealth(ctx.storage.kv);
    this.#throttle = createThrottle(ctx.storage.kv);
    this.#alarm = createObjectAlarm(ctx.storage);
    // Grants that were sent before an eviction may not have arrived.
    this.#slots.auditUntold(Date.now() + UNTOLD_AFTER_MS);
    this.#armNext(Date.now());
  }

  /** Grants a slot or queues the task. The ledger is called when a queued task gets its slot. Idempotent. */
  acquire(tenant: string, taskId: string): { granted: boolean } {
    const now = Date.now();
    if (this.#slots.find(taskId)?.state === 'HELD') {
      this.#slots.seen(taskId, now);
      return { granted: true };
    }
    this.#slots.put(taskId, tenant, 'WAITING', now);
    return { granted: this.#grant(taskId, now) };
  }

  /** Frees the slot of a task that has ended or will not be sent, and grants it to the next. */
  release(taskId: string): void {
    const now = Date.now();
    this.#slots.remove(taskId, now);
    this.#grant(null, now);
  }

  /** Queues a task again that Kling refused for now, for its rate (1302) or its slots (1303). A 1303 lowers the limit. */
  refuse(tenant: string, taskId: string, klingCode: number): void {
    const now = Date.now();
    this.#slots.put(taskId, tenant, 'WAITING', now);
    this.#throttle.refused(klingCode, this.#slots.count('HELD'), now);
    this.#armNext(now);
  }

  /** Records that Kling took a task: a probe has succeeded, and the next pause is short again. */
  accepted(): void {
    this.#throttle.accepted();
    this.#hear(false);
  }

  /** Records how an exchange of a tenant ended. Returns until when to send Kling nothing; 0 while it is healthy. */
  report(tenant: string, failed: boolean): number {
    this.#hear(failed);
    return this.#health.downUntilMs(tenant);
  }

  /** Returns whether a ledger may send one read to a Kling that is down, and until when to wait otherwise. */
  probe(tenant: string): { pass: boolean; untilMs: number } {
    const pass = this.#health.pass(Date.now());
    return { pass, untilMs: this.#health.downUntilMs(tenant) };
  }

  /**
   * Returns the tasks of a tenant that hold a slot, at most `HELD_MAX`, and whether all its claims are known. A ledger
   * with queued tasks calls this rarely, in case a grant was lost or this object was wiped.
   */
  compare(tenant: string, claims: Claims): { held: string[]; isComplete: boolean } {
    const known = this.#slots.countOf(tenant);
    const isComplete = known.HELD >= claims.HELD && known.WAITING >= claims.WAITING;
    return { held: this.#slots.heldBy(tenant, HELD_MAX), isComplete };
  }

  /** Restores the claims of a tenant after `compare` has shown that some are missing. */
  rejoin(tenant: string, claims: readonly KnownClaim[]): void {
    const now = Date.now();
    for (const { taskId, state, sinceMs } of claims) {
      if (this.#slots.find(taskId)?.state !== 'HELD') this.#slots.put(taskId, tenant, state, sinceMs);
    }
    this.#slots.wantAudit(tenant, now + auditWaitMs(0));
    this.#grant(null, now);
  }

  /** Records the owner of results. Call it before the tenant can see their ids. The first claim of a result stands. */
  claim(tenant: string, results: readonly ResultId[]): void {
    const now = Date.now();
    for (const result of results) this.#owners.claim(resultKey(result), tenant, now);
    this.#armNext(now);
  }

  /** Returns true for a result of another tenant. An unclaimed one was made outside this gateway, or does not exist. */
  isForeign(tenant: string, result: ResultId): boolean {
    return (this.#owners.tenantOf(resultKey(result)) ?? tenant) !== tenant;
  }

  status(): AccountStatus {
    return {
      breaker: this.#health.state(),
      slotsHeld: this.#slots.count('HELD'),
      slotsMax: this.#slotsMax(Date.now()),
      waiting: this.#slots.count('WAITING'),
    };
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#alarm.fired();
    // The platform gives up an alarm that keeps throwing, and with wrong settings this one would.
    if (!configResultOf(this.env).ok) return this.#alarm.set(now + MISCONFIGURED_RETRY_MS);
    this.#retention.run();
    await this.#forEach(this.#slots.auditsDue(now, AUDIT_TENANTS_MAX), (due) => this.#audit(due, now));
    this.#grant(null, now);
  }

  /** Grants the free slots in fair order and calls the ledgers. Returns whether `mine` got one; it is not called. */
  #grant(mine: string | null, now: number): boolean {
    let granted = false;
    const slotsMax = this.#slotsMax(now);
    while (this.#slots.count('HELD') < slotsMax && now >= this.#throttle.pausedUntilMs()) {
      const next = this.#slots.next();
      if (next === null || !this.#health.pass(now)) break;
      this.#slots.put(next.taskId, next.tenant, 'HELD', now);
      this.#slots.wantAudit(next.tenant, now + auditWaitMs(0));
      if (next.taskId === mine) {
        this.#slots.seen(mine, now);
        granted = true;
      } else this.ctx.waitUntil(this.#tell(next));
    }
    this.#armNext(now);
    return granted;
  }

  async #tell({ tenant, taskId }: Claim): Promise<void> {
    try {
      const wanted = await this.env.TASK_LEDGER.getByName(tenant).slotGranted(taskId);
      if (wanted) this.#slots.seen(taskId, Date.now());
      else this.release(taskId);
    } catch (error) {
      // The task keeps its slot. The audit calls the ledger again and frees a slot that nobody wants.
      this.#slots.auditUntold(Date.now() + UNTOLD_AFTER_MS);
      this.#armNext(Date.now());
      this.#log({ level: 'warn', message: 'grant not delivered', tenant, taskId, cause: String(error) });
    }
  }

  /** Records how an exchange ended. Once Kling has recovered, grants slots and calls every ledger that waits. */
  #hear(failed: boolean): void {
    const now = Date.now();
    const hasRecovered = this.#health.hear(failed, now);
    if (!hasRecovered) return this.#armNext(now);
    this.#grant(null, now);
    // A ledger that cannot be reached asks by itself later.
    const waiting = this.#health.takeWaiting().map((tenant) => ({ tenant }));
    this.ctx.waitUntil(
      this.#forEach(waiting, async ({ tenant }) => this.env.TASK_LEDGER.getByName(tenant).klingRecovered()),
    );
  }

  /** Asks a ledger in one call which of its slots it still needs. The wait doubles while it needs them all. */
  async #audit({ tenant, quiet }: Audit, now: number): Promise<void> {
    const held = this.#slots.heldBy(tenant, AUDIT_SLOTS_MAX);
    // Set before the call, so that a grant during the call can bring the audit forward.
    this.#slots.planAudit({ tenant, quiet: quiet + 1 }, now + auditWaitMs(quiet + 1));
    try {
      const alive = new Set(await this.env.TASK_LEDGER.getByName(tenant).claimsAlive(held));
      for (const taskId of held) {
        if (alive.has(taskId)) this.#slots.seen(taskId, now);
        else this.#slots.remove(taskId, now);
      }
      if (alive.size < held.length) this.#slots.planAudit({ tenant, quiet: 0 }, now + auditWaitMs(0));
    } catch (error) {
      this.#slots.planAudit({ tenant, quiet }, now + auditWaitMs(quiet));
      throw error;
    }
  }

  #slotsMax(now: number): number {
    return this.#throttle.slotsMax(now, configOf(this.env).kling.concurrency);
  }

  /** Sets the alarm to the next audit or deletion or, while tasks are queued, to the next instant at which one may be sent. */
  #armNext(now: number): void {
    const auditAtMs = this.#slots.nextAuditAtMs();
    const dueAtMs = earliest([auditAtMs === null ? null : auditAtMs + 1, this.#retention.nextAtMs()]);
    const ends = [this.#throttle.pausedUntilMs(), this.#health.untilMs(), this.#throttle.growsAtMs(now)];
    const sendAtMs = this.#slots.count('WAITING') === 0 ? null : earliest(ends.filter((atMs) => atMs > now));
    const nextAtMs = earliest([dueAtMs === null ? null : Math.max(dueAtMs, now), sendAtMs]);
    if (nextAtMs !== null) this.#alarm.setNoLaterThan(nextAtMs);
  }

  /** Calls `call` for each item, `CALLS_AT_ONCE` at a time. Logs a call that fails and continues. */
  #forEach<T extends { tenant: string }>(items: readonly T[], call: (item: T) => Promise<void>): Promise<void> {
    return forEachAtOnce(items, CALLS_AT_ONCE, (item) =>
      call(item).catch((error: unknown) => {
        this.#log({ level: 'warn', message: 'ledger not reached', tenant: item.tenant, cause: String(error) });
      }),
    );
  }
}

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

/** A result that Kling made for one tenant, by Kling's id. A later request may name it. A session is that of a face scan. */
export interface ResultId {
  readonly kind: 'VIDEO' | 'AUDIO' | 'SESSION';
  readonly id: string;
}

/**
 * Returns the same key for every spelling of an id that Kling might accept as the same: other case, padding, leading
 * zeros. A tenant cannot get around the check of ownership by another spelling.
 */
export function resultKey({ kind, id }: ResultId): string {
  const bare = id
    .toLowerCase()
    .replaceAll(/[^a-z\d]/g, '')
    .replace(/^0+/, '');
  return `${kind}:${bare === '' ? id : bare}`;
}

/** The owners of the videos, the audio and the sessions that Kling made, for at least as long as Kling keeps them. */
export class OwnerStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Records an owner. The first claim stands: a tenant cannot take a result of another by naming it. */
  claim(key: string, tenant: string, nowMs: number): void {
    this.#sql.exec('INSERT INTO owner (made, tenant, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', key, tenant, nowMs);
  }

  /** Returns the owner; null if no tenant has claimed the result. */
  tenantOf(key: string): string | null {
    const [row] = this.#sql.exec<{ tenant: string }>('SELECT tenant FROM owner WHERE made = ?', key).toArray();
    return row?.tenant ?? null;
  }

  /** A claim is younger than its result: it is kept at least as long as Kling keeps that. */
  retainedRows(keptMs: number): RetainedRows {
    return {
      keptMs,
      oldestAtMs: () => this.#sql.exec<{ at: number | null }>('SELECT min(at) AS at FROM owner WHERE at > 0').one().at,
      deleteUntil: (atMs, limit) =>
        this.#sql.exec(
          'DELETE FROM owner WHERE made IN (SELECT made FROM owner WHERE at <= ? ORDER BY at LIMIT ?)',
          atMs,
          limit,
        ),
    };
  }
}
