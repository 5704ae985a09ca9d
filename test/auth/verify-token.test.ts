import { beforeAll, describe, it } from 'vitest';
import { KEYS_FRESH_MS } from '../../src/auth/issuer-keys.ts';
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
  it('are read once in ten minutes for all tokens', async ({ expect }) => {
    const isolate = new Isolate([one, two]);
    for (const key of [one, two, one]) expect(await isolate.enter(key)).toBe('tenant-a');
    isolate.nowMs += KEYS_FRESH_MS - 1;
    expect(await isolate.enter(one)).toBe('tenant-a');
    expect(isolate.reads).toBe(1);
    isolate.nowMs += 1;
    expect(await isolate.enter(one)).toBe('tenant-a');
    expect([isolate.reads, isolate.requests]).toEqual([2, 2]);
  });

  it('are fetched once for a thousand tokens with unknown key ids', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    for (let i = 0; i < 1_000; i += 1) {
      isolate.nowMs += 29;
      expect(await failureOf(isolate.enter(two, `unknown-${i}`))).toEqual(NOT_VALID);
    }
    expect(isolate.requests).toBe(1);
    // The object is asked at most once in 5 s.
    expect(isolate.reads).toBe(1 + 5);
    isolate.nowMs += 6_000;
    expect(await failureOf(isolate.enter(two))).toEqual(NOT_VALID);
    expect(isolate.requests).toBe(2);
  });

  it('are accepted after the cooldown if they are new, and refused if they were withdrawn', async ({ expect }) => {
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

  it('verify tokens for at most ten minutes after they were withdrawn', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    isolate.keys = [two];
    isolate.nowMs += KEYS_FRESH_MS;
    expect(await failureOf(isolate.enter(one))).toEqual(NOT_VALID);
  });

  it('are not read again for a token with a known key id and a wrong signature', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    isolate.nowMs += 60_000;
    expect(await failureOf(isolate.enter(two, 'one'))).toEqual(NOT_VALID);
    expect(isolate.reads).toBe(1);
  });
});

describe('authentication, while the issuer is down,', () => {
  it('throws UPSTREAM_UNAVAILABLE instead of UNAUTHENTICATED', async ({ expect }) => {
    const isolate = new Isolate(null);
    expect(await failureOf(isolate.enter(one))).toEqual(DOWN);
    expect(await failureOf(isolate.enter(two))).toEqual(DOWN);
    expect(isolate.requests).toBe(1);
    isolate.keys = [one];
    isolate.nowMs += 5_000;
    expect(await isolate.enter(one)).toBe('tenant-a');
  });

  it('uses the known keys for a day, and no longer', async ({ expect }) => {
    const isolate = new Isolate([one]);
    await isolate.enter(one);
    isolate.keys = null;
    isolate.nowMs += DAY_S * SECOND_MS - 1;
    expect(await isolate.enter(one)).toBe('tenant-a');
    isolate.nowMs += 1;
    expect(await failureOf(isolate.enter(one))).toEqual(DOWN);
  });

  it('asks the object for newer keys at most once in 5 s', async ({ expect }) => {
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

describe('authentication, while the issuer hangs,', () => {
  it('accepts tokens with known keys, and lets only one of them wait', async ({ expect }) => {
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

describe('authentication, while the IssuerKeys object is unreachable,', () => {
  it('throws UPSTREAM_UNAVAILABLE instead of UNAUTHENTICATED', async ({ expect }) => {
    const isolate = new Isolate([one]);
    isolate.cutOff = true;
    expect(await failureOf(isolate.enter(one))).toEqual(DOWN);
    expect(isolate.lines).toEqual([
      { level: 'warn', message: 'issuer keys not read', cause: 'Error: Network connection lost.' },
    ]);
    isolate.cutOff = false;
    expect(await isolate.enter(one)).toBe('tenant-a');
  });

  it('uses the known keys for a day, and no longer', async ({ expect }) => {
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
