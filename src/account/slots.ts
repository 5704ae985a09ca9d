import { type Backoff, backoffMs } from '../lib/time.ts';
import type { RetainedRows } from '../lib/durable-object.ts';

/** A claim on a slot of the account. `HELD`: the task is or may be at Kling. `WAITING`: it is queued for a slot. */
export interface Claim {
  readonly taskId: string;
  readonly tenant: string;
  readonly state: 'HELD' | 'WAITING';
}

/** A claim as its ledger knows it. Queued claims are ordered by `sinceMs`. */
export type KnownClaim = Omit<Claim, 'tenant'> & { readonly sinceMs: number };

/** The number of claims of each state. */
export type Claims = Readonly<Record<Claim['state'], number>>;

/** A tenant that is due to be asked whether it still needs its slots. */
export interface Audit {
  readonly tenant: string;
  /** The consecutive audits that freed nothing. */
  readonly quiet: number;
}

/** The waits between audits of a tenant. An audit finds slots whose release was lost. */
const AUDIT: Backoff = { baseMs: 30_000, capMs: 300_000, jitter: 'NONE' };

/** Returns the wait for the next audit after `quiet` consecutive audits that freed nothing. */
export function auditWaitMs(quiet: number): number {
  return backoffMs(quiet + 1, AUDIT, Math.random);
}

type ClaimColumns = { task_id: string; tenant: string; state: Claim['state'] };

/** The `seen_at` of a task whose ledger has not shown that it knows of its slot. */
const UNTOLD = 0;

const SELECT = 'SELECT task_id, tenant, state FROM claim';

/** The column of `share` that counts the claims of a state. */
const COUNT = { HELD: 'held', WAITING: 'waiting' } as const satisfies Record<Claim['state'], string>;

/**
 * The claims on slots, in SQLite: an eviction grants no slot twice. The table `share` has one row per tenant, so that the
 * cost of a query does not grow with the queue.
 */
