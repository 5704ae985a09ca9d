import { base64url, exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';
import { createAuthenticate } from '../../src/auth/access.ts';
import { createIssuerVerify } from '../../src/auth/issuer-keys.ts';
import type { AuthConfig, TokenRules } from '../../src/config/index.ts';
import type { Viewer } from '../../src/domain/ports.ts';
import { type Failure, GatewayError } from '../../src/errors.ts';
import type { LogEvent } from '../../src/lib/log.ts';

/** Tools to forge tokens as an attacker does: with any header, any claims and any signature. */

export const NOW_S = 1_790_000_000;
export const DAY_S = 86_400;
export const TOLERANCE_S = 10;

export const RULES: TokenRules = {
  issuer: 'https://issuer.test',
  audience: 'kling-gateway',
  tenantClaim: 'sub',
  scopeClaim: 'scope',
  maxAgeMs: DAY_S * 1_000,
  clockToleranceMs: TOLERANCE_S * 1_000,
};

/** The request id of tests that do not need another. */
export const REQUEST_ID = 'request-of-the-forgeries';

/** The fields of every log line about a refused token. */
export const REFUSED = { level: 'info', message: 'token refused', requestId: REQUEST_ID } as const;

export const SECRET = 'secret-of-the-forgeries-0123456789abcdef';

/** Returns the claims of a valid token with `change` applied. A change to undefined leaves a claim out. */
export function claimsOf(change: object = {}): object {
  return {
    iss: RULES.issuer,
    aud: RULES.audience,
    sub: 'tenant-a',
    scope: 'voices:read',
    iat: NOW_S,
    exp: NOW_S + 3_600,
    ...change,
  };
}

export type Sign = (data: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>;

export function hmac(secret: string, hash = 'SHA-256'): Sign {
  return async (data) => {
    const key = await crypto.subtle.importKey('raw', utf8(secret), { name: 'HMAC', hash }, false, ['sign']);
    return crypto.subtle.sign('HMAC', key, data);
  };
}

export function signer(key: CryptoKey, hash = 'SHA-256'): Sign {
  return (data) => crypto.subtle.sign({ name: key.algorithm.name, hash }, key, data);
}

/** Builds a token. Its signature is empty if `sign` is null. */
export async function forge(header: object, claims: object, sign: Sign | null): Promise<string> {
  const signed = [header, claims].map((part) => base64url.encode(utf8(JSON.stringify(part)))).join('.');
  const signature = sign === null ? '' : base64url.encode(new Uint8Array(await sign(utf8(signed))));
  return `${signed}.${signature}`;
}

export interface TestKey {
  readonly jwk: JWK;
  readonly publicKey: CryptoKey;
  readonly sign: Sign;
}

const HASHES: Readonly<Record<string, string>> = { RS256: 'SHA-256', ES256: 'SHA-256', ES384: 'SHA-384' };

export async function makeKey(kid: string, alg: 'RS256' | 'ES256' | 'ES384' | 'Ed25519'): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig' };
  return { jwk, publicKey, sign: signer(privateKey, HASHES[alg]) };
}

/** Authentication with a fixed clock, and the log lines that it writes. */
export interface Gate {
  readonly enter: (token: string) => Promise<Viewer>;
  readonly authenticate: (authorization: string | null, requestId?: string) => Promise<Viewer>;
  readonly lines: LogEvent[];
}

export function openGate(config: AuthConfig, keys: JSONWebKeySet = { keys: [] }, nowMs = NOW_S * 1_000): Gate {
  const lines: LogEvent[] = [];
  const log = (line: LogEvent): void => void lines.push(line);
  const now = (): number => nowMs;
  const authenticate = createAuthenticate(config, {
    issuerVerify: createIssuerVerify(async () => ({ jwks: keys, fetchedAtMs: nowMs }), now, log),
    now,
    log,
  });
  const ask = (authorization: string | null, requestId = REQUEST_ID) => authenticate(authorization, requestId);
  return { enter: (token) => ask(`Bearer ${token}`), authenticate: ask, lines };
}

export const SECRET_MODE = { mode: 'secret', secrets: [SECRET], ...RULES } satisfies AuthConfig;

export const JWKS_MODE = {
  mode: 'jwks',
  jwksUrl: 'https://issuer.test/keys',
  algorithms: ['RS256', 'ES256', 'ES384', 'Ed25519', 'EdDSA'],
  ...RULES,
} satisfies AuthConfig;

/** Returns the failure that refused the call. Throws if the call succeeded or threw anything but a `GatewayError`. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (error instanceof GatewayError) return error.failure;
    throw error;
  }
  throw new Error('expected the call to be refused');
}

export const NOT_VALID: Failure = { code: 'UNAUTHENTICATED', message: 'The token is not valid.', retryable: false };
export const EXPIRED: Failure = { code: 'UNAUTHENTICATED', message: 'The token has expired.', retryable: false };

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}
