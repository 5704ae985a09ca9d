import { errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose';
import type { AuthConfig, TokenRules } from '../config.ts';
import { EVERYBODY, isScope, isTenant, type Viewer } from '../domain/viewer.ts';
import { GatewayError } from '../errors.ts';
import { createBoundedCache } from '../lib/bounded-cache.ts';
import type { Log } from '../lib/log.ts';
import type { VerifyToken } from './issuer-key.ts';
import { toTokenRefusal, UnusableClaim } from './token-refusal.ts';

/** Longer tokens are not looked at: headers end at 16 KB in most places. */
const TOKEN_CHARS_MAX = 8_192;

const SUBJECT_CHARS_MAX = 256;

/**
 * A token that was good is not verified again so soon: a client sends the same one with each request, and its signature
 * takes as long as all else of a small one. So long does a key that its issuer withdraws serve on for such a token.
 */
export const VERIFIED_MS = 30_000;

const VERIFIED = { charsPerEntryMax: TOKEN_CHARS_MAX, charsMax: 512 * 1024 };

/**
 * Says who is calling. `authorization` is what the header of that name holds; `requestId` is logged with a refusal. Throws `UNAUTHENTICATED` when it is missing
 * or proves nothing, and `UPSTREAM_UNAVAILABLE` when the issuer's keys cannot be had.
 */
export type Authenticate = (authorization: string | null, requestId: string) => Promise<Viewer>;

export interface AuthenticateDeps {
  /** Verifies with the issuer's keys; used where the configuration names a JWKS. */
  readonly issuerVerify: VerifyToken;
  readonly now: () => number;
  /** Told why a token was refused, and never the token. */
  readonly log: Log;
}

interface Verified {
  readonly viewer: Viewer;
  readonly untilMs: number;
}

/** Build it once per isolate: it keeps tokens that were good. */
export function createAuthenticate(config: AuthConfig, deps: AuthenticateDeps): Authenticate {
  if (config.mode === 'none') return async () => EVERYBODY;
  const { now, log } = deps;
  const verify = createVerify(config, deps);
  const verified = createBoundedCache<Verified>(VERIFIED);
  return async (authorization, requestId) => {
    const token = tokenOf(authorization);
    if (token === null) throw unauthenticated('Send a token: "authorization: Bearer ...".');
    const known = verified.get(token);
    if (known !== undefined && now() < known.untilMs) return known.viewer;
    const untilMs = now() + VERIFIED_MS;
    try {
      const viewer = toViewer(await verify(token), config);
      verified.set(token, { viewer, untilMs: Math.min(untilMs, viewer.expiresAtMs) });
      return viewer;
    } catch (error) {
      // Whatever else jose throws at a stranger's token is the token's fault too, such as a key of the wrong kind.
      if (error instanceof GatewayError) throw error;
      log({ level: 'info', message: 'token refused', requestId, ...toTokenRefusal(error, config) });
      throw unauthenticated(messageOf(error));
    }
  };
}

function createVerify(config: Exclude<AuthConfig, { mode: 'none' }>, { issuerVerify, now }: AuthenticateDeps) {
  const options: JWTVerifyOptions = {
    issuer: config.issuer,
    audience: config.audience,
    algorithms: config.mode === 'secret' ? ['HS256'] : [...config.algorithms],
    requiredClaims: ['exp', 'iat', 'sub'],
    maxTokenAge: config.maxAgeMs / 1_000,
    clockTolerance: config.clockToleranceMs / 1_000,
  };
  const secrets = config.mode === 'secret' ? config.secrets.map((secret) => new TextEncoder().encode(secret)) : null;

  /** While one secret replaces another, a token may be signed with either. */
  async function verified(token: string, dated: JWTVerifyOptions): Promise<JWTPayload> {
    if (secrets === null) return issuerVerify(token, dated);
    for (const secret of secrets.slice(0, -1)) {
      try {
        return (await jwtVerify(token, secret, dated)).payload;
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
    return (await jwtVerify(token, secrets.at(-1) ?? new Uint8Array(), dated)).payload;
  }

  return async (token: string): Promise<JWTPayload> => {
    const dated = { ...options, currentDate: new Date(now()) };
    const payload = await verified(token, dated);
    // jose counts in whole seconds, and lets the one through in which the age is reached.
    if (expiresAtMsOf(payload, config) <= now()) {
      const isPast = (payload.exp ?? 0) * 1_000 + config.clockToleranceMs <= now();
      throw new errors.JWTExpired('too old', payload, isPast ? 'exp' : 'iat');
    }
    return payload;
  };
}

function messageOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  return error instanceof UnusableClaim ? error.message : 'The token is not valid.';
}

function tokenOf(authorization: string | null): string | null {
  const [, token = null] = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '') ?? [];
  return token !== null && token.length <= TOKEN_CHARS_MAX ? token : null;
}

function toViewer(claims: JWTPayload, rules: TokenRules): Viewer & { readonly expiresAtMs: number } {
  const tenant = claims[rules.tenantClaim];
  if (!isTenant(tenant)) throw unusable(claims, rules.tenantClaim, 'names no tenant');
  const { sub } = claims;
  // jose asks that it is there, not that it is a text.
  if (typeof sub !== 'string') throw unusable(claims, 'sub', 'is no text');
  return {
    tenant,
    subject: sub.slice(0, SUBJECT_CHARS_MAX),
    scopes: [...new Set(textsOf(claims[rules.scopeClaim]))].filter(isScope),
    expiresAtMs: expiresAtMsOf(claims, rules),
  };
}

/** A token is accepted for so long, and no longer. */
function expiresAtMsOf({ exp = 0, iat = 0 }: JWTPayload, { maxAgeMs, clockToleranceMs }: TokenRules): number {
  return Math.min(exp * 1_000, iat * 1_000 + maxAgeMs) + clockToleranceMs;
}

/** RFC 8693 has scopes in one text, with blanks between; some issuers send a list. */
function textsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((item) => typeof item === 'string') : [];
}

function unusable(claims: JWTPayload, claim: string, why: string): UnusableClaim {
  return new UnusableClaim(`The token's claim "${claim}" ${why}.`, claims, claim);
}

function unauthenticated(message: string): GatewayError {
  return new GatewayError({ code: 'UNAUTHENTICATED', message, retryable: false });
}
