import { SignJWT } from 'jose';
import { createSingleFlight } from '../lib/single-flight.ts';

/** An AccessKey with its SecretKey, or a static API key (since 2026-06-17). Both belong to one console and its host. */
export type KlingKeys = { readonly accessKey: string; readonly secretKey: string } | { readonly apiKey: string };

/** Proves to Kling who is calling. */
export interface Credentials {
  /** For messages and logs: which kind it is, never what it is. */
  readonly kind: 'ACCESS_KEY' | 'API_KEY';
  /** The token for the `Authorization` header. Throws when the keys cannot make one; its message holds no secret. */
  readonly token: () => Promise<string>;
  /** Forgets a token that Kling refused. True when the next one will be another; a token already replaced stays. */
  readonly drop: (refused: string) => boolean;
}

/** A token lives for 1800 s. Source: Kling docs, "API authentication". */
const LIFETIME_S = 1800;
/** A token starts so far in the past, for clocks that differ. Kling documents 5 s; public clients need up to 300 s. */
const BACKDATED_S = 300;
/** A token this close to its end is not used: the request may take as long to arrive. */
const SPARE_MS = 60_000;
/** What an HTTP header may carry of a bearer token. */
const HEADER_SAFE = /^[\x21-\x7e]+$/;

/** `now` gives milliseconds since the epoch. */
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

  // Signing waits for no I/O, so a mint shared between two requests of a Worker cannot hang on either of them.
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
