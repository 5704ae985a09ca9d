import fc from 'fast-check';
import { describe, it } from 'vitest';
import { createIsoTime, parseIsoTime } from '../../src/lib/time.ts';

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

describe('parseIsoTime', () => {
  it('reads what createIsoTime writes', ({ expect }) => {
    const write = createIsoTime();
    const instants = fc.integer({
      min: Date.parse('0000-01-01T00:00:00Z'),
      max: Date.UTC(9999, 11, 31, 23, 59, 59, 999),
    });
    fc.assert(
      fc.property(instants, (epochMs) => {
        expect(parseIsoTime(write(epochMs))).toBe(epochMs);
      }),
    );
  });

  it.for([
    ['2026-09-01T12:00:00Z', Date.UTC(2026, 8, 1, 12)],
    ['2026-09-01T12:00:00.1Z', Date.UTC(2026, 8, 1, 12, 0, 0, 100)],
    ['2026-09-01T12:00:00.123999999Z', Date.UTC(2026, 8, 1, 12, 0, 0, 123)],
    ['2026-09-01T00:00:00+05:30', Date.UTC(2026, 7, 31, 18, 30)],
    ['2028-02-29T00:00:00-00:00', Date.UTC(2028, 1, 29)],
  ] as const)('reads %s', ([text, epochMs], { expect }) => {
    expect(parseIsoTime(text)).toBe(epochMs);
  });

  it.for([
    '',
    '2026-09-01',
    '2026-09-01T12:00:00',
    '2026-09-01T12:00Z',
    '2026-09-01 12:00:00Z',
    '2026-09-01t12:00:00z',
    '2026-09-01T12:00:00.Z',
    '2026-09-01T12:00:00.1234567891Z',
    '2026-09-01T12:00:00+0200',
    '2026-09-01T12:00:00+25:00',
    '2026-09-01T12:00:60Z',
    '2026-09-01T25:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-02-29T12:00:00Z',
    '2026-04-31T12:00:00Z',
    '+002026-09-01T12:00:00Z',
    '1790000000000',
    'Tue, 01 Sep 2026 12:00:00 GMT',
    ' 2026-09-01T12:00:00Z',
    '2026-09-01T12:00:00Z\n',
    '２026-09-01T12:00:00Z',
  ])('returns null for %j', (text, { expect }) => {
    expect(parseIsoTime(text)).toBeNull();
  });
});
