import type { KlingAccount } from '../account/kling-account.ts';
import { jittered } from '../lib/time.ts';
import type { Log } from '../lib/log.ts';
import { askWaitMs, SETTLE_MS, wantsSlot } from './schedule.ts';
import type { ClaimStore } from './stores/open-tasks.ts';
import type { TaskStore } from './stores/tasks.ts';

/** The slots of the Kling account and its health, which all ledgers share. */
export interface Slots {
  /** Asks for a slot. A task that holds one is granted it again. Grants nothing if the account cannot be reached. */
  acquire(taskId: string): Promise<{ readonly granted: boolean }>;
  /** Frees the slot of a task that has ended or will not be sent. */
  release(taskId: string): Promise<void>;
  /** Frees the slot of a task that Kling refused for now (1302 or 1303), and queues the task again. */
  refuse(taskId: string, klingCode: number): Promise<void>;
  /** Reports that Kling took the task: Kling is up and takes tasks. */
  accepted(taskId: string): void;
  /** Reports whether an exchange failed in a way that counts against Kling's health (5xx, timeout, unreadable). */
  report(failed: boolean): void;
  /** Returns false while Kling is known to be down. Reads are then answered from storage. */
  isHealthy(): boolean;
  /** Records that Kling is up again, as the account says. */
  setHealthy(): void;
  /** Returns when one read may be tried while Kling is down, in milliseconds since the epoch; null while it is up. */
  nextProbeAtMs(): number | null;
  /** Asks the account for permission to send that read. */
  mayProbe(): Promise<boolean>;
  /** Returns when to ask the account again about the waiting tasks; null if none has waited. */
  nextAskAtMs(): number | null;
  /** Compares the claims with the account's, sends it those that it lacks, and returns the tasks that hold a slot. */
  ask(claims: Pick<ClaimStore, 'count' | 'list'>): Promise<readonly string[]>;
}

interface SlotsDeps {
  /** Returns a stub. Called for each use, because a stub breaks when its object moves. */
  readonly account: () => DurableObjectStub<KlingAccount>;
  readonly tenant: string;
  readonly kv: SyncKvStorage;
  readonly now: () => number;
  readonly random: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
  /** Called when Kling was down and is up again. */
  readonly recovered: () => void;
  /** Sets the ledger's alarm to the next thing to do. */
  readonly arm: () => void;
  readonly log: Log;
}

/** The next ask for all waiting tasks, and the number of asks since a task began to wait. */
interface Ask {
  readonly atMs: number;
  readonly tries: number;
}

/** The wait before an account that cannot be reached is asked for a probe again. */
const UNREACHED_MS = 15_000;

/** A ledger with tasks at Kling probes every 15 s. After this time without a probe, Kling's state is unknown. */
const FORGOTTEN_MS = 60_000;

/** The time over which the probes of many ledgers, due at the same instant, are spread. */
const PROBE_SPREAD_MS = 1_000;

/**
 * Creates a ledger's view of the account. `kv` keeps what must survive an eviction: the next ask, and until when Kling is
 * down. A successful read is reported only after a failed one, because it would double every call.
 */
export function createSlots(deps: SlotsDeps): Slots {
  const { account, tenant, kv, now, random, background, recovered, arm, log } = deps;
  let reportedFailure = false;
  let probeAtMs = kv.get<number>('probeAt') ?? null;

  function askBy(atMs: number): void {
    const ask = kv.get<Ask>('ask');
    if (ask === undefined || atMs < ask.atMs) kv.put<Ask>('ask', { atMs, tries: ask?.tries ?? 0 });
  }

  /** `untilMs` is 0 once Kling is up. */
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

  // Before an eviction, a grant may not have arrived, and a release may not have been sent.
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
      } catch (error) {
        log({ level: 'warn', message: 'slot not acquired', taskId, cause: String(error) });
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
      } catch (error) {
        log({ level: 'warn', message: 'probe not allowed', cause: String(error) });
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

/**
 * The tasks that wait for a slot. The account calls when it grants one. In case a call is lost, the ledger asks for all
 * waiting tasks together: they have no alarms of their own, so a long queue costs no more than a short one.
 */
export interface WaitingTasks {
  /** Asks the account for all of them in one call, if that is due. */
  run(): Promise<void>;
  /** Sends a task that was granted a slot. Returns false if the task no longer wants it. */
  granted(taskId: string): boolean;
  /** Returns which of these tasks, which hold slots, still need them. Sends a task that does not know of its slot. */
  alive(taskIds: readonly string[]): string[];
}

interface WaitingTasksDeps {
  readonly tasks: TaskStore;
  readonly claims: ClaimStore;
  readonly slots: Slots;
  /** Sends a task if it gets a slot. Joins a send of the task that is under way. */
  readonly send: (taskId: string) => Promise<void>;
  /** Returns true while a send of the task is under way. */
  readonly isSending: (taskId: string) => boolean;
  readonly now: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
  readonly log: Log;
}

/** Creates the view of the waiting tasks. It keeps nothing in memory. */
export function createWaitingTasks(deps: WaitingTasksDeps): WaitingTasks {
  const { tasks, claims, slots, now, background, log } = deps;

  function send(taskId: string): void {
    background(() => deps.send(taskId));
  }

  /**
   * The account's answer that there was no slot may arrive after the grant that followed it. The send that waited for the
   * answer then does not use the slot, so another send follows.
   */
  async function sendGranted(taskId: string): Promise<void> {
    // A failure of the first send is reported to its own caller.
    if (deps.isSending(taskId)) await deps.send(taskId).catch(() => {});
    await deps.send(taskId);
  }

  function alive(taskIds: readonly string[]): string[] {
    const wanting = claims.wantingOf(taskIds);
    for (const { id, isParked } of wanting) if (isParked) send(id);
    return wanting.map(({ id }) => id);
  }

  return {
    async run() {
      const atMs = slots.nextAskAtMs();
      if (atMs === null || now() < atMs) return;
      try {
        const held = await slots.ask(claims);
        const wanted = new Set(alive(held));
        // The releases of the others were lost.
        for (const taskId of held) if (!wanted.has(taskId)) background(() => slots.release(taskId));
      } catch (error) {
        log({ level: 'warn', message: 'account not asked', cause: String(error) });
      }
    },
    granted(taskId) {
      const row = tasks.find({ id: taskId });
      if (row?.phase === 'WAITING') background(() => sendGranted(taskId));
      return row !== null && wantsSlot(row);
    },
    alive,
  };
}
