import { afterEach, describe, it, vi } from 'vitest';
import { createJwksCache, type IssuerKeySet, type JwksCache, KEYS_FRESH_MS } from '../../src/auth/issuer-keys.ts';
import type { LogEvent } from '../../src/lib/log.ts';

const URL = 'https://issuer.test/keys';
const STARTED_AT_MS = 1_790_000_000_000;
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

const keySet = (kid: string) => ({ keys: [{ kty: 'EC', kid }] });

type Answer = () => Response | Promise<Response>;

interface Kept {
  readonly cache: JwksCache;
  readonly clock: { nowMs: number };
  readonly requests: [url: string, init: RequestInit][];
  readonly lines: LogEvent[];
  /** The stored keys. A test may set them. */
  readonly store: { keys: IssuerKeySet | null };
  /** The answers of the issuer from now on. */
  answer: Answer;
}

const down = () => Promise.reject(new Error('down'));
const ok = (kid: string) => () => Response.json(keySet(kid));

function createKept(answer: Answer, keys: IssuerKeySet | null = null): Kept {
  const clock = { nowMs: STARTED_AT_MS };
  const store = { keys };
  const requests: Kept['requests'] = [];
  const lines: LogEvent[] = [];
  const kept: Kept = {
    clock,
    store,
    requests,
    lines,
    answer,
    cache: createJwksCache({
      jwksUrl: URL,
      async fetch(url, init) {
        requests.push([url, init]);
        return kept.answer();
      },
      load: () => store.keys,
      save: (saved) => void (store.keys = saved),
      now: () => clock.nowMs,
      startTimer: () => () => {},
      background: () => {},
      log: (line) => lines.push(line),
    }),
  };
  return kept;
}

/** Returns the key ids that the cache returns now. */
async function kids({ cache }: Kept, newerThanMs = 0): Promise<unknown> {
  return (await cache.keys(newerThanMs))?.jwks.keys.map(({ kid }) => kid) ?? null;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the keys of the issuer', () => {
  it('are fetched on the first read, and cached', async ({ expect }) => {
    const kept = createKept(ok('one'));
    expect(kept.requests).toEqual([]);
    expect(await kept.cache.keys(0)).toEqual({ jwks: keySet('one'), fetchedAtMs: STARTED_AT_MS });
    expect(kept.store.keys).toEqual({ jwks: keySet('one'), fetchedAtMs: STARTED_AT_MS });
    expect(kept.lines).toEqual([]);
  });

  it('are fetched as JSON, without following redirects, with a timeout of 5 s', async ({ expect }) => {
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    const kept = createKept(ok('one'));
    await kept.cache.keys(0);
    expect(timeout.mock.calls).toEqual([[5_000]]);
    const { signal, ...init } = kept.requests[0]![1];
    expect([kept.requests[0]![0], init]).toEqual([
      URL,
      { headers: { accept: 'application/json' }, redirect: 'manual' },
    ]);
    expect(signal).toBe(timeout.mock.results[0]!.value);
  });

  it('are fresh for ten minutes', async ({ expect }) => {
    const kept = createKept(ok('one'));
    await kids(kept);
    kept.answer = ok('two');
    kept.clock.nowMs += KEYS_FRESH_MS - 1;
    expect(await kids(kept)).toEqual(['one']);
    expect(kept.requests).toHaveLength(1);
    kept.clock.nowMs += 1;
    expect(await kids(kept)).toEqual(['two']);
    expect(KEYS_FRESH_MS).toBe(600_000);
  });

  it('are loaded from the storage by a new cache, and are as fresh as before', async ({ expect }) => {
    const kept = createKept(ok('two'), { jwks: keySet('one'), fetchedAtMs: STARTED_AT_MS - 60 * SECOND_MS });
    expect(await kids(kept)).toEqual(['one']);
    expect(kept.requests).toEqual([]);
  });

  it('are fetched again for newer ones after 30 s, and not before', async ({ expect }) => {
    const kept = createKept(ok('one'));
    await kids(kept);
    kept.answer = ok('two');
    kept.clock.nowMs += 30 * SECOND_MS - 1;
    expect(await kids(kept, STARTED_AT_MS)).toEqual(['one']);
    expect(kept.requests).toHaveLength(1);
    kept.clock.nowMs += 1;
    expect(await kids(kept, STARTED_AT_MS)).toEqual(['two']);
    // A read with the old instant now needs no fetch.
    kept.clock.nowMs += 60 * SECOND_MS;
    expect(await kids(kept, STARTED_AT_MS)).toEqual(['two']);
    expect(kept.requests).toHaveLength(2);
  });

  it('are fetched once for all concurrent reads, and again for later ones', async ({ expect }) => {
    const answers = Promise.withResolvers<Response>();
    const kept = createKept(() => answers.promise);
    const asking = Array.from({ length: 50 }, () => kids(kept));
    answers.resolve(Response.json(keySet('one')));
    expect(new Set((await Promise.all(asking)).map(String))).toEqual(new Set(['one']));
    expect(kept.requests).toHaveLength(1);
    kept.clock.nowMs += KEYS_FRESH_MS;
    kept.answer = ok('two');
    expect(await kids(kept)).toEqual(['two']);
  });

  it('are fetched at most once in 30 s for any number of unknown ids', async ({ expect }) => {
    const kept = createKept(ok('one'));
    await kids(kept);
    for (let i = 0; i < 1_000; i += 1) {
      kept.clock.nowMs += 29;
      await kids(kept, kept.clock.nowMs);
    }
    expect(kept.requests).toHaveLength(1);
    kept.clock.nowMs += SECOND_MS;
    await kids(kept, kept.clock.nowMs);
    expect(kept.requests).toHaveLength(2);
  });
});

