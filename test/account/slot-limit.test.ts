import fc from 'fast-check';
import { describe, it } from 'vitest';
import { afterRefusal, slotsAt, type SlotLimit } from '../../src/account/slots.ts';

const MINUTE_MS = 60_000;

/** Returns the number of slots in each of `minutes` minutes without a refusal after the limit was learned. */
function course(limit: SlotLimit, minutes: number, configured = 100): number[] {
  return Array.from({ length: minutes + 1 }, (_, minute) =>
    slotsAt(limit, limit.refusedAtMs + minute * MINUTE_MS, configured),
  );
}

/** Returns the limit after Kling has refused all of `count` tasks that were sent together. */
function refuseAll(count: number, before: SlotLimit | null = null, atMs = 0): SlotLimit {
  let limit = afterRefusal(before, count - 1, atMs);
  for (let inUse = count - 2; inUse >= 0; inUse -= 1) limit = afterRefusal(limit, inUse, atMs);
  return limit;
}

describe('the number of slots after a 1303', () => {
  it('doubles every minute without a refusal up to half of the refused number, then grows by 1', ({ expect }) => {
    expect(course(refuseAll(20), 14)).toEqual([1, 2, 4, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    expect(course(refuseAll(64), 7)).toEqual([1, 2, 4, 8, 16, 32, 33, 34]);
    expect(course(refuseAll(3), 3)).toEqual([1, 2, 3, 4]);
  });

  it('grows by 1 when more than half of the refused number are in use', ({ expect }) => {
    expect(course(afterRefusal(null, 19, 0), 3)).toEqual([19, 20, 21, 22]);
    expect(course(afterRefusal(null, 0, 0), 3)).toEqual([1, 2, 3, 4]);
  });

  it('never exceeds the setting', ({ expect }) => {
    expect(course(refuseAll(20), 40, 12).at(-1)).toBe(12);
    expect(slotsAt(null, 0, 12)).toBe(12);
  });

  it('counts refusals less than a minute apart as one, and a later one as another', ({ expect }) => {
    const first = afterRefusal(null, 19, 0);
    expect(afterRefusal(first, 4, MINUTE_MS - 1)).toMatchObject({ slots: 4, threshold: 10 });
    expect(afterRefusal(first, 4, MINUTE_MS)).toMatchObject({ slots: 4, threshold: 2 });
  });

  it('does not fall when the clock moves back', ({ expect }) => {
    expect(slotsAt(refuseAll(20, null, 1000), 0, 100)).toBe(1);
  });
});

describe('after random refusals', () => {
  const limits = fc.array(fc.record({ inUse: fc.nat(200), waitMs: fc.nat(300_000) }), { minLength: 1, maxLength: 20 });

  it('the number of slots is at least 1, and grows by at most double, or by 1 a minute from the threshold on', ({
    expect,
  }) => {
    fc.assert(
      fc.property(limits, (refusals) => {
        let nowMs = 0;
        let limit: SlotLimit | null = null;
        for (const { inUse, waitMs } of refusals) limit = afterRefusal(limit, inUse, (nowMs += waitMs));
        const numbers = course(limit!, 30, 1_000);
        expect(numbers[0]).toBe(Math.max(1, refusals.at(-1)!.inUse));
        for (const [minute, slots] of numbers.entries()) {
          const before = numbers[minute - 1];
          if (before === undefined) continue;
          const most = before < limit!.threshold ? Math.min(before * 2, limit!.threshold) : before + 1;
          expect(slots).toBe(most);
        }
      }),
    );
  });
});
