import { describe, it } from 'vitest';
import { fileKey } from '../../src/auth/signed-token.ts';
import { env, openSandbox } from '../support/ledger.ts';
import { createParts, withParts } from '../support/ledger-parts.ts';

openSandbox('doomed-files');

/** Wraps the bucket so that the first `times` deletions fail. */
function failing(times: number): R2Bucket {
  let left = times;
  return new Proxy(env.MEDIA, {
    get(target, name) {
      if (name === 'delete' && left > 0) {
        return async () => {
          left -= 1;
          throw new Error('the bucket is away');
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('a doomed file', () => {
  it('is deleted by the alarm, and its row after it', async ({ expect }) => {
    await withParts('doomed', { bucket: env.MEDIA }, async (parts) => {
      await env.MEDIA.put(fileKey('t', 'doomed'), 'text');
      await env.MEDIA.put(fileKey('t', 'kept'), 'text');
      parts.deps.doomed.add('doomed', parts.clock.nowMs);
      parts.deps.doomed.add('never stored', parts.clock.nowMs);
      expect(parts.alarmHandler.nextAtMs()).toBe(parts.clock.nowMs);
      await parts.alarmHandler.run();
      await parts.settle();
      expect(await env.MEDIA.head(fileKey('t', 'doomed'))).toBeNull();
      expect(await env.MEDIA.head(fileKey('t', 'kept'))).not.toBeNull();
      expect(parts.deps.doomed.nextAtMs()).toBeNull();
    });
  });

  it('waits for its instant', async ({ expect }) => {
    await withParts('doomed later', { bucket: env.MEDIA }, async (parts) => {
      await env.MEDIA.put(fileKey('t', 'later'), 'text');
      parts.deps.doomed.add('later', parts.clock.nowMs + 1);
      await parts.alarmHandler.run();
      await parts.settle();
      expect(await env.MEDIA.head(fileKey('t', 'later'))).not.toBeNull();
      expect(parts.alarmHandler.nextAtMs()).toBe(parts.clock.nowMs + 1);
    });
  });

  it('is deleted again after growing waits while the bucket fails, also by another object', async ({ expect }) => {
    await withParts('doomed retried', { bucket: failing(3) }, async (parts, storage) => {
      await env.MEDIA.put(fileKey('t', 'retried'), 'text');
      parts.deps.doomed.add('retried', parts.clock.nowMs);
      const waits: number[] = [];
      for (let i = 0; i < 3; i += 1) {
        await parts.alarmHandler.run();
        await parts.settle();
        waits.push(parts.alarmHandler.nextAtMs()! - parts.clock.nowMs);
        parts.clock.nowMs += waits.at(-1)!;
      }
      expect(waits).toEqual([30_000, 60_000, 120_000]);
      const reborn = createParts(storage, { bucket: env.MEDIA });
      reborn.clock.nowMs = parts.clock.nowMs;
      await reborn.alarmHandler.run();
      await reborn.settle();
      expect(await env.MEDIA.head(fileKey('t', 'retried'))).toBeNull();
    });
  });

  it('waits without an alarm while no bucket is bound', async ({ expect }) => {
    await withParts('doomed without a bucket', {}, async (parts) => {
      parts.deps.doomed.add('waiting', parts.clock.nowMs);
      await parts.alarmHandler.run();
      await parts.settle();
      expect([parts.deps.doomed.due(parts.clock.nowMs, 1).length, parts.alarmHandler.nextAtMs()]).toEqual([1, null]);
    });
  });
});
