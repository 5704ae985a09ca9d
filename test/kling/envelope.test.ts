import fc from 'fast-check';
import { describe, it } from 'vitest';
import {
  decimalOrNull,
  epochMsOrNull,
  msOrNull,
  parseEnvelope,
  recordOf,
  recordsOf,
  secondsToMs,
  textOrNull,
} from '../../src/kling/envelope.ts';
import { toTaskStatus } from '../../src/kling/tasks.ts';

describe('secondsToMs', () => {
  it.for([
    ['5.1', 5100],
    ['1.005', 1005],
    ['60', 60_000],
    [5.041, 5041],
    [0, 0],
    ['', null],
    [null, null],
    [undefined, null],
    ['-1', null],
    ['1e3', null],
    ['5.1s', null],
    ['9'.repeat(400), null],
    [{}, null],
  ] as const)('converts %j to %j ms', ([wire, ms], { expect }) => {
    expect(secondsToMs(wire)).toBe(ms);
  });

  it('keeps every millisecond, from a string or a number', ({ expect }) => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000_000 }), (ms) => {
        const text = `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}`;
        expect(secondsToMs(text)).toBe(ms);
        expect(secondsToMs(Number(text))).toBe(ms);
        expect(secondsToMs(String(Number(text)))).toBe(ms);
      }),
    );
  });

  it('returns a whole number from 0 or null for any input', ({ expect }) => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const ms = secondsToMs(value);
        expect(ms === null || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});

describe('decoders of values', () => {
  it('return null for empty values, and accept numbers and strings', ({ expect }) => {
    expect([textOrNull(''), textOrNull(7), textOrNull('7'), textOrNull(true)]).toEqual([null, '7', '7', null]);
    expect([decimalOrNull('0.05'), decimalOrNull(0.05), decimalOrNull(''), decimalOrNull('x')]).toEqual([
      '0.05',
      '0.05',
      null,
      null,
    ]);
    expect([msOrNull('1200'), msOrNull(1200), msOrNull(undefined)]).toEqual([1200, 1200, null]);
  });

  it('return null for an instant that no Date can hold', ({ expect }) => {
    expect([epochMsOrNull(1722769557708), epochMsOrNull('1722769557708')]).toEqual([1722769557708, 1722769557708]);
    expect([epochMsOrNull(0), epochMsOrNull(9e15), epochMsOrNull('9'.repeat(17))]).toEqual([null, null, null]);
  });

  it.for([
    [1722769557, 1722769557000],
    ['1722769557', 1722769557000],
    [1722769557.708, 1722769557708],
    [99_999_999_999, 99_999_999_999_000],
    [100_000_000_000, 100_000_000_000],
    [-1722769557, null],
  ] as const)('read the instant %j in seconds if milliseconds would be before 1974', ([wire, ms], { expect }) => {
    expect(epochMsOrNull(wire)).toBe(ms);
  });

  it('return an empty object or list for anything else', ({ expect }) => {
    expect([recordOf(null), recordOf([]), recordOf('x'), recordOf({ a: 1 })]).toEqual([{}, {}, {}, { a: 1 }]);
    expect([recordsOf(null), recordsOf({}), recordsOf([1, { a: 1 }, null])]).toEqual([[], [], [{ a: 1 }]]);
  });
});

describe('toTaskStatus', () => {
  it.for([
    ['submitted', 'SUBMITTED'],
    ['processing', 'PROCESSING'],
    ['succeed', 'SUCCEEDED'],
    ['succeeded', 'SUCCEEDED'],
    ['failed', 'FAILED'],
    ['', 'UNRECOGNIZED'],
    ['Succeed', 'UNRECOGNIZED'],
    ['constructor', 'UNRECOGNIZED'],
    ['__proto__', 'UNRECOGNIZED'],
  ] as const)('maps %j to %s', ([wire, status], { expect }) => {
    expect(toTaskStatus(wire)).toBe(status);
  });
});

describe('parseEnvelope', () => {
  it('throws only UnreadableAnswer for any text', ({ expect }) => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          expect(typeof parseEnvelope(text, JSON.parse).code).toBe('number');
        } catch (error) {
          expect(error).toMatchObject({ name: 'UnreadableAnswer' });
        }
      }),
    );
  });

  it('accepts leading white space and a body with only a code', ({ expect }) => {
    expect(parseEnvelope('{"code":"000000"}', JSON.parse)).toMatchObject({ ok: true, code: 0 });
    expect(parseEnvelope('{"code":"1303"}', JSON.parse)).toMatchObject({ ok: false, code: 1303 });
    expect(parseEnvelope(' \n{"code":1203}', JSON.parse)).toEqual({
      ok: false,
      code: 1203,
      message: '',
      requestId: null,
      data: undefined,
    });
  });
});