export class SlotStore {
  readonly #sql: SqlStorage;
  /** The sums over `share`, which only this class writes. A trigger keeps them in `share_sum`, too. */
  readonly #total: { HELD: number; WAITING: number };

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#total = this.#sql.exec<Claims>('SELECT held AS HELD, waiting AS WAITING FROM share_sum').one();
  }

  find(taskId: string): Claim | null {
    const [row] = this.#sql.exec<ClaimColumns>(`${SELECT} WHERE task_id = ?`, taskId).toArray();
    return row ? toClaim(row) : null;
  }

  /** Adds a claim or changes its state. A claim keeps its place in the queue, also when it is queued again. */
  put(taskId: string, tenant: string, state: Claim['state'], sinceMs: number): void {
    const before = this.find(taskId);
    if (before?.state === state) return;
    const owner = before?.tenant ?? tenant;
    this.#sql.exec(
      `INSERT INTO claim (task_id, tenant, state, since, seen_at) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT (task_id) DO UPDATE SET state = excluded.state, seen_at = excluded.seen_at`,
      taskId,
      owner,
      state,
      sinceMs,
      state === 'HELD' ? UNTOLD : sinceMs,
    );
    if (before !== null) this.#add(before, -1, sinceMs);
    this.#sql.exec(
      `INSERT INTO share (tenant, held, waiting, waits_since, turn, audit_at, quiet_audits)
       VALUES (?1, 0, 0, ?2, 0, 0, 0) ON CONFLICT (tenant) DO UPDATE SET waits_since = CASE waiting WHEN 0 THEN ?2 ELSE waits_since END`,
      owner,
      sinceMs,
    );
    this.#add({ tenant: owner, state }, 1, sinceMs);
    if (state === 'WAITING') return;
    this.#sql.exec('UPDATE share SET turn = (SELECT max(turn) + 1 FROM share WHERE turn >= 0) WHERE tenant = ?', owner);
  }

  remove(taskId: string, nowMs: number): void {
    const claim = this.find(taskId);
    if (claim === null) return;
    this.#sql.exec('DELETE FROM claim WHERE task_id = ?', taskId);
    this.#add(claim, -1, nowMs);
  }

  count(state: Claim['state']): number {
    return this.#total[state];
  }

  countOf(tenant: string): Claims {
    const [row] = this.#sql
      .exec<{ held: number; waiting: number }>('SELECT held, waiting FROM share WHERE tenant = ?', tenant)
      .toArray();
    return { HELD: row?.held ?? 0, WAITING: row?.waiting ?? 0 };
  }

  /**
   * Returns the next claim to grant, null if none is queued. The tenant with the fewest slots comes first, then the one
   * whose last grant is the oldest. Within a tenant the oldest claim comes first.
   */
  next(): Claim | null {
    const [row] = this.#sql
      .exec<ClaimColumns>(
        `${SELECT} WHERE state = 'WAITING' AND tenant =
           (SELECT tenant FROM share WHERE waiting > 0 AND held >= 0 ORDER BY held, turn, waits_since, tenant LIMIT 1)
         ORDER BY since, task_id LIMIT 1`,
      )
      .toArray();
    return row ? toClaim(row) : null;
  }

  /** Returns the tasks of a tenant that hold a slot, the least recently seen first. */
  heldBy(tenant: string, limit: number): string[] {
    return this.#sql
      .exec<{ task_id: string }>(
        `SELECT task_id FROM claim WHERE state = 'HELD' AND tenant = ? ORDER BY seen_at LIMIT ?`,
        tenant,
        limit,
      )
      .toArray()
      .map(({ task_id }) => task_id);
  }

  /** Brings the audits of tenants that may not know of a grant forward to `atMs`. */
  auditUntold(atMs: number): void {
    this.#sql.exec(
      'UPDATE share SET audit_at = min(audit_at, ?) WHERE tenant IN (SELECT tenant FROM claim WHERE seen_at = 0)',
      atMs,
    );
  }

  /** Records that the ledger knows of the task's slot. */
  seen(taskId: string, nowMs: number): void {
    this.#sql.exec('UPDATE claim SET seen_at = ? WHERE task_id = ?', nowMs, taskId);
  }

  /** Returns the tenants whose audit was due before `nowMs`, the longest due first. */
  auditsDue(nowMs: number, limit: number): Audit[] {
    return this.#sql
      .exec<{ tenant: string; quiet_audits: number }>(
        'SELECT tenant, quiet_audits FROM share WHERE held > 0 AND audit_at < ? ORDER BY audit_at LIMIT ?',
        nowMs,
        limit,
      )
      .toArray()
      .map(({ tenant, quiet_audits }) => ({ tenant, quiet: quiet_audits }));
  }

  /** Plans an audit after a grant, no later than `atMs`. */
  wantAudit(tenant: string, atMs: number): void {
    this.#sql.exec(
      `UPDATE share SET audit_at = CASE held WHEN 1 THEN ?1 ELSE min(audit_at, ?1) END, quiet_audits = 0 WHERE tenant = ?2`,
      atMs,
      tenant,
    );
  }

  planAudit({ tenant, quiet }: Audit, atMs: number): void {
    this.#sql.exec('UPDATE share SET audit_at = ?, quiet_audits = ? WHERE tenant = ?', atMs, quiet, tenant);
  }

  /** Returns the instant of the next audit; null if no slot is held. */
  nextAuditAtMs(): number | null {
    return this.#sql
      .exec<{ at: number | null }>('SELECT min(audit_at) AS at FROM share WHERE held > 0 AND audit_at >= 0')
      .one().at;
  }

  /** The places of tenants that have had no claim for a while. They start over. */
  retainedRows(keptMs: number): RetainedRows {
    return {
      keptMs,
      oldestAtMs: () =>
        this.#sql.exec<{ at: number | null }>('SELECT min(idle_since) AS at FROM share WHERE idle_since > 0').one().at,
      deleteUntil: (atMs, limit) =>
        this.#sql.exec(
          `DELETE FROM share WHERE tenant IN
             (SELECT tenant FROM share WHERE idle_since <= ? ORDER BY idle_since LIMIT ?)`,
          atMs,
          limit,
        ),
    };
  }

  #add({ tenant, state }: Pick<Claim, 'tenant' | 'state'>, change: 1 | -1, nowMs: number): void {
    this.#sql.exec(
      `UPDATE share SET ${COUNT[state]} = ${COUNT[state]} + ?1, idle_since = iif(held + waiting + ?1 = 0, ?2, NULL)
       WHERE tenant = ?3`,
      change,
      nowMs,
      tenant,
    );
    this.#total[state] += change;
  }
}

