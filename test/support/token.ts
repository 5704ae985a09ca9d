import { SignJWT } from 'jose';
import { SCOPES } from '../../src/domain/ports.ts';

/** Settings that accept tokens signed with a shared secret, without rate limits in practice. */
export const TEST_AUTH = {
  TENANT_MUTATIONS_PER_MINUTE: '1000000',
  TENANT_UPSTREAM_READS_PER_MINUTE: '1000000',
  TENANT_FETCHES_PER_MINUTE: '1000000',
  AUTH: 'secret',
  AUTH_SECRET: 'secret-of-the-tests-that-signs-their-tokens',
  AUTH_ISSUER: 'https://issuer.test',
  AUTH_AUDIENCE: 'kling-gateway',
} as const;

/** Claims of any name and type. */
type Claims = Readonly<Record<string, unknown>>;

/** Signs a token of `tenant` with all scopes, valid for an hour. `claims` replace its claims, and undefined leaves one out. */
export async function mintToken(tenant: string, claims: Claims = {}): Promise<string> {
  const nowS = Math.floor(Date.now() / 1_000);
  const said: Claims = {
    iss: TEST_AUTH.AUTH_ISSUER,
    aud: TEST_AUTH.AUTH_AUDIENCE,
    sub: tenant,
    scope: SCOPES.join(' '),
    iat: nowS,
    exp: nowS + 3_600,
    ...claims,
  };
  return new SignJWT(said).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(TEST_AUTH.AUTH_SECRET));
}

/** Returns the value of the Authorization header for `tenant`. */
export async function bearer(tenant: string, claims: Claims = {}): Promise<string> {
  return `Bearer ${await mintToken(tenant, claims)}`;
}

/** The tenant of tests that do not need another. */
export const TENANT = 'default';

export const TOKEN = await mintToken(TENANT);
export const AUTHORIZATION = `Bearer ${TOKEN}`;

/** The first message on a socket of that tenant. */
export const CONNECTION_INIT = JSON.stringify({ type: 'connection_init', payload: { authorization: AUTHORIZATION } });

/** Two tenants whose sockets go to the same hub, so that one can slow down the other. */
export const NEIGHBOURS = ['attacker-91', 'bystander'] as const;
