import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { SignJWT } from 'jose';

const SETTINGS_FILE = join(import.meta.dirname, '../../.env.sandbox');

/** Mints a token of a new tenant with all scopes that the studio needs. The gateway accepts it 10 s longer. */
export async function mintStudioToken(tenant: string, lifetimeSeconds = 3600): Promise<string> {
  const { AUTH_SECRET = '', AUTH_ISSUER = '', AUTH_AUDIENCE = '' } = parseEnv(readFileSync(SETTINGS_FILE, 'utf8'));
  return new SignJWT({ scope: 'voices:read voices:write lipsync:read lipsync:write webhooks:read webhooks:write' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(AUTH_ISSUER)
    .setAudience(AUTH_AUDIENCE)
    .setSubject(tenant)
    .setIssuedAt()
    .setExpirationTime(`${lifetimeSeconds}s`)
    .sign(new TextEncoder().encode(AUTH_SECRET));
}
