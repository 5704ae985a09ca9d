import { SignJWT } from 'jose';
import { createSingleFlight } from '../lib/cache.ts';
import type { CredentialKind } from './errors.ts';

/** An AccessKey with its SecretKey, or a static API key (since 2026-06-17). Either is valid at one host only. */
export type KlingKeys = { readonly accessKey: string; readonly secretKey: string } | { readonly apiKey: string };

/** The credentials of the gateway at Kling. */
export interface Credentials {
  readonly kind: CredentialKind;
  /** Returns the token for the `Authorization` header. Throws if the keys cannot make one, with no secret in the message. */
  readonly token: () => Promise<string>;
  /** Forgets a token that Kling refused, unless it is already replaced. Returns whether the next token will differ. */
  readonly drop: (refused: string) => boolean;
}

/** The lifetime of a token. Source: Kling docs, "API authentication". */
const LIFETIME_S = 1800;
/** How far `nbf` lies in the past, for clocks that differ. Kling documents 5 s. Public clients need up to 300 s. */
const BACKDATED_S = 300;
/** The time before its end from which a token is not used: a request may take that long to arrive. */
const SPARE_MS = 60_000;
/** The characters of a bearer token that an HTTP header can carry. */
const HEADER_SAFE = /^[\x21-\x7e]+$/;

/** Creates the credentials for some keys. `now` returns milliseconds since the epoch. */
export function createCredentials(keys: KlingKeys, now: () => number): Credentials {
  return 'apiKey' in keys ? staticKey(keys.apiKey) : mintedToken(keys.accessKey, keys.secretKey, now);
}

function staticKey(apiKey: string): Credentials {
  return {
    kind: 'API_KEY',
    async token() {
      if (!HEADER_SAFE.test(apiKey)) throw new Error('the API key is empty or has characters that no header carries');
      return apiKey;
    },
    drop: () => false,
  };
}

function mintedToken(accessKey: string, secretKey: string, now: () => number): Credentials {
  let current: { readonly token: string; readonly goodUntilMs: number } | null = null;

  // Signing does no I/O, so requests of a Worker may share its promise.
  const mint = createSingleFlight(async () => {
    const nowMs = now();
    const nowS = Math.floor(nowMs / 1000);
    const token = await signToken(accessKey, secretKey, nowS);
    current = { token, goodUntilMs: nowMs + LIFETIME_S * 1000 - SPARE_MS };
    return token;
  });

  return {
    kind: 'ACCESS_KEY',
    async token() {
      return current !== null && now() < current.goodUntilMs ? current.token : mint();
    },
    drop(refused) {
      if (current?.token === refused) current = null;
      return true;
    },
  };
}

async function signToken(accessKey: string, secretKey: string, nowS: number): Promise<string> {
  if (accessKey === '' || secretKey === '') throw new Error('the AccessKey or the SecretKey is empty');
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(accessKey)
    .setExpirationTime(nowS + LIFETIME_S)
    .setNotBefore(nowS - BACKDATED_S)
    .sign(new TextEncoder().encode(secretKey));
}
