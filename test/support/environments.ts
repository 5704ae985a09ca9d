import { readConfig } from '../../src/config/index.ts';

export const SECRET = 'a-secret-that-must-never-be-shown-anywhere';

/** The Durable Objects that wrangler.toml binds. */
const OBJECTS = { TASK_LEDGER: {}, KLING_ACCOUNT: {}, HUB: {}, ISSUER_KEYS: {}, UPLOAD: {}, WEBHOOK: {} };

/** A complete environment for production. */
export const PRODUCTION = {
  KLING_BASE_URL: 'https://api-singapore.klingai.com',
  KLING_ACCESS_KEY: 'ak',
  KLING_SECRET_KEY: 'sk',
  PUBLIC_URL: 'https://gateway.example.com',
  CALLBACK_SECRET: SECRET,
  AUTH_JWKS_URL: 'https://issuer.example.com/.well-known/jwks.json',
  AUTH_ISSUER: 'https://issuer.example.com',
  AUTH_AUDIENCE: 'kling-gateway',
  REQUEST_RATE: {},
  ...OBJECTS,
};
export const DEVELOPMENT = {
  ENVIRONMENT: 'development',
  KLING_BASE_URL: 'http://localhost:8788',
  KLING_API_KEY: 'key',
  AUTH: 'none',
  ...OBJECTS,
};

/** Returns the names of the settings with problems. */
export function problemsOf(env: object): string[] {
  const result = readConfig(env);
  return result.ok ? [] : result.problems.map(({ setting }) => setting);
}
