import fc from 'fast-check';
import { describe, it } from 'vitest';
import { afterExchange, CLOSED_BREAKER, tryPass, type Breaker } from '../../src/account/slots.ts';

const LIMITS = { failuresMax: 3, openMs: 1000 };
const CLOSED_TWO: Breaker = { state: 'CLOSED', failuresInRow: 2, untilMs: 0 };
const OPEN: Breaker = { state: 'OPEN', failuresInRow: 3, untilMs: 5000 };
const PROBING: Breaker = { state: 'PROBING', failuresInRow: 3, untilMs: 6000 };

describe('tryPass', () => {
  it.for([
    { before: CLOSED_BREAKER, nowMs: 0, pass: true, next: CLOSED_BREAKER },
    { before: CLOSED_TWO, nowMs: 9000, pass: true, next: CLOSED_TWO },
    { before: OPEN, nowMs: 4999, pass: false, next: OPEN },
    { before: OPEN, nowMs: 5000, pass: true, next: PROBING },
    { before: PROBING, nowMs: 5999, pass: false, next: PROBING },
    { before: PROBING, nowMs: 6000, pass: true, next: { ...PROBING, untilMs: 7000 } },
  ])('$before.state, due at $before.untilMs, at $nowMs: $pass', ({ before, nowMs, pass, next }, { expect }) => {
    expect(tryPass(before, nowMs, LIMITS)).toEqual({ pass, next });
  });
});

describe('afterExchange', () => {
  it.for([
    { before: CLOSED_BREAKER, failed: false, after: CLOSED_BREAKER },
    { before: CLOSED_BREAKER, failed: true, after: { state: 'CLOSED', failuresInRow: 1, untilMs: 0 } },
    { before: CLOSED_TWO, failed: false, after: CLOSED_BREAKER },
    { before: CLOSED_TWO, failed: true, after: { state: 'OPEN', failuresInRow: 3, untilMs: 3000 } },
    { before: OPEN, failed: false, after: CLOSED_BREAKER },
    { before: OPEN, failed: true, after: { state: 'OPEN', failuresInRow: 4, untilMs: 3000 } },
    { before: PROBING, failed: false, after: CLOSED_BREAKER },
    { before: PROBING, failed: true, after: { state: 'OPEN', failuresInRow: 4, untilMs: 3000 } },
  ])('$before.state with $before.failuresInRow failures, failed: $failed', ({ before, failed, after }, { expect }) => {
    expect(afterExchange(before, failed, 2000, LIMITS)).toEqual(after);
  });
});

describe('a breaker over random exchanges', () => {
  const step = fc.record({ waitMs: fc.integer({ min: 0, max: 2500 }), failed: fc.boolean() });

  it('closes after a success, and opens only after the maximum of consecutive failures', ({ expect }) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let breaker = CLOSED_BREAKER;
        let nowMs = 1;
        let inRow = 0;
        for (const { waitMs, failed } of steps) {
          nowMs += waitMs;
          breaker = afterExchange(breaker, failed, nowMs, LIMITS);
          inRow = failed ? inRow + 1 : 0;
          expect(breaker.state).toBe(inRow >= LIMITS.failuresMax ? 'OPEN' : 'CLOSED');
        }
      }),
    );
  });

  it('passes at most one call per open time while every call fails', ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 60 }), fc.boolean(), (waitsMs, answers) => {
        let breaker = OPEN;
        let nowMs = 0;
        let passedAtMs = Number.NEGATIVE_INFINITY;
        for (const waitMs of waitsMs) {
          nowMs += waitMs;
          const { pass, next } = tryPass(breaker, nowMs, LIMITS);
          breaker = next;
          if (!pass) continue;
          expect(nowMs - passedAtMs).toBeGreaterThanOrEqual(LIMITS.openMs);
          passedAtMs = nowMs;
          // A probe with a lost outcome must not block the breaker: the next one passes after the open time.
          if (answers) breaker = afterExchange(breaker, true, nowMs, LIMITS);
        }
      }),
    );
  });
});
