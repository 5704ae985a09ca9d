/** When the ledger looks at a task again, and what it does then. Pure: the clock and the dice are parameters. */

import type { gatewayFailure } from '../domain/failure.ts';
import { type Backoff, backoffMs } from '../lib/backoff.ts';
import type { TaskRow } from './stores/tasks.ts';
import { LOST_AFTER_MS } from './trouble.ts';

/** A running task is read again after 5 s, 15 s, 45 s, 135 s, then every 5 minutes; a callback starts the wait anew. */
export const POLL_FIRST_MS = 5_000;
export const POLL_MAX_MS = 300_000;
const POLL: Backoff = { baseMs: POLL_FIRST_MS, factor: 3, capMs: POLL_MAX_MS, jitter: 'EVEN' };

/** A running task is read at Kling at most this often, however many ask for it. */
export const READ_INTERVAL_MS = 1_000;

/** Polls that may be under way at once, of one ledger: a Worker has 6 connections, and callers' reads need some. */
export const POLLS_AT_ONCE = 4;

/** Slots are granted by a call. Should one be lost, a ledger whose tasks wait asks after this, then ever more rarely. */
const ASK: Backoff = { baseMs: 30_000, capMs: 600_000, jitter: 'EVEN' };

/** While Kling is down nothing that is due there is looked at sooner. Its recovery brings all of it forward. */
export const OUTAGE_WAIT_MS = 40_000;

/** Over this the reads are spread that an outage has put off. */
export const RECOVERY_SPREAD_MS = 15_000;

/** The longest wait for the answer of a probe. The next must not wait for the end of one that hangs. */
export const PROBE_MS_MAX = 10_000;

/** How long after its last exchange a create of unknown outcome is looked up, and how long between two look-ups. */
export const SETTLE_MS = 2_000;

/** Look-ups that must say "no such task", `SETTLE_MS` apart, before a create of unknown outcome is sent again. */
export const MISSING_LOOKUPS = 2;

/** What failed is tried again after 2 s, doubling, at most 48 s: after an outage every task is read within a minute. */
const RETRY: Backoff = { baseMs: SETTLE_MS, capMs: 40_000, jitter: 'EVEN' };

/** The second re-send waits 30 s, the next ones twice as long each, at most an hour: about 30 in a day. The deadline ends them. */
const RESEND: Backoff = { baseMs: 30_000, capMs: 3_600_000, jitter: 'EVEN' };

/** A task that Kling does not know any more is read again after 5, 10, 20, then every 30 minutes. */
const LOST: Backoff = { baseMs: POLL_MAX_MS, capMs: 1_800_000, jitter: 'EVEN' };

/** The results of a success are looked for after 2 s, doubling, at most every minute. */
const RESULT: Backoff = { baseMs: SETTLE_MS, capMs: 60_000, jitter: 'EVEN' };

/** Results live for 30 days; their URLs are read anew once they are this old, when somebody asks. */
export const URL_REFRESH_AGE_MS = 25 * 24 * 3_600_000;

/** The wait before poll number `tries + 1`. */
export function pollWaitMs(tries: number, random: () => number): number {
  return backoffMs(tries + 1, POLL, random);
}

/** The wait before what has failed `fails + 1` times in a row is tried again. */
export function retryWaitMs(fails: number, random: () => number): number {
  return backoffMs(fails + 1, RETRY, random);
}

/** The wait before a create is sent again whose last `sends` outcomes stayed unknown, and that Kling does not have. */
export function resendWaitMs(sends: number, random: () => number): number {
  return sends <= 1 ? 0 : backoffMs(sends - 1, RESEND, random);
}

/** The wait before a success without results is read again. */
export function resultWaitMs(tries: number, random: () => number): number {
  return backoffMs(tries + 1, RESULT, random);
}

/** The wait before a task is read again that Kling said it does not know: no longer than until the task counts as lost. */
export function missingWaitMs({ tries, trouble }: TaskRow, nowMs: number, random: () => number): number {
  if (trouble.isLost) return backoffMs(tries + 1, LOST, random);
  const lostInMs = (trouble.missingSinceMs ?? nowMs) + LOST_AFTER_MS - nowMs;
  return Math.min(pollWaitMs(tries, random), Math.max(lostInMs, POLL_FIRST_MS));
}

/** The wait before the account is asked again for all tasks that wait: 30 s, doubling, at most 10 minutes. */
export function askWaitMs(tries: number, random: () => number): number {
  return backoffMs(tries + 1, ASK, random);
}

export type TaskAction = 'CLOSE' | 'SEND' | 'LOOK_UP' | 'POLL' | 'NONE';

/** What a due task needs. A task past its deadline is closed, whatever it waits for. */
export function planTask(row: TaskRow, nowMs: number): TaskAction {
  if (row.phase === 'DONE') return 'NONE';
  if (nowMs >= row.deadlineAtMs) return 'CLOSE';
  if (row.phase === 'WAITING') return 'SEND';
  return row.phase === 'SENDING' ? 'LOOK_UP' : 'POLL';
}

/** What a task that is past its deadline ends with. */
export function lateCodeOf({ phase, sends, trouble }: TaskRow): Parameters<typeof gatewayFailure>[0] {
  if (phase === 'WAITING' && sends === 0) return 'NOT_SENT';
  if (phase === 'WAITING' || phase === 'SENDING') return 'CREATE_OUTCOME_UNKNOWN';
  if (trouble.isLost) return 'TASK_LOST_AT_KLING';
  return trouble.emptySinceMs === null ? 'DEADLINE_EXCEEDED' : 'NO_RESULT';
}

/** Whether a task holds one of the account's slots or wants one: Kling has freed the slot of a task that is lost, or has succeeded. */
export function wantsSlot({ phase, trouble }: TaskRow): boolean {
  return phase !== 'DONE' && !trouble.isLost && trouble.emptySinceMs === null;
}