function toClaim({ task_id, tenant, state }: ClaimColumns): Claim {
  return { taskId: task_id, tenant, state };
}

/** The limit of slots learned from a refusal for too many tasks (1303). */
export interface SlotLimit {
  /** The slots in use without the refused task, at least 1. */
  readonly slots: number;
  /** The limit doubles in every quiet minute up to this number, then grows by 1. */
  readonly threshold: number;
  /** The most slots in use at a refusal since the last quiet minute, the refused task included. */
  readonly refused: number;
  /** The instant of the last refusal, in milliseconds since the epoch. */
  readonly refusedAtMs: number;
}

/** The time without a 1303 after which a higher limit is tried. */
const QUIET_MS = 60_000;

/** The pause after a refusal, in which no task is sent. It doubles with every further refusal. */
const PAUSE: Backoff = { baseMs: 1_000, capMs: 30_000, jitter: 'NONE' };

/** Returns the limit after a 1303. `inUse` is the slots in use without the refused task. Tasks refused together count once. */
export function afterRefusal(before: SlotLimit | null, inUse: number, nowMs: number): SlotLimit {
  const isSame = before !== null && nowMs - before.refusedAtMs < QUIET_MS;
  const refused = Math.max(inUse + 1, isSame ? before.refused : 0);
  return { slots: Math.max(1, inUse), threshold: Math.floor(refused / 2), refused, refusedAtMs: nowMs };
}

/**
 * Returns the limit to try now, at most `configured`, by TCP's slow start: it doubles in every quiet minute up to half of
 * the last refused number, then grows by 1. Source: RFC 5681, section 3.1.
 */
export function slotsAt(limit: SlotLimit | null, nowMs: number, configured: number): number {
  if (limit === null) return configured;
  const { threshold } = limit;
  let { slots } = limit;
  let minutes = Math.max(0, Math.floor((nowMs - limit.refusedAtMs) / QUIET_MS));
  for (; minutes > 0 && slots < threshold; minutes -= 1) slots = Math.min(slots * 2, threshold);
  return Math.min(slots + minutes, configured);
}

/** The limits learned from Kling's refusals for its rate (1302) and its slots (1303). They survive eviction. */
export interface Throttle {
  /** Returns the end of the current pause, in milliseconds since the epoch. */
  readonly pausedUntilMs: () => number;
  /** Records a refusal. `inUse` is the slots in use without the refused task. */
  readonly refused: (klingCode: number, inUse: number, nowMs: number) => void;
  /** Records that Kling took a task: the next pause is short again. */
  readonly accepted: () => void;
  readonly slotsMax: (nowMs: number, configured: number) => number;
  /** Returns when `slotsMax` may grow next; 0 if Kling has refused nothing. */
  readonly growsAtMs: (nowMs: number) => number;
}

/** Reads and writes what it has learned in `kv`. */
export function createThrottle(kv: SyncKvStorage): Throttle {
  const limit = (): SlotLimit | null => kv.get<SlotLimit>('slotLimit') ?? null;
  const pausedUntilMs = (): number => kv.get<number>('pausedUntil') ?? 0;

  return {
    pausedUntilMs,
    refused(klingCode, inUse, nowMs) {
      // A task that was under way when the pause began belongs to the same refusal.
      if (nowMs >= pausedUntilMs()) {
        const refusals = (kv.get<number>('refusals') ?? 0) + 1;
        kv.put('refusals', refusals);
        kv.put('pausedUntil', nowMs + backoffMs(refusals, PAUSE, Math.random));
      }
      if (klingCode === 1303) kv.put('slotLimit', afterRefusal(limit(), inUse, nowMs));
    },
    accepted() {
      if ((kv.get<number>('refusals') ?? 0) > 0) kv.put('refusals', 0);
    },
    slotsMax: (nowMs, configured) => slotsAt(limit(), nowMs, configured),
    growsAtMs(nowMs) {
      const learned = limit();
      return learned === null ? 0 : nowMs + QUIET_MS - (Math.max(0, nowMs - learned.refusedAtMs) % QUIET_MS);
    },
  };
}

/** The consecutive faults of Kling's after which Kling counts as down, and for how long. */
const BREAKER = { failuresMax: 10, openMs: 15_000 } as const;

/** The key prefix of the tenants whose ledgers know that Kling is down. */
const DOWN = 'down:';

