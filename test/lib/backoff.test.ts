import fc from 'fast-check';
import { it } from 'vitest';
import { backoffMs } from '../../src/lib/time.ts';

const BACKOFF = { baseMs: 100, capMs: 1000, floorMs: 50 };

it('backoffMs doubles the span of the jitter up to the cap', ({ expect }) => {
  const longest = [1, 2, 3, 4, 5, 6].map((retry) => backoffMs(retry, BACKOFF, () => 1 - Number.EPSILON));
  expect(longest).toEqual([149, 249, 449, 849, 1049, 1049]);
});

it('backoffMs stays between the floor and the floor plus the cap', ({ expect }) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (retry, random) => {
        const waitMs = backoffMs(retry, BACKOFF, () => random);
        expect(Number.isInteger(waitMs) && waitMs >= 50 && waitMs <= 1050).toBe(true);
      },
    ),
  );
});

const spans = (jitter: 'EVEN' | 'NONE', random: number) =>
  [1, 2, 3, 9].map((retry) => backoffMs(retry, { baseMs: 5, capMs: 100, factor: 3, jitter }, () => random));

it('backoffMs grows by its factor with even or no jitter', ({ expect }) => {
  expect(spans('NONE', 0.9)).toEqual([5, 15, 45, 100]);
  expect(spans('EVEN', 0.5)).toEqual([5, 15, 45, 100]);
  expect(spans('EVEN', 0)).toEqual([4, 12, 36, 80]);
  expect(spans('EVEN', 1 - Number.EPSILON)).toEqual([6, 18, 54, 120]);
});

it('backoffMs never shrinks from one retry to the next', ({ expect }) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.constantFrom('FULL' as const, 'EVEN' as const, 'NONE' as const),
      (retry, random, jitter) => {
        const wait = (n: number) => backoffMs(n, { ...BACKOFF, jitter }, () => random);
        expect(wait(retry + 1)).toBeGreaterThanOrEqual(wait(retry));
        expect(wait(retry)).toBeLessThanOrEqual(BACKOFF.floorMs + 1.2 * BACKOFF.capMs);
      },
    ),
  );
});
