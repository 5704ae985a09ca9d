import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { GatewayError } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import { type IssuerKeySet, KEYS_FRESH_MS, LAST_GOOD_MS } from './key-keeper.ts';

/** An isolate asks for newer keys at most so often, however many tokens name a key that it does not know. */
const ASK_AGAIN_MS = 5_000;

/**
 * Finds the key that a token names; throws `UPSTREAM_UNAVAILABLE` when there are no keys at all. `read` answers with keys
 * newer than an instant where it can, with the last good ones otherwise; when it throws, what is known serves on, for a
 * day. Each request asks by itself: in a Worker a promise that waits for I/O must not be shared between requests.
 */
export function createIssuerKey(
  read: (newerThanMs: number) => Promise<IssuerKeySet | null>,
  now: () => number,
  log: Log,
): JWTVerifyGetKey {
  let known: { readonly find: JWTVerifyGetKey; readonly fetchedAtMs: number } | null = null;
  let askedAtMs = Number.NEGATIVE_INFINITY;

  async function ask(newerThanMs: number): Promise<void> {
    askedAtMs = now();
    const keys = await read(newerThanMs).catch((error: unknown) => {
      log({ level: 'warn', message: 'issuer keys not read', cause: String(error) });
      return null;
    });
    if (keys === null || keys.fetchedAtMs === known?.fetchedAtMs) return;
    known = { find: createLocalJWKSet(keys.jwks), fetchedAtMs: keys.fetchedAtMs };
  }

  return async (header, token) => {
    const mayAsk = now() - askedAtMs >= ASK_AGAIN_MS;
    if (known === null || (mayAsk && now() - known.fetchedAtMs >= KEYS_FRESH_MS)) await ask(0);
    if (known !== null && now() - known.fetchedAtMs >= LAST_GOOD_MS) known = null;
    if (known === null) throw issuerDown();
    try {
      return await known.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || now() - askedAtMs < ASK_AGAIN_MS) throw error;
      await ask(known.fetchedAtMs);
      return known.find(header, token);
    }
  };
}

function issuerDown(): GatewayError {
  return new GatewayError({
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'Tokens cannot be checked: their issuer does not answer.',
    retryable: true,
    retryAfterMs: ASK_AGAIN_MS,
  });
}