/** The state of the account, as `/ready` shows it to operators. */
export interface AccountStatus {
  readonly breaker: Breaker['state'];
  readonly slotsHeld: number;
  readonly slotsMax: number;
  readonly waiting: number;
}

/** The health of Kling. An open breaker survives eviction of the object. A count of consecutive faults does not. */
export interface Health {
  readonly state: () => Breaker['state'];
  /** Returns when the next probe may be sent while Kling is down, in milliseconds since the epoch. */
  readonly untilMs: () => number;
  /** Returns whether a request may be sent to Kling now. While Kling is down, one probe at a time may. */
  readonly pass: (nowMs: number) => boolean;
  /** Records how an exchange ended. Returns true if Kling has recovered by it. */
  readonly hear: (failed: boolean, nowMs: number) => boolean;
  /** Returns until when a tenant's ledger should send Kling nothing; 0 while Kling is healthy. Remembers that it was told. */
  readonly downUntilMs: (tenant: string) => number;
  /** Returns the tenants whose ledgers wait for Kling: those that `downUntilMs` told so since the last call. */
  readonly takeWaiting: () => readonly string[];
}

/** Reads the stored breaker. Build it once per object. */
export function createHealth(kv: SyncKvStorage): Health {
  let breaker = kv.get<Breaker>('breaker') ?? CLOSED_BREAKER;

  function set(next: Breaker): void {
    if (next.state !== 'CLOSED') kv.put('breaker', next);
    else if (breaker.state !== 'CLOSED') kv.delete('breaker');
    breaker = next;
  }

  return {
    state: () => breaker.state,
    untilMs: () => breaker.untilMs,
    pass(nowMs) {
      const { pass, next } = tryPass(breaker, nowMs, BREAKER);
      if (next !== breaker) set(next);
      return pass;
    },
    hear(failed, nowMs) {
      // This exchange was under way when the breaker opened, so its fault is not a new one.
      if (failed && breaker.state === 'OPEN' && nowMs < breaker.untilMs) return false;
      const wasDown = breaker.state !== 'CLOSED';
      set(afterExchange(breaker, failed, nowMs, BREAKER));
      return wasDown && breaker.state === 'CLOSED';
    },
    downUntilMs(tenant) {
      if (breaker.state === 'CLOSED') return 0;
      kv.put(DOWN + tenant, true);
      return breaker.untilMs;
    },
    takeWaiting() {
      const keys = [...kv.list({ prefix: DOWN })].map(([key]) => key);
      for (const key of keys) kv.delete(key);
      return keys.map((key) => key.slice(DOWN.length));
    },
  };
}

/**
 * A circuit breaker as plain data. `CLOSED` passes everything and counts consecutive failures. `OPEN` passes nothing until
 * `untilMs`. Then one probe passes (`PROBING`), and its outcome closes the breaker or opens it again.
 */
export interface Breaker {
  readonly state: 'CLOSED' | 'OPEN' | 'PROBING';
  readonly failuresInRow: number;
  /** While `OPEN`, when a probe may pass; while `PROBING`, when the probe counts as lost. In milliseconds since the epoch. */
  readonly untilMs: number;
}

interface BreakerLimits {
  readonly failuresMax: number;
  readonly openMs: number;
}

export const CLOSED_BREAKER: Breaker = { state: 'CLOSED', failuresInRow: 0, untilMs: 0 };

/** Returns whether a call may pass now, and the breaker to keep. */
export function tryPass(breaker: Breaker, nowMs: number, { openMs }: BreakerLimits): { pass: boolean; next: Breaker } {
  if (breaker.state === 'CLOSED') return { pass: true, next: breaker };
  if (nowMs < breaker.untilMs) return { pass: false, next: breaker };
  return { pass: true, next: { ...breaker, state: 'PROBING', untilMs: nowMs + openMs } };
}

/** Returns the breaker after an exchange. */
export function afterExchange(breaker: Breaker, failed: boolean, nowMs: number, limits: BreakerLimits): Breaker {
  if (!failed) return CLOSED_BREAKER;
  const failuresInRow = breaker.failuresInRow + 1;
  const opens = breaker.state === 'PROBING' || failuresInRow >= limits.failuresMax;
  if (!opens) return { ...breaker, failuresInRow };
  return { state: 'OPEN', failuresInRow, untilMs: nowMs + limits.openMs };
}
