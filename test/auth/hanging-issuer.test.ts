import { describe, it } from 'vitest';
import { createJwksCache, type IssuerKeySet, KEYS_FRESH_MS, REFRESH_WAIT_MS } from '../../src/auth/issuer-keys.ts';

const STARTED_AT_MS = 1_790_000_000_000;

const keySet = (kid: string) => ({ keys: [{ kty: 'EC', kid }] });

/** Creates a cache with stale keys. Its issuer answers when the test says so. */
function createHanging() {
  const answers = Promise.withResolvers<Response>();
  const timers = new Set<{ readonly ms: number; readonly onTime: () => void }>();
  const background: Promise<unknown>[] = [];
  let stored: IssuerKeySet = { jwks: keySet('one'), fetchedAtMs: STARTED_AT_MS };
  let requests = 0;
  const cache = createJwksCache({
    jwksUrl: 'https://issuer.test/keys',
    fetch: () => ((requests += 1), answers.promise),
    load: () => stored,
    save: (keys) => void (stored = keys),
    now: () => STARTED_AT_MS + KEYS_FRESH_MS,
    startTimer(ms, onTime) {
      const timer = { ms, onTime };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    background: (work) => void background.push(work),
    log: () => {},
  });
  /** Returns the key ids that the cache returns now. */
  const kids = async (newerThanMs = 0) => (await cache.keys(newerThanMs))?.jwks.keys.map(({ kid }) => kid);
  /** Fires all timers. Returns their durations. */
  function ring(): number[] {
    const running = [...timers];
    for (const { onTime } of running) onTime();
    return running.map(({ ms }) => ms);
  }
  return { answers, kids, ring, timers, background, requests: () => requests };
}

describe('the cache of keys, while the issuer hangs,', () => {
  it('returns the last good keys after half a second, and newer ones when they arrive', async ({ expect }) => {
    const { answers, kids, ring, timers, background, requests } = createHanging();
    const asking = Array.from({ length: 20 }, () => kids());
    expect(ring()).toEqual(asking.map(() => REFRESH_WAIT_MS));
    expect(await Promise.all(asking)).toEqual(asking.map(() => ['one']));
    expect([requests(), timers.size, background.length]).toEqual([1, 0, 1]);
    answers.resolve(Response.json(keySet('two')));
    await Promise.all(background);
    expect(await kids()).toEqual(['two']);
    expect(REFRESH_WAIT_MS).toBe(500);
  });

  it('lets only a request that needs newer keys wait for the issuer', async ({ expect }) => {
    const { answers, kids, ring } = createHanging();
    let isAnswered = false;
    const asking = kids(STARTED_AT_MS).finally(() => (isAnswered = true));
    const others = kids();
    ring();
    expect(await others).toEqual(['one']);
    expect(isAnswered).toBe(false);
    answers.resolve(Response.json(keySet('two')));
    expect(await asking).toEqual(['two']);
  });
});
