/** When the ledger looks at a task again, what it does then, how a task's problems count, and how many works run at once. */

import type { gatewayFailure } from '../domain/failure.ts';
import { type Backoff, backoffMs } from '../lib/time.ts';
import { NO_TROUBLE, type TaskRow, type Trouble } from './stores/tasks.ts';

/** A running task is read again after 5 s, 15 s, 45 s, 135 s, then every 5 minutes. A callback restarts the waits. */
export const POLL_FIRST_MS = 5_000;
export const POLL_MAX_MS = 300_000;
const POLL: Backoff = { baseMs: POLL_FIRST_MS, factor: 3, capMs: POLL_MAX_MS, jitter: 'EVEN' };

/** The shortest time between two reads of a running task at Kling, however many callers ask for it. */
export const READ_INTERVAL_MS = 1_000;

/** The most polls of one ledger at once. An object has 6 connections, and the reads of callers need some. */
export const POLLS_AT_ONCE = 4;

/** The account grants a slot by a call. In case a call is lost, a ledger with waiting tasks asks, ever more rarely. */
const ASK: Backoff = { baseMs: 30_000, capMs: 600_000, jitter: 'EVEN' };

/** The wait of tasks that are due at Kling while Kling is down. Its recovery brings them forward. */
export const OUTAGE_WAIT_MS = 40_000;

/** The time over which the reads that an outage has delayed are spread. */
export const RECOVERY_SPREAD_MS = 15_000;

/** The longest wait for the answer of a probe, so that a probe that hangs does not delay the next. */
export const PROBE_MS_MAX = 10_000;

/** The wait before a create of unknown outcome is looked up, and between two look-ups. */
export const SETTLE_MS = 2_000;

/** The look-ups, `SETTLE_MS` apart, that must say "no such task" before a create of unknown outcome is sent again. */
export const MISSING_LOOKUPS = 2;

/** Retries after 2 s, doubling up to 40 s, each 20 % shorter or longer. After an outage, every task is read within a minute. */
const RETRY: Backoff = { baseMs: SETTLE_MS, capMs: 40_000, jitter: 'EVEN' };

/** The second re-send waits 30 s, doubling up to an hour: about 30 in a day. The deadline ends them. */
const RESEND: Backoff = { baseMs: 30_000, capMs: 3_600_000, jitter: 'EVEN' };

/** A lost task is read again after 5, 10, 20, then every 30 minutes. */
const LOST: Backoff = { baseMs: POLL_MAX_MS, capMs: 1_800_000, jitter: 'EVEN' };

/** The claim of a scan or a speech is tried after 2 s, doubling up to an hour: `CLAIMS_MAX` tries take a day. */
const CLAIM: Backoff = { baseMs: SETTLE_MS, capMs: 3_600_000, jitter: 'EVEN' };
export const CLAIMS_MAX = 35;

/** A result is copied again after 5 s, doubling up to 6 hours: 30 tries take five days. Kling deletes it after 30 days. */
const COPY: Backoff = { baseMs: 5_000, capMs: 21_600_000, jitter: 'EVEN' };
export const COPIES_MAX = 30;

/** A file is deleted again after 30 s, doubling up to an hour, until that succeeds: it must not stay in the bucket. */
const DELETION: Backoff = { baseMs: 30_000, capMs: 3_600_000, jitter: 'EVEN' };

/** A scan or a speech that Kling has refused for now is sent again after 2 s, doubling up to 5 minutes. The deadline ends it. */
const STEP: Backoff = { baseMs: SETTLE_MS, capMs: 300_000, jitter: 'EVEN' };

/** A success without results is read again after 2 s, doubling up to a minute. */
const RESULT: Backoff = { baseMs: SETTLE_MS, capMs: 60_000, jitter: 'EVEN' };

/** Kling keeps results for 30 days. Older URLs than this are read again when a caller asks for the task. */
export const URL_REFRESH_AGE_MS = 25 * 24 * 3_600_000;

/** Returns the wait before poll number `tries + 1`. */
export function pollWaitMs(tries: number, random: () => number): number {
  return backoffMs(tries + 1, POLL, random);
}

/** Returns the wait before a retry after `fails + 1` consecutive failures. */
export function retryWaitMs(fails: number, random: () => number): number {
  return backoffMs(fails + 1, RETRY, random);
}

/** Returns the wait before a create is sent again that Kling does not have after `sends` sends of unknown outcome. */
export function resendWaitMs(sends: number, random: () => number): number {
  return sends <= 1 ? 0 : backoffMs(sends - 1, RESEND, random);
}

/** Returns the wait before the alarm claims a scan or a speech, after `tries` tries. */
export function claimWaitMs(tries: number, random: () => number): number {
  return backoffMs(tries + 1, CLAIM, random);
}

/** Returns the wait before a result is copied again, after `tries` tries before the last. */
export function copyWaitMs(tries: number, random: () => number): number {
  return backoffMs(tries + 1, COPY, random);
}

/** Returns the wait before a file is deleted again, after `tries` tries. */
export function deletionWaitMs(tries: number, random: () => number): number {
  return backoffMs(tries + 1, DELETION, random);
}

/** Returns the wait before a scan or a speech is sent again, after `tries` refusals before the last. */
export function stepWaitMs(tries: number, random: () => number): number {
  return backoffMs(tries + 1, STEP, random);
}

