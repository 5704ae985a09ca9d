import { describe, it } from 'vitest';
import { createRates } from '../../src/ledger/limits.ts';
import { createReadLeases } from '../../src/ledger/rpc.ts';
import { toResult } from '../../src/errors.ts';

const MINUTE_MS = 60_000;

/** Creates the read leases of one isolate, and the rates of its tenants' ledgers. */
function createIsolate(perMinute: number) {
  const clock = { nowMs: 1_790_000_000_000 };
  const ledgers = new Map<string, ReturnType<typeof createRates>>();
  let calls = 0;
  function ratesOf(tenant: string) {
    const known =
      ledgers.get(tenant) ??
      createRates(
        {
          largeBodiesPerMinute: 1,
          mutationsPerMinute: 1,
          fetchesPerMinute: 1,
          subscriptionsPerMinute: 1,
          callbacksPerMinute: 1,
          upstreamReadsPerMinute: perMinute,
        },
        () => clock.nowMs,
      );
    ledgers.set(tenant, known);
    return known;
  }
  const takeRead = createReadLeases({
    perMinute,
    now: () => clock.nowMs,
    lease(tenant, wanted) {
      calls += 1;
      return toResult(() => ratesOf(tenant).leaseUpstreamReads(wanted));
    },
  });
  /** Counts how many of `reads` reads are allowed. */
  async function allowed(tenant: string, reads: number): Promise<number> {
    let n = 0;
    for (let i = 0; i < reads; i += 1) {
      n += await takeRead(tenant).then(
        () => 1,
        () => 0,
      );
    }
    return n;
  }
  return { clock, takeRead, allowed, ratesOf, calls: () => calls };
}

describe('the reads at Kling that a tenant may make', () => {
  it.for([1, 5, 60, 600, 100_000])(
    'are limited to exactly %i a minute, and are allowed again after a minute',
    async (perMinute, { expect }) => {
      const isolate = createIsolate(perMinute);
      const asked = Math.min(perMinute, 2_000);
      expect(await isolate.allowed('a', asked + 5)).toBe(perMinute > 2_000 ? asked + 5 : perMinute);
      if (perMinute > 2_000) return;
      isolate.clock.nowMs += MINUTE_MS;
      expect(await isolate.allowed('a', asked + 5)).toBe(perMinute);
    },
  );

  it('are refused with the time to wait past the limit', async ({ expect }) => {
    const isolate = createIsolate(6);
    await isolate.allowed('a', 6);
    await expect(isolate.takeRead('a')).rejects.toMatchObject({
      failure: {
        code: 'RATE_LIMITED',
        message: 'At most 6 reads of Kling a minute. Nothing was done.',
        retryable: true,
        retryAfterMs: 10_000,
      },
    });
  });

  it('are counted for each tenant', async ({ expect }) => {
    const isolate = createIsolate(6);
    await isolate.allowed('a', 100);
    expect(await isolate.allowed('b', 100)).toBe(6);
  });

  it('cost one call of the ledger for ten reads', async ({ expect }) => {
    const isolate = createIsolate(600);
    expect(await isolate.allowed('a', 100)).toBe(100);
    expect(isolate.calls()).toBe(10);
  });

  it('are all allowed when 20 are asked for at once, and unused leases serve later reads', async ({ expect }) => {
    const isolate = createIsolate(600);
    const taken = await Promise.allSettled(Array.from({ length: 20 }, () => isolate.takeRead('a')));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    // Later reads use what was leased too much.
    const calls = isolate.calls();
    expect(await isolate.allowed('a', 180)).toBe(180);
    expect(isolate.calls()).toBe(calls);
  });

  it('expire when they are leased and not used within 10 s', async ({ expect }) => {
    const isolate = createIsolate(600);
    await isolate.allowed('a', 1);
    isolate.clock.nowMs += 10_000;
    await isolate.allowed('a', 1);
    expect(isolate.calls()).toBe(2);
  });

  it('share one limit with the reads that the ledger makes for queries', async ({ expect }) => {
    const isolate = createIsolate(6);
    const rates = isolate.ratesOf('a');
    expect(Array.from({ length: 4 }, () => rates.upstreamRead())).toEqual([true, true, true, true]);
    expect(await isolate.allowed('a', 10)).toBe(2);
    expect(rates.upstreamRead()).toBe(false);
  });
});
