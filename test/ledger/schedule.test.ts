import fc from 'fast-check';
import { describe, it } from 'vitest';
import { jittered } from '../../src/lib/time.ts';
import { askWaitMs, planTask, pollWaitMs, retryWaitMs } from '../../src/ledger/schedule.ts';
import type { TaskRow } from '../../src/ledger/stores/tasks.ts';

/** A row with only the fields that matter here. Cases add the phase. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other fields are not read
const ROW = { deadlineAtMs: 1000 } as unknown as TaskRow;

const middle = () => 0.5;

describe('the wait before a poll', () => {
  it.for([
    [0, 5_000],
    [1, 15_000],
    [2, 45_000],
    [3, 135_000],
    [4, 300_000],
    [5, 300_000],
    [1_000_000, 300_000],
  ] as const)('after %i polls without a change is %i ms', ([tries, ms], { expect }) => {
    expect(pollWaitMs(tries, middle)).toBe(ms);
  });

  it('varies by at most 20 %, and grows with every poll up to five minutes', ({ expect }) => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(10_000), random, (tries, dice) => {
        const ms = pollWaitMs(tries, () => dice);
        expect(Number.isSafeInteger(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(4_000);
        expect(ms).toBeLessThanOrEqual(360_000);
        expect(pollWaitMs(tries + 1, () => dice)).toBeGreaterThanOrEqual(ms);
        expect(Math.abs(ms - pollWaitMs(tries, middle))).toBeLessThanOrEqual(0.2 * pollWaitMs(tries, middle) + 1);
      }),
    );
  });
});

describe('the wait before a retry', () => {
  it.for([
    [0, 2_000],
    [1, 4_000],
    [2, 8_000],
    [4, 32_000],
    [5, 40_000],
    [99, 40_000],
  ] as const)('number %i is %i ms', ([tries, ms], { expect }) => {
    expect(retryWaitMs(tries, middle)).toBe(ms);
  });

  it('varies between 80 % and 120 % of its base', ({ expect }) => {
    expect([jittered(1000, () => 0), jittered(1000, middle), jittered(1000, () => 0.999_999)]).toEqual([
      800, 1000, 1200,
    ]);
  });
});

describe('the wait before the ledger asks the account again', () => {
  it.for([
    [0, 30_000],
    [1, 60_000],
    [2, 120_000],
    [4, 480_000],
    [5, 600_000],
    [99, 600_000],
  ] as const)('after %i asks is %i ms', ([tries, ms], { expect }) => {
    expect(askWaitMs(tries, middle)).toBe(ms);
  });
});

describe('the action for a due task', () => {
  it.for([
    ['WAITING', 999, 'SEND'],
    ['SENDING', 999, 'LOOK_UP'],
    ['SENT', 999, 'POLL'],
    ['DONE', 999, 'NONE'],
    ['WAITING', 1000, 'CLOSE'],
    ['SENDING', 1000, 'CLOSE'],
    ['SENT', 1000, 'CLOSE'],
    ['DONE', 1000, 'NONE'],
  ] as const)('in phase %s at %i ms, with its deadline at 1000 ms, is %s', ([phase, nowMs, action], { expect }) => {
    expect(planTask({ ...ROW, phase }, nowMs)).toBe(action);
  });
});
