import { createAuthenticate } from '../../src/auth/access.ts';
import { createIssuerVerify, createJwksCache, type IssuerKeySet } from '../../src/auth/issuer-keys.ts';
import { startTimer } from '../../src/lib/time.ts';
import type { LogEvent } from '../../src/lib/log.ts';
import { claimsOf, forge, JWKS_MODE, NOW_S, REQUEST_ID, type TestKey } from './forge.ts';

const SECOND_MS = 1_000;

/** An isolate that verifies tokens with the keys of an `IssuerKeys` object. Only the test moves its clock. */
export class Isolate {
  nowMs = NOW_S * SECOND_MS;
  /** The keys of the issuer, or null if the issuer is down. */
  keys: readonly TestKey[] | null = [];
  requests = 0;
  /** Calls of the object. */
  reads = 0;
  /** Whether the issuer accepts requests without answering them. */
  hangs = false;
  /** Whether the object is unreachable. */
  cutOff = false;
  readonly lines: LogEvent[] = [];

  readonly #cache = createJwksCache({
    jwksUrl: JWKS_MODE.jwksUrl,
    fetch: async () => {
      this.requests += 1;
      if (this.hangs) await new Promise(() => {});
      if (this.keys === null) throw new Error('down');
      return Response.json({ keys: this.keys.map(({ jwk }) => jwk) });
    },
    load: () => this.#stored,
    save: (keys) => void (this.#stored = keys),
    now: () => this.nowMs,
    startTimer,
    background: () => {},
    log: () => {},
  });
  #stored: IssuerKeySet | null = null;

  readonly #authenticate = createAuthenticate(JWKS_MODE, {
    issuerVerify: createIssuerVerify(
      async (newerThanMs) => {
        this.reads += 1;
        if (this.cutOff) throw new Error('Network connection lost.');
        return this.#cache.keys(newerThanMs);
      },
      () => this.nowMs,
      (line) => this.lines.push(line),
    ),
    now: () => this.nowMs,
    log: () => {},
  });

  constructor(keys: readonly TestKey[] | null) {
    this.keys = keys;
  }

  /** Authenticates with a new token of `key`, and returns its tenant. The token names no key if `kid` is null. */
  async enter(key: TestKey, kid: string | null = key.jwk.kid ?? null): Promise<string> {
    const nowS = Math.floor(this.nowMs / SECOND_MS);
    const header = { alg: 'ES256', ...(kid === null ? {} : { kid }) };
    const token = await forge(header, claimsOf({ iat: nowS, exp: nowS + 60 }), key.sign);
    return (await this.#authenticate(`Bearer ${token}`, REQUEST_ID)).tenant;
  }
}
