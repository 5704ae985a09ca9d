import fc from 'fast-check';
import { describe, it } from 'vitest';
import { createIsoTime } from '../../src/lib/iso-time.ts';

const DAY_MS = 86_400_000;
const LAST = 8.64e15;

const byDate = (epochMs: number) => outcome(() => new Date(epochMs).toISOString());

function outcome(write: () => string): string {
  try {
    return write();
  } catch (error) {
    return String(error);
  }
}

describe('createIsoTime', () => {
  it('writes an instant as a Date does, after any other instant', ({ expect }) => {
    const anywhere = fc.integer({ min: -LAST - DAY_MS, max: LAST + DAY_MS });
    const nearby = fc.integer({ min: Date.UTC(2026, 10, 20), max: Date.UTC(2026, 10, 22) });
    const aroundEnds = fc
      .tuple(fc.constantFrom(0, -DAY_MS, DAY_MS, -LAST, LAST, Date.UTC(9999, 11, 31), Date.UTC(0, 0, 1)), fc.nat(2000))
      .map(([end, by]) => end + by - 1000);
    const all = fc.array(fc.oneof(anywhere, nearby, aroundEnds, fc.double()), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(all, (times) => {
        const write = createIsoTime();
        expect(times.map((time) => outcome(() => write(time)))).toEqual(times.map(byDate));
      }),
      { numRuns: 5000 },
    );
  });

  it.for([
    [0, '1970-01-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
    [-0, '1970-01-01T00:00:00.000Z'],
    [DAY_MS - 1, '1970-01-01T23:59:59.999Z'],
    [1.9, '1970-01-01T00:00:00.001Z'],
    [Date.UTC(2028, 1, 29, 12, 34, 56, 7), '2028-02-29T12:34:56.007Z'],
    [Date.UTC(10_000, 0, 1), '+010000-01-01T00:00:00.000Z'],
    [LAST, '+275760-09-13T00:00:00.000Z'],
  ] as const)('writes %d as %s', ([epochMs, text], { expect }) => {
    const write = createIsoTime();
    expect([write(epochMs), write(epochMs)]).toEqual([text, text]);
    expect(byDate(epochMs)).toBe(text);
  });

  it.for([LAST + 1, -LAST - 1, Number.NaN, Infinity])('throws for %d', (epochMs, { expect }) => {
    const write = createIsoTime();
    write(LAST);
    write(-LAST);
    expect(() => write(epochMs)).toThrow(RangeError);
  });
});
