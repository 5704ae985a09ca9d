import fc from 'fast-check';
import { it } from 'vitest';
import { toIsoDate } from '../../src/lib/iso-date.ts';

const LAST_MS = 8.64e15;
const epochMs = fc.oneof(
  fc.integer({ min: -LAST_MS, max: LAST_MS }),
  fc.integer({ min: 1_780_000_000_000, max: 1_780_010_000_000 }),
  fc.double(),
  fc.constantFrom(0, -0, -1, LAST_MS, -LAST_MS, LAST_MS + 1, Number.NaN, Number.POSITIVE_INFINITY),
);

function outcomeOf(make: () => string): string {
  try {
    return make();
  } catch (error) {
    return String(error);
  }
}

it('says what a Date says, of every instant and of what is none', ({ expect }) => {
  fc.assert(
    fc.property(epochMs, (ms) => {
      expect(outcomeOf(() => toIsoDate(ms))).toBe(outcomeOf(() => new Date(ms).toISOString()));
    }),
    { numRuns: 20_000 },
  );
});
