import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as cost from '../../src/domain/cost.ts';

describe('the estimated cost of a lip-sync', () => {
  it.each([
    [1, '0.5'],
    [4999, '0.5'],
    [5000, '0.5'],
    [5001, '1'],
    [10_000, '1'],
    [12_345, '1.5'],
    [59_999, '6'],
    [60_000, '6'],
    [null, '6'],
    [0, '6'],
    [-1, '6'],
    [Number.NaN, '6'],
    [Number.POSITIVE_INFINITY, '6'],
  ])('of a video of %s ms is %s units', (durationMs, units) => {
    expect(cost.lipSyncUnits(durationMs)).toBe(units);
  });
});

describe('amounts', () => {
  it('are those of the price list: what costs 0.05 units costs $0.007', () => {
    for (const units of [cost.VOICE_UNITS, cost.FACE_SCAN_UNITS, cost.SPEECH_UNITS]) {
      expect(cost.unitsToUsd(units)).toBe('0.007');
    }
  });

  it('are told in dollars', () => {
    expect(cost.unitsToUsd('1')).toBe(cost.UNIT_PRICE_USD);
    expect(cost.unitsToUsd('0.05')).toBe('0.007');
    expect(cost.unitsToUsd('6')).toBe('0.84');
    expect(cost.unitsToUsd('0')).toBe('0');
  });

  it.each(['', ' 1', '-1', '+1', '1e3', '1.', '.5', '1,5', 'NaN', '0x10', '1.2.3', '1000000000'])(
    'must be plain decimals: %j is none',
    (text) => {
      expect(cost.unitsToUsd(text)).toBeNull();
      expect(cost.toMilliunits(text)).toBeNull();
    },
  );

  it.each([
    ['0', 0],
    ['0.05', 50],
    ['1.5', 1500],
    ['12.345', 12_345],
    ['12.3450', 12_345],
    ['1.0000000', 1000],
    ['0.0001', 1],
    ['1.2340009', 1235],
    ['999999999.999', 999_999_999_999],
  ])('of %s units are %i thousandths: what is smaller counts as one', (amount, milliunits) => {
    expect(cost.toMilliunits(amount)).toBe(milliunits);
  });

  it('survive the way to thousandths and back', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999_999), (milli) => {
        expect(cost.toMilliunits(cost.fromMilliunits(milli))).toBe(milli);
      }),
    );
  });
});
