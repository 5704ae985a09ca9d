import { DurableObject } from 'cloudflare:workers';
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';
import { configOf } from '../config/index.ts';
import { GatewayError } from '../errors.ts';
import { type Backoff, backoffMs, settledWithin, startTimer, type StartTimer } from '../lib/time.ts';
import { isRecord, readText } from '../lib/json.ts';
import { createLog, type Log } from '../lib/log.ts';

/**
 * The object that fetches the keys of one issuer for all isolates. The last good keys survive an outage of the issuer.
 * Tokens with unknown key ids cost the issuer one request per 30 s, however many there are.
 */
export class IssuerKeys extends DurableObject<Env> {
  readonly #cache: JwksCache;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { auth, logTenant } = configOf(env);
    if (auth.mode !== 'jwks') throw new Error('no issuer is configured');
    const { jwksUrl } = auth;
    this.#cache = createJwksCache({
      jwksUrl,
      fetch: (url, init) => fetch(url, init),
      // Stored by the issuer's URL, because keys of another issuer are of no use. Those are deleted.
      load: () => ctx.storage.kv.get<IssuerKeySet>(jwksUrl) ?? null,
      save(keys) {
        for (const [url] of ctx.storage.kv.list({ prefix: 'http' })) if (url !== jwksUrl) ctx.storage.kv.delete(url);
        ctx.storage.kv.put(jwksUrl, keys);
      },
      now: Date.now,
      startTimer,
      background: (work) => ctx.waitUntil(work),
      log: createLog(logTenant),
    });
  }

  keys(newerThanMs: number): Promise<IssuerKeySet | null> {
    return this.#cache.keys(newerThanMs);
  }
}

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
  const { jwksUrl, fetch, load, save, now, background, log } = deps;
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
      else await settledWithin([flight], REFRESH_WAIT_MS, deps.startTimer);
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

/** The shortest time between two requests of an isolate for newer keys, however many tokens name an unknown key. */
const ASK_AGAIN_MS = 5_000;

/** The most keys that one token is tried with. An issuer needs two or three of them while it replaces a key. */
export const KEYS_TRIED_MAX = 8;

/** Verifies a token's signature and claims. Throws jose's error for a token that is refused. */
export type VerifyToken = (token: string, options: JWTVerifyOptions) => Promise<JWTPayload>;

interface KnownKeys {
  readonly find: JWTVerifyGetKey;
  readonly fetchedAtMs: number;
}

/**
 * Verifies tokens with the issuer's keys, and caches the keys. Throws `UPSTREAM_UNAVAILABLE` without keys. `read`
 * returns keys newer than an instant if it can get them, and the last good ones otherwise. If it throws, the cached keys
 * serve for a day. Each request reads by itself: in a Worker, requests must not share a promise that waits for I/O.
 */
export function createIssuerVerify(
  read: (newerThanMs: number) => Promise<IssuerKeySet | null>,
  now: () => number,
  log: Log,
): VerifyToken {
  let known: KnownKeys | null = null;
  let askedAtMs = Number.NEGATIVE_INFINITY;

  async function ask(newerThanMs: number): Promise<void> {
    askedAtMs = now();
    const keys = await read(newerThanMs).catch((error: unknown) => {
      log({ level: 'warn', message: 'issuer keys not read', cause: String(error) });
      return null;
    });
    if (keys === null || keys.fetchedAtMs === known?.fetchedAtMs) return;
    known = { find: createLocalJWKSet(withoutEdDsaNames(keys.jwks)), fetchedAtMs: keys.fetchedAtMs };
  }

  async function current(): Promise<KnownKeys> {
    const mayAsk = now() - askedAtMs >= ASK_AGAIN_MS;
    if (known === null || (mayAsk && now() - known.fetchedAtMs >= KEYS_FRESH_MS)) await ask(0);
    if (known !== null && now() - known.fetchedAtMs >= LAST_GOOD_MS) known = null;
    if (known === null) throw issuerDown();
    return known;
  }

  /** Returns newer keys. Returns null without newer keys, or if the last read is too recent. */
  async function newerThan({ fetchedAtMs }: KnownKeys): Promise<KnownKeys | null> {
    // Another request may have read them meanwhile.
    if (known?.fetchedAtMs === fetchedAtMs && now() - askedAtMs >= ASK_AGAIN_MS) await ask(fetchedAtMs);
    return known !== null && known.fetchedAtMs > fetchedAtMs ? known : null;
  }

  return async (token, options) => {
    const keys = await current();
    try {
      return await verifyWith(keys.find, token, options);
    } catch (error) {
      const newer = mayHaveNewKey(error, token) ? await newerThan(keys) : null;
      if (newer === null) throw error;
      return await verifyWith(newer.find, token, options);
    }
  };
}

/** Returns true if newer keys could verify the token. A key id never changes its key, so only a token without one may. */
function mayHaveNewKey(error: unknown, token: string): boolean {
  if (error instanceof errors.JWKSNoMatchingKey) return true;
  return error instanceof errors.JWSSignatureVerificationFailed && decodeProtectedHeader(token).kid === undefined;
}

/** Verifies with every key that the token may mean: several keys may share an id, or have no id. */
async function verifyWith(find: JWTVerifyGetKey, token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, find, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return await verifyWithAny(error, token, options);
  }
}

async function verifyWithAny(
  several: errors.JWKSMultipleMatchingKeys,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let refused: unknown = several;
  let tried = 0;
  for await (const key of several) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      // A wrong claim ends the search. Errors of other classes are about the key, such as one that is too short.
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      refused = error;
    }
    tried += 1;
    if (tried === KEYS_TRIED_MAX) break;
  }
  throw refused;
}

/**
 * Removes the algorithm from Ed25519 keys. `EdDSA` and `Ed25519` (RFC 9864) name the same algorithm, but jose compares
 * names. A key without a name verifies tokens with either, as while an issuer changes from one to the other.
 */
function withoutEdDsaNames({ keys }: JSONWebKeySet): JSONWebKeySet {
  return {
    keys: keys.map((key) => {
      const { alg: _name, ...nameless } = key;
      return isEd25519(key) ? nameless : key;
    }),
  };
}

function isEd25519({ kty, crv, alg }: JWK): boolean {
  return kty === 'OKP' && crv === 'Ed25519' && (alg === 'EdDSA' || alg === 'Ed25519');
}

function issuerDown(): GatewayError {
  return new GatewayError({
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'Tokens cannot be checked: their issuer does not answer.',
    retryable: true,
    retryAfterMs: ASK_AGAIN_MS,
  });
}
