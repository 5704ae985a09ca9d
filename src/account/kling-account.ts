import { DurableObject } from 'cloudflare:workers';
import { configOf, configResultOf } from '../config.ts';
import { keyOf, type Made } from '../domain/made.ts';
import { afterExchange, CLOSED_BREAKER, tryPass, type Breaker } from '../lib/circuit-breaker.ts';
import { createLog } from '../lib/log.ts';
import { OwnerStore } from './owner-store.ts';
import { afterRefusal, slotsAt, type SlotLimit } from './slot-limit.ts';
import { SlotStore, type Claim } from './slot-store.ts';

/** Exchanges in a row that fail with 5xx, a timeout or an unreadable answer before Kling counts as down; and for how long. */
const BREAKER = { failuresMax: 10, openMs: 15_000 } as const;

/** After a refusal nothing new is sent for this long, doubling with every further one up to the maximum. */
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 30_000;

/** A claim unheard of for this long is checked with its ledger: words between objects can be lost. */
const AUDIT_AFTER_MS = 30_000;

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
  #breaker: Breaker = CLOSED_BREAKER;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#slots = new SlotStore(ctx.storage);
    this.#owners = new OwnerStore(ctx.storage);
  }

  /** Grants a slot or a place in the queue; the ledger is told when its turn has come. Repeating it changes nothing. */
  acquire(tenant: string, taskId: string): { granted: boolean; retryAfterMs: number } {
    const now = Date.now();
    if (this.#slots.find(taskId)?.state === 'HELD') {
      this.#slots.seen(taskId, now);
      return { granted: true, retryAfterMs: 0 };
    }
    this.#slots.put(taskId, tenant, 'WAITING', now);
    this.#arm(now + AUDIT_AFTER_MS);
    const granted = this.#grant(taskId, now);
    return { granted, retryAfterMs: AUDIT_AFTER_MS };
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
    // What was under way when the pause began is of the same refusal, not a further one.
    if (now >= this.#number('pausedUntil')) {
      const refusals = this.#number('refusals') + 1;
      this.ctx.storage.kv.put('refusals', refusals);
      this.ctx.storage.kv.put('pausedUntil', now + Math.min(PAUSE_MS * 2 ** (refusals - 1), PAUSE_MAX_MS));
    }
    if (klingCode === 1303) {
      this.ctx.storage.kv.put('slotLimit', afterRefusal(this.#slotLimit(), this.#slots.count('HELD'), now));
    }
    this.#arm(this.#number('pausedUntil'));
  }

  /** Kling took a task: it is well and not overloaded, so that a probe has succeeded and the next pause is a short one. */
  accepted(taskId: string): void {
    this.#slots.seen(taskId, Date.now());
    if (this.#number('refusals') > 0) this.ctx.storage.kv.put('refusals', 0);
    this.report(false);
  }

  /** How an exchange ended. Answers until when Kling should be left alone; 0 while it is well. */
  report(failed: boolean): number {
    this.#breaker = afterExchange(this.#breaker, failed, Date.now(), BREAKER);
    if (this.#breaker.state === 'CLOSED') this.#grant(null, Date.now());
    else this.#arm(this.#breaker.untilMs);
    return this.#breaker.state === 'CLOSED' ? 0 : this.#breaker.untilMs;
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
      breaker: this.#breaker.state,
      slotsHeld: this.#slots.count('HELD'),
      slotsMax: this.#slotsMax(Date.now()),
      waiting: this.#slots.count('WAITING'),
    };
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.ctx.storage.kv.delete('armedAt');
    // With wrong settings nothing can be granted; the platform would give the alarm up after some failures.
    if (!configResultOf(this.env).ok) return this.#arm(now + AUDIT_AFTER_MS);
    await this.#audit(now);
    this.#grant(null, now);
    const waiting = this.#slots.count('WAITING');
    if (waiting + this.#slots.count('HELD') === 0) return;
    const pauses = waiting === 0 ? [] : [this.#number('pausedUntil'), this.#breaker.untilMs];
    this.#arm(Math.min(now + AUDIT_AFTER_MS, ...pauses.filter((atMs) => atMs > now)));
  }

  /** Hands out free slots in fair order and tells the ledgers; says whether `mine` got one, which is then not told. */
  #grant(mine: string | null, now: number): boolean {
    let granted = false;
    while (this.#slots.count('HELD') < this.#slotsMax(now) && now >= this.#number('pausedUntil')) {
      const next = this.#slots.next();
      if (next === null) break;
      const { pass, next: breaker } = tryPass(this.#breaker, now, BREAKER);
      this.#breaker = breaker;
      if (!pass) break;
      this.#slots.put(next.taskId, next.tenant, 'HELD', now);
      if (next.taskId === mine) granted = true;
      else this.ctx.waitUntil(this.#tell(next));
    }
    return granted;
  }

  async #tell({ tenant, taskId }: Claim): Promise<void> {
    try {
      const wanted = await this.env.TASK_LEDGER.getByName(tenant).slotGranted(taskId);
      if (!wanted) this.release(taskId);
    } catch (error) {
      // The slot stays its: the ledger asks again by itself, and the audit gives back what nobody wants.
      createLog()({ level: 'warn', message: 'grant not delivered', taskId, cause: String(error) });
    }
  }

  async #audit(now: number): Promise<void> {
    const unheard = this.#slots.unseenSince(now - AUDIT_AFTER_MS, 200);
    const byTenant = Map.groupBy(unheard, ({ tenant }) => tenant);
    for (const [tenant, claims] of byTenant) {
      const alive = await this.#alive(tenant, claims);
      for (const { taskId } of claims) {
        if (alive.includes(taskId)) this.#slots.seen(taskId, now);
        else this.#slots.remove(taskId);
      }
    }
  }

  /** Those of the claims that their ledger still knows; all of them while it cannot be asked. */
  async #alive(tenant: string, claims: readonly Claim[]): Promise<readonly string[]> {
    const taskIds = claims.map(({ taskId }) => taskId);
    try {
      return await this.env.TASK_LEDGER.getByName(tenant).claimsAlive(taskIds);
    } catch (error) {
      createLog()({ level: 'warn', message: 'claims not audited', cause: String(error) });
      return taskIds;
    }
  }

  #slotsMax(now: number): number {
    return slotsAt(this.#slotLimit(), now, configOf(this.env).kling.concurrency);
  }

  #slotLimit(): SlotLimit | null {
    return this.ctx.storage.kv.get<SlotLimit>('slotLimit') ?? null;
  }

  #number(key: string): number {
    return this.ctx.storage.kv.get<number>(key) ?? 0;
  }

  #arm(atMs: number): void {
    const armed = this.#number('armedAt');
    const now = Date.now();
    if (armed > now && armed <= atMs) return;
    this.ctx.storage.kv.put('armedAt', atMs);
    void this.ctx.storage.setAlarm(atMs);
  }
}
