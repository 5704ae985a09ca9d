import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as cost from '../../src/domain/cost.ts';
import { TASK_FAILURE_CODES, type TaskFailureCode } from '../../src/domain/failure.ts';
import type { TaskStatus } from '../../src/domain/task.ts';
import { lipSyncTask } from '../support/fake-ledger.ts';

describe('lipSyncUnits', () => {
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
  ])('estimates a video of %s ms at %s units', (durationMs, units) => {
    expect(cost.lipSyncUnits(durationMs)).toBe(units);
  });
});

describe('an amount', () => {
  it('matches the price list: 0.05 units are $0.007', () => {
    for (const units of [cost.VOICE_UNITS, cost.FACE_SCAN_UNITS, cost.SPEECH_UNITS]) {
      expect(cost.milliunitsToUsd(cost.toMilliunits(units)!)).toBe('0.007');
    }
  });

  it('converts to dollars', () => {
    expect(cost.milliunitsToUsd(1000)).toBe(cost.UNIT_PRICE_USD);
    expect(cost.milliunitsToUsd(50)).toBe('0.007');
    expect(cost.milliunitsToUsd(6000)).toBe('0.84');
    expect(cost.milliunitsToUsd(1)).toBe('0.00014');
    expect(cost.milliunitsToUsd(0)).toBe('0');
  });

  it.each(['', ' 1', '-1', '+1', '1e3', '1.', '.5', '1,5', 'NaN', '0x10', '1.2.3', '1000000000'])(
    'is null for %j, which is not a plain decimal',
    (text) => {
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
  ])('of %s units is %i thousandths, rounded up', (amount, milliunits) => {
    expect(cost.toMilliunits(amount)).toBe(milliunits);
  });

  it('survives the conversion to thousandths and back', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999_999), (milli) => {
        expect(cost.toMilliunits(cost.fromMilliunits(milli))).toBe(milli);
      }),
    );
  });
});

const untold = { unitsEstimated: '6', unitsDeducted: null, balanceDeducted: null, failure: null } as const;
const balance = (quota: string | null) => ({ quota, listPrice: '1' });
const milliunitsOf = (code: TaskFailureCode, told: object = {}) =>
  cost.countedMilliunits(lipSyncTask('a', { ...untold, status: 'FAILED', failure: { code, message: '' }, ...told }));

describe('countedMilliunits', () => {
  it.each<[status: TaskStatus, reported: object, milliunits: number]>([
    ['QUEUED', {}, 6000],
    ['PROCESSING', {}, 6000],
    // A charge before the end may be partial.
    ['PROCESSING', { unitsDeducted: '0.5' }, 6000],
    ['SUCCEEDED', {}, 6000],
    ['SUCCEEDED', { unitsDeducted: '0.5' }, 500],
    ['SUCCEEDED', { unitsDeducted: '0' }, 0],
    ['SUCCEEDED', { unitsDeducted: '7' }, 7000],
    ['SUCCEEDED', { unitsDeducted: '-1' }, 6000],
    ['SUCCEEDED', { balanceDeducted: balance('0.07') }, 500],
    ['SUCCEEDED', { balanceDeducted: balance('0.071') }, 508],
    ['SUCCEEDED', { balanceDeducted: balance('0') }, 6000],
    ['SUCCEEDED', { balanceDeducted: balance('free') }, 6000],
    ['SUCCEEDED', { balanceDeducted: balance(null) }, 6000],
    ['SUCCEEDED', { unitsDeducted: '0.5', balanceDeducted: balance('0.07') }, 500],
    ['SUCCEEDED', { unitsDeducted: '0.5', balanceDeducted: balance('0') }, 500],
    ['SUCCEEDED', { unitsDeducted: '0', balanceDeducted: balance('0.14') }, 1000],
    ['SUCCEEDED', { unitsEstimated: null }, 0],
    ['CANCELLED', {}, 0],
  ])('counts a task that is %s with %j as %i thousandths', (status, reported, milliunits) => {
    expect(cost.countedMilliunits(lipSyncTask('a', { ...untold, status, ...reported }))).toBe(milliunits);
  });

  it('counts the estimate of a failure only if Kling may have charged it', () => {
    const counted = TASK_FAILURE_CODES.filter((code) => milliunitsOf(code) !== 0);
    expect(counted.toSorted()).toEqual([
      'CREATE_OUTCOME_UNKNOWN',
      'DEADLINE_EXCEEDED',
      'NO_RESULT',
      'TASK_LOST_AT_KLING',
    ]);
    for (const code of TASK_FAILURE_CODES) expect(milliunitsOf(code, { unitsDeducted: '0.25' })).toBe(250);
  });
});