const oversized = () => new Response(JSON.stringify({ keys: [{ kty: 'EC', pad: 'x'.repeat(65_536) }] }));

it('an eviction of the object does not shorten the 30 s between two fetches', async ({ expect }) => {
  const fetchedAtMs = STARTED_AT_MS - 30 * SECOND_MS + 1;
  const kept = createKept(ok('two'), { jwks: keySet('one'), fetchedAtMs });
  expect(await kids(kept, fetchedAtMs)).toEqual(['one']);
  kept.clock.nowMs += 1;
  expect(await kids(kept, fetchedAtMs)).toEqual(['two']);
});

describe('an answer of the issuer', () => {
  it.for<[name: string, answer: Answer, cause: string | RegExp]>([
    ['that fails', () => Promise.reject(new Error('connection refused')), 'Error: connection refused'],
    ['of 500', () => Response.json(keySet('evil'), { status: 500 }), 'Error: the issuer answered with 500'],
    ['of 404', () => Response.json(keySet('evil'), { status: 404 }), 'Error: the issuer answered with 404'],
    ['of 201', () => Response.json(keySet('evil'), { status: 201 }), 'Error: the issuer answered with 201'],
    [
      'that redirects',
      () => Response.json(keySet('evil'), { status: 302, headers: { location: 'https://evil.test/keys' } }),
      'Error: the issuer answered with 302',
    ],
    ['in HTML', () => new Response('<!doctype html><p>Welcome'), /^SyntaxError: /],
    ['of nothing', () => new Response(null), /^SyntaxError: /],
    ['over 64 KiB', oversized, 'BodyTooLarge: the body holds more than 65536 bytes'],
    ['without keys', () => Response.json({}), 'Error: the issuer answered with no key set'],
    ['of no keys', () => Response.json({ keys: [] }), 'Error: the issuer answered with no key set'],
    ['of an object of keys', () => Response.json({ keys: { 0: {} } }), 'Error: the issuer answered with no key set'],
    ['of keys that are texts', () => Response.json({ keys: ['k'] }), 'Error: the issuer answered with no key set'],
    ['of keys and null', () => Response.json({ keys: [{}, null] }), 'Error: the issuer answered with no key set'],
    ['of null', () => Response.json(null), 'Error: the issuer answered with no key set'],
    ['of a text', () => Response.json('keys'), 'Error: the issuer answered with no key set'],
    ['of a list', () => Response.json([{}]), 'Error: the issuer answered with no key set'],
  ])('%s is not a key set, and is logged', async ([, answer, cause], { expect }) => {
    const kept = createKept(answer);
    expect(await kids(kept)).toBeNull();
    expect(kept.store.keys).toBeNull();
    expect(kept.lines).toEqual([
      {
        level: 'warn',
        message: 'issuer keys not fetched',
        cause: typeof cause === 'string' ? cause : expect.stringMatching(cause),
      },
    ]);
  });

  it('of exactly 64 KiB is accepted', async ({ expect }) => {
    const text = JSON.stringify(keySet('one')).padEnd(65_536, ' ');
    expect(await kids(createKept(() => new Response(text)))).toEqual(['one']);
  });
});

describe('the cache of keys, while the issuer is down,', () => {
  it('fetches again after 5 s, and not before', async ({ expect }) => {
    const kept = createKept(down);
    expect(await kids(kept)).toBeNull();
    kept.answer = ok('one');
    kept.clock.nowMs += 5 * SECOND_MS - 1;
    expect(await kids(kept)).toBeNull();
    expect(kept.requests).toHaveLength(1);
    kept.clock.nowMs += 1;
    expect(await kids(kept)).toEqual(['one']);
  });

  it('fetches again after 5, 10 and then every 15 s, and starts over after an answer', async ({ expect }) => {
    const kept = createKept(down);
    const askedAtS: number[] = [];
    for (let second = 0; second <= 60; second += 1) {
      const before = kept.requests.length;
      await kids(kept);
      if (kept.requests.length > before) askedAtS.push(second);
      kept.clock.nowMs += SECOND_MS;
    }
    expect(askedAtS).toEqual([0, 5, 15, 30, 45, 60]);
    kept.answer = ok('one');
    kept.clock.nowMs += 15 * SECOND_MS;
    expect(await kids(kept)).toEqual(['one']);
    kept.answer = down;
    kept.clock.nowMs += KEYS_FRESH_MS;
    await kids(kept);
    const { length } = kept.requests;
    kept.clock.nowMs += 5 * SECOND_MS;
    await kids(kept);
    expect(kept.requests).toHaveLength(length + 1);
  });

  it('returns the last good keys for a day, and no longer', async ({ expect }) => {
    const kept = createKept(down, { jwks: keySet('one'), fetchedAtMs: STARTED_AT_MS });
    kept.clock.nowMs += 24 * HOUR_MS - 1;
    expect(await kids(kept)).toEqual(['one']);
    kept.clock.nowMs += 1;
    expect(await kids(kept)).toBeNull();
    expect(kept.lines).toHaveLength(1);
  });

  it('keeps good keys if the answer is invalid', async ({ expect }) => {
    const kept = createKept(ok('one'));
    await kids(kept);
    kept.answer = () => Response.json({ keys: [] });
    kept.clock.nowMs += KEYS_FRESH_MS;
    expect(await kids(kept)).toEqual(['one']);
    expect(kept.lines).toHaveLength(1);
  });
});
