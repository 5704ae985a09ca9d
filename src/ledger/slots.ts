import type { KlingAccount } from '../account/kling-account.ts';
import { jittered } from '../lib/backoff.ts';
import type { Slots } from './deps.ts';
import { askWaitMs, SETTLE_MS } from './schedule.ts';

export interface SlotsOptions {
  /** Asked for at every use: a stub is of no use any more once its object was moved. */
  readonly account: () => DurableObjectStub<KlingAccount>;
  readonly tenant: string;
  readonly kv: SyncKvStorage;
  readonly now: () => number;
  readonly random: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
  /** Kling was down and is well again. */
  readonly recovered: () => void;
  /** Sets the ledger's alarm to the next thing to do. */
  readonly arm: () => void;
}

/** When the account is asked again, for all tasks that wait together, and how often it was since one began to wait. */
interface Ask {
  readonly atMs: number;
  readonly tries: number;
}

/** The account that cannot be reached is asked again after this whether Kling may be. */
const UNREACHED_MS = 15_000;

/** A ledger that has tasks at Kling probes every 15 s. A ledger without such tasks for this long no longer knows Kling's state. */
const FORGOTTEN_MS = 60_000;

/** Probes of many ledgers are due at the same instant: spreads them over this. */
const PROBE_SPREAD_MS = 1_000;

/**
 * One ledger's view of the account's object. Good news of a read is only reported when there was bad news: it would double
 * every call. What has to outlive the ledger's object is in `kv`: when to ask again, and until when Kling is down.
 */
export function createSlots({ account, tenant, kv, now, random, background, recovered, arm }: SlotsOptions): Slots {
  let reportedFailure = false;
  let probeAtMs = kv.get<number>('probeAt') ?? null;

  function askBy(atMs: number): void {
    const ask = kv.get<Ask>('ask');
    if (ask === undefined || atMs < ask.atMs) kv.put<Ask>('ask', { atMs, tries: ask?.tries ?? 0 });
  }

  /** `untilMs` is 0 once Kling is well. */
  function setDown(untilMs: number): void {
    if (untilMs > 0) {
      probeAtMs = untilMs + Math.round(PROBE_SPREAD_MS * random());
      kv.put('probeAt', probeAtMs);
      arm();
    } else if (probeAtMs !== null) {
      probeAtMs = null;
      kv.delete('probeAt');
      recovered();
      arm();
    }
  }

  // This object's last life may have missed a grant, or not have given a slot back.
  if (kv.get<Ask>('ask') !== undefined) askBy(now());

  function keepAsking(waitMs: number): void {
    askBy(now() + waitMs);
    arm();
  }

  return {
    async acquire(taskId) {
      try {
        const { granted } = await account().acquire(tenant, taskId);
        if (!granted) keepAsking(askWaitMs(0, random));
        return { granted };
      } catch {
        keepAsking(jittered(SETTLE_MS, random));
        return { granted: false };
      }
    },
    release: (taskId) => account().release(taskId),
    async refuse(taskId, klingCode) {
      keepAsking(askWaitMs(0, random));
      await account().refuse(tenant, taskId, klingCode);
    },
    accepted() {
      reportedFailure = false;
      background(async () => {
        await account().accepted();
        setDown(0);
      });
    },
    report(failed) {
      if (!failed && !reportedFailure && probeAtMs === null) return;
      reportedFailure = failed;
      background(async () => setDown(await account().report(tenant, failed)));
    },
    isHealthy: () => probeAtMs === null || now() >= probeAtMs + FORGOTTEN_MS,
    setHealthy: () => setDown(0),
    nextProbeAtMs: () => probeAtMs,
    async mayProbe() {
      try {
        const { pass, untilMs } = await account().probe(tenant);
        setDown(untilMs);
        return pass;
      } catch {
        setDown(now() + UNREACHED_MS);
        return false;
      }
    },
    nextAskAtMs: () => kv.get<Ask>('ask')?.atMs ?? null,
    async ask(claims) {
      const counts = claims.count();
      if (counts.WAITING === 0) {
        kv.delete('ask');
        return [];
      }
      const tries = (kv.get<Ask>('ask')?.tries ?? 0) + 1;
      kv.put<Ask>('ask', { atMs: now() + askWaitMs(tries, random), tries });
      const { held, isComplete } = await account().compare(tenant, counts);
      if (!isComplete) await account().rejoin(tenant, claims.list());
      return held;
    },
  };
}
