import type { JSONWebKeySet } from 'jose';
import { type Backoff, backoffMs } from '../lib/backoff.ts';
import type { Log } from '../lib/log.ts';
import { readText } from '../lib/read-text.ts';
import { settledWithin, type StartTimer } from '../lib/timer.ts';

/** The issuer's keys, as they were fetched. */
export interface IssuerKeySet {
  readonly jwks: JSONWebKeySet;
  readonly fetchedAtMs: number;
}

/** Keys older than this are fetched again when somebody asks. */
export const KEYS_FRESH_MS = 600_000;

/** How long keys are good while the issuer does not answer: a key that it withdrew must not last for ever. */
export const LAST_GOOD_MS = 24 * 3_600_000;

/** The issuer is asked at most so often, whatever tokens come. */
const COOLDOWN_MS = 30_000;
const COOLDOWN_AFTER_FAILURE: Backoff = { baseMs: 5_000, capMs: 15_000, jitter: 'NONE' };

const TIMEOUT_MS = 5_000;

/**
 * Longest that a fetch holds up who can do with the last good keys. Not 0: while the issuer is well, a key that it
 * withdrew is refused after ten minutes, and not only by the request after the first.
 */
export const REFRESH_WAIT_MS = 500;

const KEYS_BYTES_MAX = 65_536;

export interface KeyKeeperDeps {
  readonly jwksUrl: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** What was kept last; it outlives the process. */
  readonly load: () => IssuerKeySet | null;
  readonly save: (keys: IssuerKeySet) => void;
  readonly now: () => number;
  readonly startTimer: StartTimer;
  /** Goes on after the answer. */
  readonly background: (work: Promise<unknown>) => void;
  readonly log: Log;
}

/** Keeps the keys of one issuer. */
export interface KeyKeeper {
  /**
   * Keys fetched after `newerThanMs` if they can be had, else the last good ones; null: there are none. Where the last
   * good ones are newer than that, an issuer that does not answer is waited for only for `REFRESH_WAIT_MS`.
   */
  keys(newerThanMs: number): Promise<IssuerKeySet | null>;
}

export function createKeyKeeper(deps: KeyKeeperDeps): KeyKeeper {
  const { jwksUrl, fetch, load, save, now, startTimer, background, log } = deps;
  let nextFetchAtMs = 0;
  /** In a row. */
  let failures = 0;
  let flight: Promise<void> | null = null;

  async function refresh(): Promise<void> {
    try {
      const jwks = await fetchKeys(jwksUrl, fetch);
      failures = 0;
      nextFetchAtMs = now() + COOLDOWN_MS;
      save({ jwks, fetchedAtMs: now() });
    } catch (error) {
      failures += 1;
      // Without jitter: one object asks for all.
      nextFetchAtMs = now() + backoffMs(failures, COOLDOWN_AFTER_FAILURE, () => 0);
      log({ level: 'warn', message: 'issuer keys not fetched', cause: String(error) });
    }
  }

  function lastGood(): IssuerKeySet | null {
    const kept = load();
    return kept !== null && now() - kept.fetchedAtMs < LAST_GOOD_MS ? kept : null;
  }

  return {
    async keys(newerThanMs) {
      const kept = lastGood();
      const isFresh = kept !== null && now() - kept.fetchedAtMs < KEYS_FRESH_MS;
      if (isFresh && kept.fetchedAtMs > newerThanMs) return kept;
      if (flight === null && now() >= Math.max(nextFetchAtMs, cooledAtMs(kept))) {
        flight = refresh().finally(() => {
          flight = null;
        });
        background(flight);
      }
      if (flight === null) return kept;
      if (kept === null || kept.fetchedAtMs <= newerThanMs) await flight;
      else await settledWithin([flight], REFRESH_WAIT_MS, startTimer);
      return lastGood();
    },
  };
}

/** By what outlives the process: after an eviction the issuer is not asked sooner. */
function cooledAtMs(kept: IssuerKeySet | null): number {
  return kept === null ? 0 : kept.fetchedAtMs + COOLDOWN_MS;
}

async function fetchKeys(jwksUrl: string, fetch: KeyKeeperDeps['fetch']): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(jwksUrl, { headers: { accept: 'application/json' }, redirect: 'manual', signal });
  if (response.status !== 200) throw new Error(`the issuer answered with ${response.status}`);
  const body: unknown = JSON.parse(await readText(response.body, KEYS_BYTES_MAX, signal));
  if (!isKeySet(body)) throw new Error('the issuer answered with no key set');
  return body;
}

function isKeySet(body: unknown): body is JSONWebKeySet {
  if (typeof body !== 'object' || body === null || !('keys' in body) || !Array.isArray(body.keys)) return false;
  return body.keys.length > 0 && body.keys.every((key) => typeof key === 'object' && key !== null);
}
