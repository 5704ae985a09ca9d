import fc from 'fast-check';
import { it } from 'vitest';
import { backoffMs } from '../../src/lib/backoff.ts';

const BACKOFF = { baseMs: 100, capMs: 1000, floorMs: 50 };

it('doubles the span of the jitter until the cap', ({ expect }) => {
  const longest = [1, 2, 3, 4, 5, 6].map((retry) => backoffMs(retry, BACKOFF, () => 1 - Number.EPSILON));
  expect(longest).toEqual([149, 249, 449, 849, 1049, 1049]);
});

it('never leaves the span between the floor and the cap above it', ({ expect }) => {
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
