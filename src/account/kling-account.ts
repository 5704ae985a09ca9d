import { DurableObject } from 'cloudflare:workers';
import { configOf, configResultOf } from '../config.ts';
import { keyOf, type Made } from '../domain/made.ts';
import type { Breaker } from '../lib/circuit-breaker.ts';
import { createLog, type Log } from '../lib/log.ts';
import { createHealth, type Health } from './health.ts';
import { migrate } from './migrations.ts';
import { OwnerStore } from './owner-store.ts';
import { createThrottle, type Throttle } from './slot-limit.ts';
import { auditWaitMs, SlotStore, type Audit, type Claim, type Claims, type KnownClaim } from './slot-store.ts';

/** A tenant whose ledger may not know of a grant is audited after this. */
const UNTOLD_AFTER_MS = 1_000;
/** How long wrong settings are left alone. */
const MISCONFIGURED_RETRY_MS = 30_000;
/** Most slots that one audit asks about, and most tenants that one alarm asks. */
const AUDIT_SLOTS_MAX = 200;
const AUDIT_TENANTS_MAX = 50;

/** Most tasks with a slot that a comparison answers with. */
const HELD_MAX = 1_000;

/** Most ledgers that are called at once. */
const CALLS_AT_ONCE = 20;

/** What `/ready` shows of the account. */
export interface AccountStatus {
  readonly breaker: Breaker['state'];
  readonly slotsHeld: number;
  readonly slotsMax: number;
  readonly waiting: number;
}

/**
 * One object per Kling account: who may have a task at Kling now, whether Kling is well, and whose its results are. Slots
 * are counted by Kling per account (contract: held from `submitted` to the end), no API tells their number: it starts as
 * configured, falls when Kling answers 1303, and is tried higher when that has not happened for a while.
 */
