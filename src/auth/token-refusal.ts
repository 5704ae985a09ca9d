import { errors } from 'jose';
import type { TokenRules } from '../config/index.ts';
import { isTenant } from '../domain/viewer.ts';

/** A claim of a verified token that the gateway cannot use. Its message is shown to the caller. */
export class UnusableClaim extends errors.JWTClaimValidationFailed {}

/** What a line of the log says of a refused token. Nothing in it is taken from a token whose signature is wrong. */
export interface TokenRefusal {
  /** The claim that is wrong, or the part of the token: `signature`, `kid`, `alg`, `crit`, `format`, or `key` for the issuer's own. */
  readonly claim: string;
  /** jose's code, or what went wrong with the issuer's key. */
  readonly cause: string;
  readonly tenant?: string;
}

const PARTS: Readonly<Record<string, string>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature',
  ERR_JWKS_NO_MATCHING_KEY: 'kid',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'kid',
  ERR_JOSE_ALG_NOT_ALLOWED: 'alg',
  ERR_JOSE_NOT_SUPPORTED: 'crit',
  ERR_JWS_INVALID: 'format',
  ERR_JWT_INVALID: 'format',
};

export function toTokenRefusal(error: unknown, { issuer, tenantClaim }: TokenRules): TokenRefusal {
  const cause = error instanceof errors.JOSEError ? error.code : String(error);
  if (!(error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed)) {
    return { claim: PARTS[cause] ?? 'key', cause };
  }
  // jose reads claims after it has verified the signature.
  const { claim, payload } = error;
  const tenant = payload[tenantClaim];
  return { claim, cause, ...(payload.iss === issuer && isTenant(tenant) ? { tenant } : {}) };
}
