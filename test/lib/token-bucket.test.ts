import fc from 'fast-check';
import { describe, it } from 'vitest';
import { createTokenBucket } from '../../src/lib/time.ts';

describe('a token bucket', () => {
  it('allows the burst at once and then the rate, and returns how long to wait', ({ expect }) => {
    const bucket = createTokenBucket({ burst: 3, perSecond: 20 });
    const taken = [0, 0, 0, 0, 20, 50, 50, 1_050, 1_050, 1_050, 1_050].map((nowMs) => bucket.take(nowMs));
    expect(taken).toEqual([0, 0, 0, 50, 30, 0, 50, 0, 0, 0, 50]);
  });

  it('never allows more than burst and rate, and keeps its promised waits', ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 200 }), (waitsMs) => {
        const bucket = createTokenBucket({ burst: 5, perSecond: 20 });
        let nowMs = 0;
        let given = 0;
        for (const waitMs of waitsMs) {
          nowMs += waitMs;
          const retryMs = bucket.take(nowMs);
          if (retryMs > 0) expect(bucket.take((nowMs += retryMs))).toBe(0);
          given += 1;
          expect(given).toBeLessThanOrEqual(5 + (nowMs * 20) / 1_000 + 1e-6);
        }
      }),
    );
  });

  it('takes the whole cost or nothing', ({ expect }) => {
    const bucket = createTokenBucket({ burst: 100, perSecond: 50 });
    expect([bucket.take(0, 60), bucket.take(0, 60), bucket.take(0, 40)]).toEqual([0, 400, 0]);
    expect([bucket.take(400, 20), bucket.take(400, 1)]).toEqual([0, 20]);
  });

  it('can go into debt, and returns when it is paid', ({ expect }) => {
    const bucket = createTokenBucket({ burst: 100, perSecond: 50 });
    const owed = [bucket.spend(0, 100), bucket.spend(0, 50), bucket.spend(500, 0), bucket.spend(500, 25)];
    expect(owed).toEqual([0, 1_000, 500, 1_000]);
    expect([bucket.take(500), bucket.take(1_520), bucket.spend(60_000, 100)]).toEqual([1_020, 0, 0]);
  });

  it('accepts a negative cost as a refund', ({ expect }) => {
    const bucket = createTokenBucket({ burst: 100, perSecond: 50 });
    expect([bucket.spend(0, 150), bucket.spend(0, -50), bucket.take(0, 1)]).toEqual([1_000, 0, 20]);
  });

  it('treats a clock that goes back as stopped', ({ expect }) => {
    const bucket = createTokenBucket({ burst: 1, perSecond: 1 });
    expect([bucket.take(5_000), bucket.take(0), bucket.take(1_000)]).toEqual([0, 1_000, 0]);
  });
});
