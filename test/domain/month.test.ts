import { it } from 'vitest';
import { monthOf } from '../../src/domain/cost.ts';

it.for([
  ['2026-11-01T00:00:00.000Z', '2026-11'],
  ['2026-11-30T23:59:59.999Z', '2026-11'],
  ['2026-12-01T00:00:00.000Z', '2026-12'],
  ['2026-12-01T00:59:59.000+01:00', '2026-11'],
] as const)('monthOf %s is %s, in UTC', ([time, month], { expect }) => {
  expect(monthOf(Date.parse(time))).toBe(month);
});
