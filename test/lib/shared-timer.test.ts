import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { createSharedTimer } from '../../src/lib/shared-timer.ts';
import type { StartTimer } from '../../src/lib/timer.ts';

/** A clock that is moved by hand, and the timers that it was asked for. */
function createClock() {
  const timers = new Set<{ readonly atMs: number; readonly onTime: () => void }>();
  let nowMs = 1_790_000_000_000;
  let started = 0;
  const startTimer: StartTimer = (ms, onTime) => {
    const timer = { atMs: nowMs + ms, onTime };
    timers.add(timer);
    started += 1;
    return () => timers.delete(timer);
  };
  function advance(ms: number): void {
    const endMs = nowMs + ms;
    for (;;) {
      const [next] = [...timers].toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      nowMs = Math.max(nowMs, next.atMs);
      timers.delete(next);
      next.onTime();
    }
    nowMs = endMs;
  }
  /** The clock is set, as clocks are: what waits does not wait the less for it. */
  function set(byMs: number): void {
    const shifted = [...timers].map((timer) => ({ ...timer, atMs: timer.atMs + byMs }));
    timers.clear();
    for (const timer of shifted) timers.add(timer);
    nowMs += byMs;
  }
  return { startTimer, advance, set, now: () => nowMs, started: () => started, waiting: () => timers.size };
}

describe('a shared timer', () => {
  it('takes one of the platform for waits that end before their time', ({ expect }) => {
    const clock = createClock();
    const start = createSharedTimer(clock.startTimer, clock.now);
    const late: number[] = [];
    for (const ms of [15_000, 60_000, 60_000, 60_000]) start(ms, () => late.push(ms))();
    expect(clock.started()).toBe(1);
    clock.advance(100_000);
    expect([late, clock.started(), clock.waiting()]).toEqual([[], 1, 0]);
  });

  it('calls each that was not stopped once, at its time, whatever the others do', ({ expect }) => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('start' as const), ms: fc.nat(50) }),
      fc.record({ type: fc.constant('stop' as const), which: fc.nat(20) }),
      fc.record({ type: fc.constant('advance' as const), ms: fc.nat(40) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = createClock();
        const start = createSharedTimer(clock.startTimer, clock.now);
        const wanted: { atMs: number; stopped: boolean; calledAtMs: number[]; stop: () => void }[] = [];
        for (const taken of steps) {
          if (taken.type === 'start') {
            const calledAtMs: number[] = [];
            const stop = start(taken.ms, () => calledAtMs.push(clock.now()));
            wanted.push({ atMs: clock.now() + taken.ms, stopped: false, calledAtMs, stop });
          } else if (taken.type === 'stop') {
            const timer = wanted[taken.which];
            if (timer === undefined) continue;
            timer.stop();
            timer.stopped ||= timer.calledAtMs.length === 0;
          } else {
            clock.advance(taken.ms);
          }
          expect(clock.waiting()).toBeLessThanOrEqual(1);
        }
        clock.advance(1_000);
        for (const { atMs, stopped, calledAtMs } of wanted) expect(calledAtMs).toEqual(stopped ? [] : [atMs]);
        expect(clock.waiting()).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('one that calls may start another', ({ expect }) => {
    const clock = createClock();
    const start = createSharedTimer(clock.startTimer, clock.now);
    const called: string[] = [];
    start(10, () => {
      called.push('first');
      start(10, () => called.push('second'));
    });
    clock.advance(19);
    expect(called).toEqual(['first']);
    clock.advance(1);
    expect(called).toEqual(['first', 'second']);
  });

  it('one that calls may stop another that is due', ({ expect }) => {
    const clock = createClock();
    const start = createSharedTimer(clock.startTimer, clock.now);
    const called: string[] = [];
    const stops: (() => void)[] = [];
    start(10, () => {
      called.push('first');
      for (const stop of stops) stop();
    });
    stops.push(start(10, () => called.push('second')));
    start(10, () => called.push('third'));
    clock.advance(20);
    expect(called).toEqual(['first', 'third']);
  });

  it('one that throws takes none with it that is due later', ({ expect }) => {
    const clock = createClock();
    const start = createSharedTimer(clock.startTimer, clock.now);
    let called = 0;
    start(10, () => {
      throw new Error('a bug');
    });
    start(20, () => (called += 1));
    expect(() => clock.advance(10)).toThrow('a bug');
    clock.advance(20);
    expect(called).toBe(1);
  });

  it('is not late where the clock was set back meanwhile', ({ expect }) => {
    const clock = createClock();
    const start = createSharedTimer(clock.startTimer, clock.now);
    const called: number[] = [];
    for (const ms of [10, 30]) start(ms, () => called.push(ms));
    clock.set(-3_600_000);
    clock.advance(10);
    expect(called).toEqual([10]);
    clock.advance(20);
    expect(called).toEqual([10, 30]);
  });
});
