import { describe, it } from 'vitest';
import { durationsOf, estimateEndAtMs, JUDGED_BY } from '../../src/domain/estimate.ts';
import { TASK_STATUSES } from '../../src/domain/task.ts';

const CREATED_AT_MS = 1_000_000;

/** Returns past runs by their times at Kling, each of which waited for 10 s before. */
function runsOf(secondsAtKling: readonly number[]) {
  return secondsAtKling.map((seconds) => ({
    createdAtMs: 0,
    startedAtMs: 10_000,
    endedAtMs: 10_000 + seconds * 1_000,
  }));
}

/** Returns the expected end in seconds after the creation. A task that has started has done so after 20 s. */
function endOf(status: 'PREPARING' | 'QUEUED' | 'PROCESSING', secondsAtKling: readonly number[], atSeconds: number) {
  const started = status === 'PROCESSING' ? { startedAtMs: CREATED_AT_MS + 20_000 } : {};
  const task = { status, createdAtMs: CREATED_AT_MS, ...started };
  const end = estimateEndAtMs(task, durationsOf(runsOf(secondsAtKling)), CREATED_AT_MS + atSeconds * 1_000);
  return end === null ? null : (end - CREATED_AT_MS) / 1_000;
}

const THREE = [60, 20, 40];

describe('the expected end of a task', () => {
  it.for([
    // Before Kling has it: the median of the whole, from its creation.
    ['QUEUED', THREE, 0, 50],
    ['PREPARING', THREE, 0, 50],
    ['QUEUED', THREE, 9, 50],
    // It still needs the median of the time at Kling.
    ['QUEUED', THREE, 15, 55],
    // Those that took less time do not count.
    ['QUEUED', [20, 40, 300], 51, 310],
    ['QUEUED', [20, 40, 300], 31, 180],
    ['PREPARING', [20, 40, 300], 29, 69],
    ['PREPARING', [2, 4, 6], 14.5, 18.5],
    // All took less: it still needs the time at Kling.
    ['QUEUED', THREE, 500, 540],
    // At Kling: from the start there.
    ['PROCESSING', THREE, 20, 60],
    ['PROCESSING', THREE, 39.999, 60],
    ['PROCESSING', THREE, 40, 70],
    ['PROCESSING', THREE, 59.999, 70],
    ['PROCESSING', THREE, 60, 80],
    ['PROCESSING', THREE, 79.999, 80],
    ['PROCESSING', THREE, 80, null],
    ['PROCESSING', THREE, 5_000, null],
    // Between the two in the middle.
    ['PROCESSING', [10, 20, 30, 40], 20, 45],
    // Too few.
    ['QUEUED', [], 0, null],
    ['QUEUED', [20, 40], 0, null],
    ['PROCESSING', [20, 40], 20, null],
  ] as const)('of a %s task, judged by %j s, after %s s, is %s s after its creation', (row, { expect }) => {
    const [status, seconds, atSeconds, expected] = row;
    expect(endOf(status, seconds, atSeconds)).toBe(expected);
  });

  it('is never in the past', ({ expect }) => {
    for (const status of ['PREPARING', 'QUEUED', 'PROCESSING'] as const) {
      for (let seconds = -30; seconds < 400; seconds += 0.5) {
        const end = endOf(status, [1, 20, 40, 60, 300], seconds);
        expect(end === null || end > seconds).toBe(true);
      }
    }
  });

  it('is unknown exactly for final tasks', ({ expect }) => {
    const durations = durationsOf(runsOf(THREE));
    const known = TASK_STATUSES.filter(
      (status) => estimateEndAtMs({ status, createdAtMs: CREATED_AT_MS }, durations, CREATED_AT_MS) !== null,
    );
    expect(known).toEqual(['PREPARING', 'QUEUED', 'SUBMITTED', 'PROCESSING', 'UNRECOGNIZED']);
  });

  it('is judged by the times that are recorded', ({ expect }) => {
    const old = { createdAtMs: 0, startedAtMs: null, endedAtMs: 9_000 };
    const durations = durationsOf([old, old, { ...old, endedAtMs: null }, ...runsOf([20])]);
    expect(durations).toEqual({ wholeMs: [9_000, 9_000, 30_000], atKlingMs: [20_000] });
    expect(durations.wholeMs).toHaveLength(JUDGED_BY.min);
    expect(estimateEndAtMs({ status: 'QUEUED', createdAtMs: 0 }, durations, 0)).toBe(9_000);
    expect(estimateEndAtMs({ status: 'PROCESSING', createdAtMs: 0, startedAtMs: 0 }, durations, 0)).toBeNull();
  });
});
