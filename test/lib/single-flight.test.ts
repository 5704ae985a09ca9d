import { it } from 'vitest';
import { createSingleFlight } from '../../src/lib/cache.ts';

it('runs once for calls that overlap and anew for the next', async ({ expect }) => {
  let runs = 0;
  const join = createSingleFlight(async () => ++runs);
  expect(await Promise.all([join(), join(), join()])).toEqual([1, 1, 1]);
  expect(await join()).toBe(2);
});

it('shares a failure and keeps it for nobody after', async ({ expect }) => {
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
