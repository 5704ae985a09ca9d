import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { SignJWT } from 'jose';

/** The callers of a gateway that runs with .env.sandbox, each with its scopes. */
export const DEV_CALLERS = {
  'tenant-a': 'voices:read voices:write lipsync:read lipsync:write webhooks:read webhooks:write',
  'tenant-b': 'voices:read voices:write lipsync:read lipsync:write webhooks:read webhooks:write',
  operator: 'operator',
} as const;

/** The name of one of them. */
export type DevCaller = keyof typeof DEV_CALLERS;

const SETTINGS_FILE = join(import.meta.dirname, '../../.env.sandbox');

/** Mints a token for local development, valid for 12 hours. A gateway with another secret refuses it. */
export async function mintDevToken(caller: DevCaller): Promise<string> {
  const { AUTH_SECRET = '', AUTH_ISSUER = '', AUTH_AUDIENCE = '' } = parseEnv(readFileSync(SETTINGS_FILE, 'utf8'));
  return new SignJWT({ scope: DEV_CALLERS[caller] })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(AUTH_ISSUER)
    .setAudience(AUTH_AUDIENCE)
    .setSubject(caller)
    .setIssuedAt()
    .setExpirationTime('12h')
    .sign(new TextEncoder().encode(AUTH_SECRET));
}
