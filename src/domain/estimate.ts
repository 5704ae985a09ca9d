import type { TaskRecord } from './records.ts';
import { isFinal } from './task.ts';

/** The tasks of a kind that an estimate is judged by: the newest that have succeeded. Fewer than `min` prove too little. */
export const JUDGED_BY = { min: 3, max: 20 } as const;

/** The times of a task that has succeeded, in milliseconds since the epoch. Null if not recorded. */
export interface PastRun {
  readonly createdAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
}

/** How long tasks took, in milliseconds, the shortest first: from their creation, and from their start at Kling. */
export interface Durations {
  readonly wholeMs: readonly number[];
  readonly atKlingMs: readonly number[];
}

/** Returns the durations of tasks. A task without the times of one is left out of it. */
export function durationsOf(runs: readonly PastRun[]): Durations {
  return {
    wholeMs: sorted(runs.map(({ createdAtMs, endedAtMs }) => between(createdAtMs, endedAtMs))),
    atKlingMs: sorted(runs.map(({ startedAtMs, endedAtMs }) => between(startedAtMs, endedAtMs))),
  };
}

/**
 * Returns when a task is expected to end, always after `nowMs`; null if it is final, or if the past does not tell. Tasks that
 * took less time than this one so far do not count, so a late task is judged by the late ones.
 */
export function estimateEndAtMs(
  { status, createdAtMs, startedAtMs }: Pick<TaskRecord, 'status' | 'createdAtMs' | 'startedAtMs'>,
  { wholeMs, atKlingMs }: Durations,
  nowMs: number,
): number | null {
  if (isFinal(status)) return null;
  if (startedAtMs !== undefined) return endOf(startedAtMs, atKlingMs, nowMs);
  // A task that Kling has not received needs at least the time of others at Kling.
  const earliest = endOf(nowMs, atKlingMs, nowMs);
  const usual = endOf(createdAtMs, wholeMs, nowMs);
  return earliest === null || usual === null ? (usual ?? earliest) : Math.max(usual, earliest);
}

/** Adds the median of the durations that are longer than the time since `fromMs`. Null without one. */
function endOf(fromMs: number, durationsMs: readonly number[], nowMs: number): number | null {
  if (durationsMs.length < JUDGED_BY.min) return null;
  const longer = durationsMs.filter((ms) => fromMs + ms > nowMs);
  const [lower, upper] = [longer[Math.ceil(longer.length / 2) - 1], longer[Math.floor(longer.length / 2)]];
  return lower === undefined || upper === undefined ? null : fromMs + Math.ceil((lower + upper) / 2);
}

function between(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : toMs - fromMs;
}

function sorted(durationsMs: readonly (number | null)[]): readonly number[] {
  return durationsMs.filter((ms) => ms !== null).toSorted((a, b) => a - b);
}