export class KlingAccount extends DurableObject<Env> {
  readonly #slots: SlotStore;
  readonly #owners: OwnerStore;
  readonly #health: Health;
  readonly #throttle: Throttle;
  readonly #log: Log;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const config = configResultOf(env);
    this.#log = createLog(config.ok ? config.config.logTenant : 'off');
    migrate(ctx.storage);
    this.#slots = new SlotStore(ctx.storage.sql);
    this.#owners = new OwnerStore(ctx.storage.sql);
    this.#health = createHealth(ctx.storage.kv);
    this.#throttle = createThrottle(ctx.storage.kv);
    // Calls of the last life may not have arrived.
    this.#slots.auditUntold(Date.now() + UNTOLD_AFTER_MS);
    this.#armNext(Date.now());
  }

  /** Grants a slot or a place in the queue; the ledger is called when its turn has come. Repeating it changes nothing. */
  acquire(tenant: string, taskId: string): { granted: boolean } {
    const now = Date.now();
    if (this.#slots.find(taskId)?.state === 'HELD') {
      this.#slots.seen(taskId, now);
      return { granted: true };
    }
    this.#slots.put(taskId, tenant, 'WAITING', now);
    return { granted: this.#grant(taskId, now) };
  }

  /** The task has ended or will not be sent: its slot goes to the next. */
  release(taskId: string): void {
    this.#slots.remove(taskId);
    this.#grant(null, Date.now());
  }

  /** Kling refused a task for now (1302: rate; 1303: slots). It waits again, and the limit is what is in use without it. */
  refuse(tenant: string, taskId: string, klingCode: number): void {
    const now = Date.now();
    this.#slots.put(taskId, tenant, 'WAITING', now);
    this.#throttle.refused(klingCode, this.#slots.count('HELD'), now);
    this.#armNext(now);
  }

  /** Kling took a task: it is well and not overloaded, so that a probe has succeeded and the next pause is a short one. */
  accepted(): void {
    this.#throttle.accepted();
    this.#hear(false);
  }

  /** How an exchange of a tenant's ended. Answers until when Kling should be left alone; 0 while it is well. */
  report(tenant: string, failed: boolean): number {
    this.#hear(failed);
    return this.#health.downUntilMs(tenant);
  }

  /** Whether a ledger that knows Kling to be down may read there once, and until when it should wait otherwise. */
  probe(tenant: string): { pass: boolean; untilMs: number } {
    const pass = this.#health.pass(Date.now());
    return { pass, untilMs: this.#health.downUntilMs(tenant) };
  }

  /**
   * Which tasks of a tenant hold a slot, `HELD_MAX` at most, and whether all its claims are known. A ledger whose tasks
   * wait asks this rarely: a grant may not have reached it, and this object may have been wiped.
   */
  compare(tenant: string, claims: Claims): { held: string[]; isComplete: boolean } {
    const known = this.#slots.countOf(tenant);
    const isComplete = known.HELD >= claims.HELD && known.WAITING >= claims.WAITING;
    return { held: this.#slots.heldBy(tenant, HELD_MAX), isComplete };
  }

  /** Takes in all claims of a tenant after some were found to be missing. */
  rejoin(tenant: string, claims: readonly KnownClaim[]): void {
    const now = Date.now();
    for (const { taskId, state, sinceMs } of claims) {
      if (this.#slots.find(taskId)?.state !== 'HELD') this.#slots.put(taskId, tenant, state, sinceMs);
    }
    this.#slots.wantAudit(tenant, now + auditWaitMs(0));
    this.#grant(null, now);
  }

  /** Records whose these are; to be called before the tenant can see their ids. The first word stands. */
  claim(tenant: string, made: readonly Made[]): void {
    const now = Date.now();
    for (const each of made) this.#owners.claim(keyOf(each), tenant, now);
    this.#owners.forget(now);
  }

  /** Whether it is another tenant's. What nobody has claimed is not: it was made outside this gateway, or never was. */
  isForeign(tenant: string, made: Made): boolean {
    return (this.#owners.tenantOf(keyOf(made)) ?? tenant) !== tenant;
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
    this.ctx.storage.kv.delete('armedAt');
    // With wrong settings nothing can be granted; the platform would give the alarm up after some failures.
    if (!configResultOf(this.env).ok) return this.#arm(now + MISCONFIGURED_RETRY_MS);
    await this.#forEach(this.#slots.auditsDue(now, AUDIT_TENANTS_MAX), (due) => this.#audit(due, now));
    this.#grant(null, now);
  }

  /** Hands out free slots in fair order and calls the ledgers; says whether `mine` got one, which is then not called. */
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
      // The slot stays its: the audit calls the ledger again, and gives back what nobody wants.
      this.#slots.auditUntold(Date.now() + UNTOLD_AFTER_MS);
      this.#armNext(Date.now());
      this.#log({ level: 'warn', message: 'grant not delivered', tenant, taskId, cause: String(error) });
    }
  }

  /** Once Kling is well again, slots are granted, and every ledger that waits for it is called. */
  #hear(failed: boolean): void {
    const now = Date.now();
    const isWellAgain = this.#health.hear(failed, now);
    if (!isWellAgain) return this.#armNext(now);
    this.#grant(null, now);
    // One that is not reached asks by itself.
    const waiting = this.#health.takeWaiting().map((tenant) => ({ tenant }));
    this.ctx.waitUntil(
      this.#forEach(waiting, async ({ tenant }) => this.env.TASK_LEDGER.getByName(tenant).klingIsWell()),
    );
  }

  /** One call to a tenant's ledger, however many slots it holds. The wait for the next doubles while all are in use. */
  async #audit({ tenant, quiet }: Audit, now: number): Promise<void> {
    const held = this.#slots.heldBy(tenant, AUDIT_SLOTS_MAX);
    // Before the call: a grant during it brings the next audit forward again.
    this.#slots.planAudit({ tenant, quiet: quiet + 1 }, now + auditWaitMs(quiet + 1));
    try {
      const alive = new Set(await this.env.TASK_LEDGER.getByName(tenant).claimsAlive(held));
      for (const taskId of held) {
        if (alive.has(taskId)) this.#slots.seen(taskId, now);
        else this.#slots.remove(taskId);
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

  /** Sets the alarm to the next audit or, while tasks wait, to the end of what holds them up. */
  #armNext(now: number): void {
    const auditAtMs = this.#slots.nextAuditAtMs();
    const instants = auditAtMs === null ? [] : [Math.max(auditAtMs + 1, now)];
    if (this.#slots.count('WAITING') > 0) {
      const ends = [this.#throttle.pausedUntilMs(), this.#health.untilMs(), this.#throttle.growsAtMs(now)];
      instants.push(...ends.filter((atMs) => atMs > now));
    }
    if (instants.length > 0) this.#arm(Math.min(...instants));
  }

  #arm(atMs: number): void {
    const armed = this.ctx.storage.kv.get<number>('armedAt') ?? 0;
    const now = Date.now();
    if (armed > now && armed <= atMs) return;
    this.ctx.storage.kv.put('armedAt', atMs);
    void this.ctx.storage.setAlarm(atMs);
  }

  /** Calls for each item, some at once. A call that fails is logged, and the others go on. */
  async #forEach<T extends { tenant: string }>(items: readonly T[], call: (item: T) => Promise<void>): Promise<void> {
    const queue = items.values();
    const workers = Array.from({ length: CALLS_AT_ONCE }, async () => {
      for (const item of queue) {
        await call(item).catch((error: unknown) => {
          this.#log({ level: 'warn', message: 'ledger not reached', tenant: item.tenant, cause: String(error) });
        });
      }
    });
    await Promise.all(workers);
  }
}
