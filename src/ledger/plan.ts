/** When the ledger looks at a task again, and what it does then. Pure: the clock and the dice are parameters. */

import type { TaskRow } from './task-store.ts';

/** A running task is read again after 5 s, 15 s, 45 s, 135 s, then every 5 minutes; a callback starts the wait anew. */
export const POLL_FIRST_MS = 5_000;
export const POLL_MAX_MS = 300_000;

/** A running task is read at Kling at most this often, however many ask for it. */
export const READ_INTERVAL_MS = 1_000;

/** Polls that may be under way at once, of one ledger: a Worker has 6 connections, and callers' reads need some. */
export const POLLS_AT_ONCE = 4;

/** A task without a slot asks again after this, should the word that a slot is free have been lost. */
export const SLOT_RETRY_MS = 30_000;

/** How long after its last exchange a create of unknown outcome is looked up, and how long between two look-ups. */
export const SETTLE_MS = 2_000;

/** Look-ups that must say "no such task", `SETTLE_MS` apart, before a create of unknown outcome is sent again. */
export const MISSING_LOOKUPS = 2;

/** Results live for 30 days; their URLs are read anew once they are this old, when somebody asks. */
export const URL_REFRESH_AGE_MS = 25 * 24 * 3_600_000;

/** Evens out what would otherwise fall together: between 80 % and 120 % of the wait. */
export function jittered(waitMs: number, random: () => number): number {
  return Math.round(waitMs * (0.8 + 0.4 * random()));
}

/** The wait before poll number `tries + 1`. */
export function pollWaitMs(tries: number, random: () => number): number {
  return jittered(Math.min(POLL_FIRST_MS * 3 ** Math.min(tries, 8), POLL_MAX_MS), random);
}

/** The wait before a look-up or a send that could not be made is tried again: 2 s, doubling, at most a minute. */
export function retryWaitMs(tries: number, random: () => number): number {
  return jittered(Math.min(SETTLE_MS * 2 ** Math.min(tries, 8), 60_000), random);
}

export type TaskAction = 'CLOSE' | 'SEND' | 'LOOK_UP' | 'POLL' | 'NONE';

/** What a due task needs. A task past its deadline is closed, whatever it waits for. */
export function planTask(row: TaskRow, nowMs: number): TaskAction {
  if (row.phase === 'DONE') return 'NONE';
  if (nowMs >= row.deadlineAtMs) return 'CLOSE';
  if (row.phase === 'WAITING') return 'SEND';
  return row.phase === 'SENDING' ? 'LOOK_UP' : 'POLL';
}
