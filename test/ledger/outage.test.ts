import { describe, it } from 'vitest';
import type { KlingClient } from '../../src/kling/client.ts';
import { klingError, withParts, type LedgerParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';

const MINUTE_MS = 60_000;

/** Creates tasks and then lets Kling fail every request. Half of the creates have an unknown outcome. No circuit breaker acts. */
async function withOutage(
  name: string,
  count: number,
  work: (given: {
    readonly parts: LedgerParts;
    /** When each request was made, in milliseconds since the outage began. */
    readonly askedAtMs: readonly number[];
    readonly pass: (ms: number) => Promise<void>;
    readonly end: () => void;
  }) => Promise<void>,
): Promise<void> {
  const askedAtMs: number[] = [];
  let isDown = false;
  let startMs = 0;
  let clock = { nowMs: 0 };
  let seed = 1;
  const random = (): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const ask = <T>(answer: T): Promise<T> => {
    askedAtMs.push(clock.nowMs - startMs);
    return isDown ? Promise.reject(klingError('UNKNOWN')) : Promise.resolve(answer);
  };
  const kling: Partial<KlingClient> = {
    createVoiceTask: (_request, { externalTaskId }) =>
      ask(snapshotOf('SUBMITTED', { klingTaskId: `kling-${externalTaskId}` })),
    readVoiceTask: (id) => ask(snapshotOf('SUCCEEDED', { klingTaskId: id.startsWith('kling-') ? id : `kling-${id}` })),
  };
  await withParts(name, { kling, random }, async (parts) => {
    clock = parts.clock;
    startMs = clock.nowMs;
    for (let i = 0; i < count; i += 1) {
      isDown = i >= count / 2;
      await createVoiceOnce(parts);
    }
    askedAtMs.length = 0;
    await work({
      parts,
      askedAtMs,
      async pass(ms) {
        const endMs = parts.clock.nowMs + ms;
        for (;;) {
          const dueAtMs = parts.deps.wakes.nextAtMs();
          if (dueAtMs === null || dueAtMs > endMs) break;
          parts.clock.nowMs = Math.max(parts.clock.nowMs, dueAtMs);
          await parts.alarmHandler.run();
          await parts.settle();
        }
        parts.clock.nowMs = endMs;
      },
      end() {
        isDown = false;
      },
    });
  });
}

describe('an outage', () => {
  it('of ten minutes with 30 tasks sees at most 60 requests a minute at its end, and all tasks are final within 60 s of it', async ({
    expect,
  }) => {
    await withOutage('ten minutes', 30, async ({ parts, askedAtMs, pass, end }) => {
      await pass(10 * MINUTE_MS);
      const perMinute = Array.from(
        { length: 10 },
        (_, i) => askedAtMs.filter((atMs) => Math.floor(atMs / MINUTE_MS) === i).length,
      );
      expect(Math.max(...perMinute.slice(5))).toBeLessThanOrEqual(60);
      expect(Math.min(...perMinute.slice(5))).toBeGreaterThan(0);
      end();
      await pass(MINUTE_MS);
      const open = parts.tasks.list({ kind: null, statuses: [] }, null, 100).filter(({ phase }) => phase !== 'DONE');
      expect(open.map(({ record, phase }) => [record.id, phase])).toEqual([]);
    });
  });

  it('of five minutes with 20 tasks sees at most 300 look-ups and polls', async ({ expect }) => {
    await withOutage('five minutes', 20, async ({ askedAtMs, pass }) => {
      await pass(5 * MINUTE_MS);
      expect(askedAtMs.length).toBeGreaterThan(20);
      expect(askedAtMs.length).toBeLessThanOrEqual(300);
    });
  });
});