/** Returns the wait before a success without results is read again. */
export function resultWaitMs(tries: number, random: () => number): number {
  return backoffMs(tries + 1, RESULT, random);
}

/** Returns the wait before a task is read again that Kling does not know. It ends when the task counts as lost. */
export function missingWaitMs({ tries, trouble }: TaskRow, nowMs: number, random: () => number): number {
  if (trouble.isLost) return backoffMs(tries + 1, LOST, random);
  const lostInMs = (trouble.missingSinceMs ?? nowMs) + LOST_AFTER_MS - nowMs;
  return Math.min(pollWaitMs(tries, random), Math.max(lostInMs, POLL_FIRST_MS));
}

/** Returns the wait before the account is asked again for all waiting tasks: 30 s, doubling up to 10 minutes. */
export function askWaitMs(tries: number, random: () => number): number {
  return backoffMs(tries + 1, ASK, random);
}

/** The action that a due task needs. */
export type TaskAction = 'CLOSE' | 'PREPARE' | 'SEND' | 'LOOK_UP' | 'POLL' | 'NONE';

/** Returns what a due task needs. A task past its deadline is closed in any phase. */
export function planTask(row: TaskRow, nowMs: number): TaskAction {
  if (row.phase === 'DONE') return 'NONE';
  if (nowMs >= row.deadlineAtMs) return 'CLOSE';
  if (row.phase === 'PREPARING') return 'PREPARE';
  if (row.phase === 'WAITING') return 'SEND';
  return row.phase === 'SENDING' ? 'LOOK_UP' : 'POLL';
}

/** Returns the failure code of a task that is past its deadline. */
export function lateCodeOf({ phase, sends, trouble }: TaskRow): Parameters<typeof gatewayFailure>[0] {
  if (phase === 'PREPARING' || (phase === 'WAITING' && sends === 0)) return 'NOT_SENT';
  if (phase === 'WAITING' || phase === 'SENDING') return 'CREATE_OUTCOME_UNKNOWN';
  if (trouble.isLost) return 'TASK_LOST_AT_KLING';
  return trouble.emptySinceMs === null ? 'DEADLINE_EXCEEDED' : 'NO_RESULT';
}

/** Returns true if a task holds a slot or wants one. Kling has freed the slot of a task that is lost or has succeeded. */
export function wantsSlot({ phase, trouble }: TaskRow): boolean {
  return phase !== 'DONE' && phase !== 'PREPARING' && !trouble.isLost && trouble.emptySinceMs === null;
}

/** A task is lost after this many consecutive answers "no such task" over at least `LOST_AFTER_MS`. */
const LOST_ANSWERS = 5;
export const LOST_AFTER_MS = 600_000;

/** Results follow a success within seconds. After this time without one, the task ends as failed. */
export const NO_RESULT_AFTER_MS = 600_000;

/** Returns the trouble after Kling answered "no such task" to a read of a task that it had. */
export function afterMissing(trouble: Trouble, nowMs: number): Trouble {
  const missing = trouble.missing + 1;
  const missingSinceMs = trouble.missingSinceMs ?? nowMs;
  const isLost = trouble.isLost || (missing >= LOST_ANSWERS && nowMs - missingSinceMs >= LOST_AFTER_MS);
  return { ...trouble, fails: 0, missing, missingSinceMs, isLost };
}

/** Returns the trouble after Kling showed the task: none, unless the task has succeeded without a result. */
export function afterAnswer(trouble: Trouble, isEmptySuccess: boolean, nowMs: number): Trouble {
  return isEmptySuccess ? { ...NO_TROUBLE, emptySinceMs: trouble.emptySinceMs ?? nowMs } : NO_TROUBLE;
}

/** Returns true if Kling has shown no result of a success for too long. */
export function isOverdue({ emptySinceMs }: Trouble, nowMs: number): boolean {
  return emptySinceMs !== null && nowMs - emptySinceMs >= NO_RESULT_AFTER_MS;
}

/** Runs a few works at once, and the others in the order of their arrival. */
export interface Turns {
  /** Runs the work when its turn comes. Returns null, without running it, if it has left the queue. */
  run<T>(name: string, work: () => Promise<T>): Promise<T | null>;
  /** Takes a work out of the queue. Has no effect on one that runs. */
  leave(name: string): void;
}

interface Waiting {
  readonly name: string;
  readonly go: (isMyTurn: boolean) => void;
}

/** Creates the queue. It is in memory, so its owner must begin again after its death. */
export function createTurns(atOnce: number): Turns {
  let running = 0;
  let queue: Waiting[] = [];

  async function turn(name: string): Promise<boolean> {
    if (running >= atOnce) return new Promise((go) => void queue.push({ name, go }));
    running += 1;
    return true;
  }

  /** The turn passes on, or ends. */
  function end(): void {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next.go(true);
  }

  return {
    async run(name, work) {
      if (!(await turn(name))) return null;
      try {
        return await work();
      } finally {
        end();
      }
    },
    leave(name) {
      const left = queue.filter((waiting) => waiting.name === name);
      queue = queue.filter((waiting) => waiting.name !== name);
      for (const { go } of left) go(false);
    },
  };
}
