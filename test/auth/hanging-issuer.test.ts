import { describe, it } from 'vitest';
import { createKeyKeeper, type IssuerKeySet, KEYS_FRESH_MS, REFRESH_WAIT_MS } from '../../src/auth/jwks-cache.ts';

const STARTED_AT_MS = 1_790_000_000_000;

const keySet = (kid: string) => ({ keys: [{ kty: 'EC', kid }] });

/** A keeper with keys that are no longer fresh, whose issuer answers when the test says so. */
function createHanging() {
  const answers = Promise.withResolvers<Response>();
  const timers = new Set<{ readonly ms: number; readonly onTime: () => void }>();
  const background: Promise<unknown>[] = [];
  let stored: IssuerKeySet = { jwks: keySet('one'), fetchedAtMs: STARTED_AT_MS };
  let requests = 0;
  const keeper = createKeyKeeper({
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
  /** The key ids that the keeper has for whom asks now. */
  const kids = async (newerThanMs = 0) => (await keeper.keys(newerThanMs))?.jwks.keys.map(({ kid }) => kid);
  /** Lets the time of all timers come; gives how long they were. */
  function ring(): number[] {
    const running = [...timers];
    for (const { onTime } of running) onTime();
    return running.map(({ ms }) => ms);
  }
  return { answers, kids, ring, timers, background, requests: () => requests };
}

describe('while the issuer hangs', () => {
  it('the last good keys serve after half a second, and newer ones once they come', async ({ expect }) => {
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

  it('makes only a request that needs newer keys wait for its answer', async ({ expect }) => {
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
