import { describe, it } from 'vitest';
import { failureOf, makeKey, NOT_VALID, type TestKey } from '../support/forge.ts';
import { Isolate } from '../support/isolate.ts';

const [one, two] = await Promise.all([makeKey('one', 'ES256'), makeKey('two', 'ES256')]);

/** Removes the id of a key, because some issuers publish keys without ids. */
function nameless(key: TestKey): TestKey {
  const { kid: _name, ...jwk } = key.jwk;
  return { ...key, jwk };
}

describe('a key without an id', () => {
  it('is fetched again after the cooldown if it was replaced, and the old one is refused', async ({ expect }) => {
    const isolate = new Isolate([nameless(one)]);
    expect(await isolate.enter(one, null)).toBe('tenant-a');
    isolate.keys = [nameless(two)];
    isolate.nowMs += 29_999;
    expect(await failureOf(isolate.enter(two, null))).toEqual(NOT_VALID);
    expect(isolate.requests).toBe(1);
    isolate.nowMs += 5_000;
    expect(await isolate.enter(two, null)).toBe('tenant-a');
    expect(await failureOf(isolate.enter(one, null))).toEqual(NOT_VALID);
    expect(isolate.requests).toBe(2);
  });

  it('is fetched again if the keys of the issuer have ids, and the tokens do not', async ({ expect }) => {
    const isolate = new Isolate([one]);
    expect(await isolate.enter(one, null)).toBe('tenant-a');
    isolate.keys = [two];
    isolate.nowMs += 30_000;
    expect(await isolate.enter(two, null)).toBe('tenant-a');
  });

  it('verifies tokens next to a second key without an id', async ({ expect }) => {
    const isolate = new Isolate([nameless(one), nameless(two)]);
    for (const key of [one, two, one]) expect(await isolate.enter(key, null)).toBe('tenant-a');
    expect(isolate.reads).toBe(1);
  });

  it('is fetched at most once in 30 s for any number of tokens with a wrong signature', async ({ expect }) => {
    const isolate = new Isolate([nameless(one)]);
    await isolate.enter(one, null);
    for (let i = 0; i < 1_000; i += 1) {
      isolate.nowMs += 29;
      expect(await failureOf(isolate.enter(two, null))).toEqual(NOT_VALID);
    }
    expect(isolate.requests).toBe(1);
    expect(isolate.reads).toBe(1 + 5);
    isolate.nowMs += 6_000;
    expect(await failureOf(isolate.enter(two, null))).toEqual(NOT_VALID);
    expect(isolate.requests).toBe(2);
    expect(await isolate.enter(one, null)).toBe('tenant-a');
  });
});
