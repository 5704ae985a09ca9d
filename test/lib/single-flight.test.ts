import { it } from 'vitest';
import { createSingleFlight } from '../../src/lib/cache.ts';

it('a single flight runs once for overlapping calls, and again for the next', async ({ expect }) => {
  let runs = 0;
  const join = createSingleFlight(async () => ++runs);
  expect(await Promise.all([join(), join(), join()])).toEqual([1, 1, 1]);
  expect(await join()).toBe(2);
});

it('a single flight shares a failure, and does not cache it', async ({ expect }) => {
  let runs = 0;
  const join = createSingleFlight(async () => {
    runs += 1;
    if (runs === 1) throw new Error('first');
    return runs;
  });
  const both = await Promise.allSettled([join(), join()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await join()).toBe(2);
});
