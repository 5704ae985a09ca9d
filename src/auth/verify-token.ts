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
import { GatewayError } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import { type IssuerKeySet, KEYS_FRESH_MS, LAST_GOOD_MS } from './jwks-cache.ts';

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
