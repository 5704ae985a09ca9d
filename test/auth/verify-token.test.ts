import { beforeAll, describe, it } from 'vitest';
import { KEYS_FRESH_MS } from '../../src/auth/jwks-cache.ts';
import type { Failure } from '../../src/errors.ts';
import { DAY_S, failureOf, makeKey, NOT_VALID, type TestKey } from '../support/forge.ts';
import { Isolate } from '../support/isolate.ts';

const SECOND_MS = 1_000;

const DOWN: Failure = {
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'Tokens cannot be checked: their issuer does not answer.',
  retryable: true,
  retryAfterMs: 5_000,
};

let one: TestKey;
let two: TestKey;
beforeAll(async () => {
  [one, two] = await Promise.all([makeKey('one', 'ES256'), makeKey('two', 'ES256')]);
});

describe('the issuer’s keys', () => {
  it('are read once for all tokens of ten minutes', async ({ expect }) => {
    const isolate = new Isolate([one, two]);
    for (const key of [one, two, one]) expect(await isolate.enter(key)).toBe('tenant-a');
    isolate.nowMs += KEYS_FRESH_MS - 1;
    expect(await isolate.enter(one)).toBe('tenant-a');
    expect(isolate.reads).toBe(1);
    isolate.nowMs += 1;
    expect(await isolate.enter(one)).toBe('tenant-a');
    expect([isolate.reads, isolate.requests]).toEqual([2, 2]);
  });

  it('cost the issuer one request, whatever a thousand tokens with unknown key ids say', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    for (let i = 0; i < 1_000; i += 1) {
      isolate.nowMs += 29;
      expect(await failureOf(isolate.enter(two, `unknown-${i}`))).toEqual(NOT_VALID);
    }
    expect(isolate.requests).toBe(1);
    // Nor do they flood the object: it is asked once in 5 s.
    expect(isolate.reads).toBe(1 + 5);
    isolate.nowMs += 6_000;
    expect(await failureOf(isolate.enter(two))).toEqual(NOT_VALID);
    expect(isolate.requests).toBe(2);
  });

  it('that are new are accepted after the cooldown, and those that were withdrawn are not', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    isolate.keys = [two];
    isolate.nowMs += 4_999;
    expect(await failureOf(isolate.enter(two))).toEqual(NOT_VALID);
    expect(isolate.reads).toBe(1);
    isolate.nowMs += 1;
    expect(await failureOf(isolate.enter(two))).toEqual(NOT_VALID);
    expect(isolate.reads).toBe(2);
    isolate.nowMs += 25_000;
    expect(await isolate.enter(two)).toBe('tenant-a');
    expect(await failureOf(isolate.enter(one))).toEqual(NOT_VALID);
    expect(isolate.requests).toBe(2);
  });

  it('that are withdrawn serve for ten minutes at most', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    isolate.keys = [two];
    isolate.nowMs += KEYS_FRESH_MS;
    expect(await failureOf(isolate.enter(one))).toEqual(NOT_VALID);
  });

  it('are not asked for again by a token with a known key and a wrong signature', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    isolate.nowMs += 60_000;
    expect(await failureOf(isolate.enter(two, 'one'))).toEqual(NOT_VALID);
    expect(isolate.reads).toBe(1);
  });
});

describe('while the issuer is down', () => {
  it('tokens are not called invalid: they cannot be checked', async ({ expect }) => {
    const isolate = new Isolate(null);
    expect(await failureOf(isolate.enter(one))).toEqual(DOWN);
    expect(await failureOf(isolate.enter(two))).toEqual(DOWN);
    expect(isolate.requests).toBe(1);
    isolate.keys = [one];
    isolate.nowMs += 5_000;
    expect(await isolate.enter(one)).toBe('tenant-a');
  });

  it('the keys that are known serve for a day and no longer', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    isolate.keys = null;
    isolate.nowMs += DAY_S * SECOND_MS - 1;
    expect(await isolate.enter(one)).toBe('tenant-a');
    isolate.nowMs += 1;
    expect(await failureOf(isolate.enter(one))).toEqual(DOWN);
  });

  it('the object is asked once in 5 s for keys that are no longer fresh', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    isolate.keys = null;
    isolate.nowMs += KEYS_FRESH_MS;
    for (let i = 0; i < 6; i += 1) {
      expect(await isolate.enter(one)).toBe('tenant-a');
      isolate.nowMs += SECOND_MS;
    }
    expect(isolate.reads).toBe(1 + 2);
  });
});

describe('while the issuer hangs', () => {
  it('tokens with known keys are let in, all but one of them at once', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    isolate.hangs = true;
    isolate.nowMs += KEYS_FRESH_MS;
    let isFirstIn = false;
    const first = isolate.enter(one).then((tenant) => {
      isFirstIn = true;
      return tenant;
    });
    await expect.poll(() => isolate.requests).toBe(2);
    expect(await isolate.enter(one)).toBe('tenant-a');
    expect(isFirstIn).toBe(false);
    const startedAtMs = Date.now();
    expect(await first).toBe('tenant-a');
    expect(Date.now() - startedAtMs).toBeLessThan(2_500);
  });
});

describe('while the object that keeps the keys cannot be reached', () => {
  it('tokens are not called invalid: they cannot be checked', async ({ expect }) => {
    const isolate = new Isolate([one]);
    isolate.cutOff = true;
    expect(await failureOf(isolate.enter(one))).toEqual(DOWN);
    expect(isolate.lines).toEqual([
      { level: 'warn', message: 'issuer keys not read', cause: 'Error: Network connection lost.' },
    ]);
    isolate.cutOff = false;
    expect(await isolate.enter(one)).toBe('tenant-a');
  });

  it('the keys that are known serve for a day and no longer', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    isolate.cutOff = true;
    isolate.nowMs += DAY_S * SECOND_MS - 1;
    expect(await isolate.enter(one)).toBe('tenant-a');
    expect(await failureOf(isolate.enter(two))).toEqual(NOT_VALID);
    isolate.nowMs += 1;
    expect(await failureOf(isolate.enter(one))).toEqual(DOWN);
  });
});
