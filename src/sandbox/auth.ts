import { decodeJwt, errors, jwtVerify } from 'jose';
import { KlingFailure } from './envelope.ts';

/** The SecretKey of every AccessKey. It protects nothing, because the sandbox is a local tool. */
export const sandboxSecretKey = 'sandbox-secret-key-of-thirty-two-bytes';

/** The caller. A refused caller has an account if its token names one. */
export interface Caller {
  /** The AccessKey or API key. */
  readonly account: string | null;
  readonly credential: 'jwt' | 'api-key';
  readonly failure: KlingFailure | null;
}

const secret = new TextEncoder().encode(sandboxSecretKey);
const accessKey = /^sandbox-access-key(-[a-z0-9-]+)?$/;
const apiKey = /^sandbox-api-key(-[a-z0-9-]+)?$/;

/** Whether a key belongs to an account of the sandbox. */
export function isAccountKey(key: string): boolean {
  return accessKey.test(key) || apiKey.test(key);
}

/**
 * Checks an Authorization header as Kling does. Fails with 1001 if it is missing and 1002 if it cannot be read. A token
 * fails with 1000 (signature), 1003 (not yet valid) or 1004 (expired).
 */
export async function authenticate(header: string | null, now: Date): Promise<Caller> {
  if (header === null || header.trim() === '') return refused('api-key', new KlingFailure(1001));
  const token = /^Bearer\s+(\S+)$/.exec(header.trim())?.[1];
  if (token === undefined) return refused('api-key', new KlingFailure(1002));
  if (apiKey.test(token)) return { account: token, credential: 'api-key', failure: null };
  const dots = token.split('.').length - 1;
  if (dots !== 2) {
    const parts = dots === 0 ? 0 : dots + 1;
    return refused('api-key', new KlingFailure(1002, `The token was expected to have 3 parts, but got ${parts}`));
  }
  return await verifyToken(token, now);
}

async function verifyToken(token: string, now: Date): Promise<Caller> {
  const account = readIssuer(token);
  if (account === null) return refused('jwt', new KlingFailure(1002, 'access key not found'));
  try {
    await jwtVerify(token, secret, { algorithms: ['HS256'], requiredClaims: ['iss', 'exp'], currentDate: now });
    return { account, credential: 'jwt', failure: null };
  } catch (error) {
    return { account, credential: 'jwt', failure: toFailure(error) };
  }
}

function readIssuer(token: string): string | null {
  try {
    const { iss } = decodeJwt(token);
    return iss !== undefined && accessKey.test(iss) ? iss : null;
  } catch {
    return null;
  }
}

function toFailure(error: unknown): KlingFailure {
  if (error instanceof errors.JWTExpired) return new KlingFailure(1004);
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf' && error.reason === 'check_failed') {
    return new KlingFailure(1003);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return new KlingFailure(1000);
  return new KlingFailure(1002);
}

function refused(credential: Caller['credential'], failure: KlingFailure): Caller {
  return { account: null, credential, failure };
}
