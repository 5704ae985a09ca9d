import type { JSONWebKeySet } from 'jose';
import { type Backoff, backoffMs } from '../lib/backoff.ts';
import { settledWithin, type StartTimer } from '../lib/deadline.ts';
import { isRecord } from '../lib/json.ts';
import type { Log } from '../lib/log.ts';
import { readText } from '../lib/read-text.ts';

/** The issuer's keys, and when they were fetched. */
export interface IssuerKeySet {
  readonly jwks: JSONWebKeySet;
  readonly fetchedAtMs: number;
}

/** The age from which keys are fetched again on the next read. */
export const KEYS_FRESH_MS = 600_000;

/** The age up to which keys are used while the issuer does not answer. It bounds the life of a revoked key. */
export const LAST_GOOD_MS = 24 * 3_600_000;

/** The shortest time between two fetches, whatever tokens arrive. */
const COOLDOWN_MS = 30_000;
const COOLDOWN_AFTER_FAILURE: Backoff = { baseMs: 5_000, capMs: 15_000, jitter: 'NONE' };

const TIMEOUT_MS = 5_000;

/**
 * The longest wait for a fetch if the last good keys would do. Not 0, so that the first request after ten minutes already
 * refuses a revoked key.
 */
export const REFRESH_WAIT_MS = 500;

const KEYS_BYTES_MAX = 65_536;

/** The dependencies of `createJwksCache`. */
export interface JwksCacheDeps {
  readonly jwksUrl: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Returns the keys that were saved last. They survive eviction. */
  readonly load: () => IssuerKeySet | null;
  readonly save: (keys: IssuerKeySet) => void;
  readonly now: () => number;
  readonly startTimer: StartTimer;
  /** Keeps work going after the answer. */
  readonly background: (work: Promise<unknown>) => void;
  readonly log: Log;
}

/** A cache of the keys of one issuer. */
export interface JwksCache {
  /**
   * Returns keys fetched after `newerThanMs` if it can get them, and the last good ones otherwise. Returns null without
   * either. Waits for the issuer at most `REFRESH_WAIT_MS` if the last good keys are newer than `newerThanMs`.
   */
  keys(newerThanMs: number): Promise<IssuerKeySet | null>;
}

/** Creates the cache. Build it once per object, so that fetches are shared. */
export function createJwksCache(deps: JwksCacheDeps): JwksCache {
  const { jwksUrl, fetch, load, save, now, startTimer, background, log } = deps;
  let nextFetchAtMs = 0;
  /** Consecutive failures. */
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
      // No jitter, because one object fetches for all isolates.
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

/** Returns when the next fetch is allowed, from stored data: an eviction must not shorten the wait. */
function cooledAtMs(kept: IssuerKeySet | null): number {
  return kept === null ? 0 : kept.fetchedAtMs + COOLDOWN_MS;
}

async function fetchKeys(jwksUrl: string, fetch: JwksCacheDeps['fetch']): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(jwksUrl, { headers: { accept: 'application/json' }, redirect: 'manual', signal });
  if (response.status !== 200) throw new Error(`the issuer answered with ${response.status}`);
  const body: unknown = JSON.parse(await readText(response.body, KEYS_BYTES_MAX, signal));
  if (!isKeySet(body)) throw new Error('the issuer answered with no key set');
  return body;
}

function isKeySet(body: unknown): body is JSONWebKeySet {
  if (!isRecord(body) || !Array.isArray(body['keys'])) return false;
  return body['keys'].length > 0 && body['keys'].every((key) => typeof key === 'object' && key !== null);
}
