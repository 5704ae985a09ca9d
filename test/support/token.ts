import { SignJWT } from 'jose';
import { SCOPES } from '../../src/domain/viewer.ts';

/** Who may call the gateway in tests: bearers of tokens signed with a shared secret. As often as they like. */
export const TEST_AUTH = {
  TENANT_MUTATIONS_PER_MINUTE: '1000000',
  TENANT_UPSTREAM_READS_PER_MINUTE: '1000000',
  AUTH: 'secret',
  AUTH_SECRET: 'secret-of-the-tests-that-signs-their-tokens',
  AUTH_ISSUER: 'https://issuer.test',
  AUTH_AUDIENCE: 'kling-gateway',
} as const;

/** Claims as somebody could sign them, of any type. */
type Claims = Readonly<Record<string, unknown>>;

/** A token of `tenant` with all scopes, good for an hour; `claims` replace what it says, undefined leaves a claim out. */
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

/** As the header has it. */
export async function bearer(tenant: string, claims: Claims = {}): Promise<string> {
  return `Bearer ${await mintToken(tenant, claims)}`;
}

/** The tenant of every test that needs no other. */
export const TENANT = 'default';

export const TOKEN = await mintToken(TENANT);
export const AUTHORIZATION = `Bearer ${TOKEN}`;

/** What a socket of that tenant begins with. */
export const CONNECTION_INIT = JSON.stringify({ type: 'connection_init', payload: { authorization: AUTHORIZATION } });

/** Two tenants whose sockets come to the same hub, so that what one does there is felt by the other. */
export const NEIGHBOURS = ['attacker-91', 'bystander'] as const;
