import { describe, it } from 'vitest';
import { readConfig } from '../src/config/index.ts';
import { SETTINGS, type Setting } from '../src/config/settings.ts';
import { DEVELOPMENT, PRODUCTION, problemsOf, SECRET } from './support/environments.ts';

describe('a problem of the configuration', () => {
  it('is reported together with all others', ({ expect }) => {
    expect(problemsOf({ KLING_TIMEOUT_MS: 'soon', INTROSPECTION: 'yes' }).toSorted()).toEqual([
      'AUTH_AUDIENCE',
      'AUTH_ISSUER',
      'AUTH_JWKS_URL',
      'CALLBACK_SECRET',
      'HUB',
      'INTROSPECTION',
      'ISSUER_KEYS',
      'KLING_ACCESS_KEY',
      'KLING_ACCOUNT',
      'KLING_BASE_URL',
      'KLING_SECRET_KEY',
      'KLING_TIMEOUT_MS',
      'PUBLIC_URL',
      'REQUEST_RATE',
      'TASK_LEDGER',
      'UPLOAD',
      'WEBHOOK',
    ]);
  });

  it('says how to set a variable, and how to set a secret', ({ expect }) => {
    const result = readConfig({ ...PRODUCTION, CALLBACK_SECRET: '', KLING_TIMEOUT_MS: '0' });
    expect(result.ok || result.problems).toEqual([
      { setting: 'CALLBACK_SECRET', message: 'is missing: set it with `npx wrangler secret put CALLBACK_SECRET`' },
      {
        setting: 'KLING_TIMEOUT_MS',
        message:
          'must be a whole number from 1000 to 120000: set it under [vars] in wrangler.toml, as in `KLING_TIMEOUT_MS = "30000"`',
      },
    ]);
  });

  it('shows a line for wrangler.toml that the parser accepts', ({ expect }) => {
    const open = Object.entries<Setting<unknown>>(SETTINGS).filter(([, { secret }]) => !secret);
    for (const [, { parse, fallback, example }] of open) {
      expect(parse(example ?? fallback, true)).toMatchObject({ problem: null });
    }
    const { PUBLIC_URL: _, ...without } = PRODUCTION;
    expect(JSON.stringify(readConfig(without))).toContain('as in `PUBLIC_URL = \\"https://gateway.example.com\\"`');
  });

  it.for([
    ['an unknown environment', { ENVIRONMENT: 'staging' }, ['ENVIRONMENT']],
    ['no key at all', { KLING_ACCESS_KEY: '', KLING_SECRET_KEY: ' ' }, ['KLING_ACCESS_KEY', 'KLING_SECRET_KEY']],
    ['both kinds of key', { KLING_API_KEY: 'key' }, ['KLING_API_KEY']],
    ['half a pair, the first', { KLING_SECRET_KEY: undefined }, ['KLING_SECRET_KEY']],
    ['half a pair, the second', { KLING_ACCESS_KEY: undefined }, ['KLING_ACCESS_KEY']],
    ['a key with a line break inside', { KLING_SECRET_KEY: 's\nk' }, ['KLING_SECRET_KEY']],
    ['plain http', { KLING_BASE_URL: 'http://api-singapore.klingai.com' }, ['KLING_BASE_URL']],
    ['localhost in production', { KLING_BASE_URL: 'http://localhost:8788' }, ['KLING_BASE_URL']],
    ['localhost with https in production', { KLING_BASE_URL: 'https://localhost' }, ['KLING_BASE_URL']],
    ['a private address in production', { KLING_BASE_URL: 'https://10.0.0.1' }, ['KLING_BASE_URL']],
    ['the sandbox in production', { KLING_BASE_URL: 'https://kling-sandbox.example.com' }, ['KLING_BASE_URL']],
    ['a path after the host', { KLING_BASE_URL: 'https://api.klingai.com/v1' }, ['KLING_BASE_URL']],
    ['credentials before the host', { KLING_BASE_URL: 'https://a:b@api.klingai.com' }, ['KLING_BASE_URL']],
    ['no host', { KLING_BASE_URL: 'api.klingai.com' }, ['KLING_BASE_URL']],
    ['no public address in production', { PUBLIC_URL: undefined }, ['PUBLIC_URL']],
    ['a private public address', { PUBLIC_URL: 'https://gateway.internal' }, ['PUBLIC_URL']],
    ['a short callback secret', { CALLBACK_SECRET: SECRET.slice(0, 31) }, ['CALLBACK_SECRET']],
    ['a callback secret of one character', { CALLBACK_SECRET: 'x'.repeat(40) }, ['CALLBACK_SECRET']],
    ['three callback secrets', { CALLBACK_SECRET: `${SECRET}1 ${SECRET}2 ${SECRET}3` }, ['CALLBACK_SECRET']],
    ['a second callback secret that is short', { CALLBACK_SECRET: `${SECRET} short` }, ['CALLBACK_SECRET']],
    ['one secret for tokens and callbacks', { AUTH: 'secret', AUTH_SECRET: SECRET }, ['AUTH_SECRET']],
    [
      'two secrets for tokens, one of them also for callbacks',
      { AUTH: 'secret', AUTH_SECRET: `${SECRET}-of-users ${SECRET}` },
      ['AUTH_SECRET'],
    ],
    ['a key in quotes', { KLING_ACCESS_KEY: '"ak"' }, ['KLING_ACCESS_KEY']],
    ['a secret in quotes', { CALLBACK_SECRET: `'${SECRET}'` }, ['CALLBACK_SECRET']],
    ["a public address on Kling's host", { PUBLIC_URL: 'https://api-singapore.klingai.com' }, ['PUBLIC_URL']],
    ["a public address on another host of Kling's", { PUBLIC_URL: 'https://api-beijing.klingai.com' }, ['PUBLIC_URL']],
    ['a misspelt limit', { TENANT_MONTHLY_UNIT_MAX: '100' }, ['TENANT_MONTHLY_UNIT_MAX']],
    ['a setting in lower case', { cors_origins: 'https://a.test' }, ['cors_origins']],
    ['an unknown setting of a known family', { TENANT_BUDGET: 100 }, ['TENANT_BUDGET']],
    ['an environment without its objects', { HUB: undefined, TASK_LEDGER: undefined }, ['TASK_LEDGER', 'HUB']],
    ['no callback secret', { CALLBACK_SECRET: undefined }, ['CALLBACK_SECRET']],
    ['callers without a token in production', { AUTH: 'none' }, ['AUTH']],
    ['an unknown mode of authentication', { AUTH: 'basic' }, ['AUTH']],
    ['a shared secret that is missing', { AUTH: 'secret' }, ['AUTH_SECRET']],
    ['a shared secret that is empty', { AUTH: 'secret', AUTH_SECRET: ' ' }, ['AUTH_SECRET']],
    ['a short shared secret', { AUTH: 'secret', AUTH_SECRET: SECRET.slice(0, 31) }, ['AUTH_SECRET']],
    [
      'the shared secret of local development',
      { AUTH: 'secret', AUTH_SECRET: `not-a-secret-${SECRET}` },
      ['AUTH_SECRET'],
    ],
    ['the callback secret of local development', { CALLBACK_SECRET: `not-a-secret-${SECRET}` }, ['CALLBACK_SECRET']],
    ['no keys of the issuer', { AUTH_JWKS_URL: undefined }, ['AUTH_JWKS_URL']],
    ['keys over plain http', { AUTH_JWKS_URL: 'http://issuer.example.com/jwks' }, ['AUTH_JWKS_URL']],
    ['keys at a private address', { AUTH_JWKS_URL: 'https://169.254.169.254/jwks' }, ['AUTH_JWKS_URL']],
    ['credentials in the URL of the keys', { AUTH_JWKS_URL: 'https://a:b@issuer.example.com/jwks' }, ['AUTH_JWKS_URL']],
    ['no issuer', { AUTH_ISSUER: '' }, ['AUTH_ISSUER']],
    ['no audience', { AUTH_AUDIENCE: '' }, ['AUTH_AUDIENCE']],
    ['a symmetric algorithm', { AUTH_ALGORITHMS: 'RS256 HS256' }, ['AUTH_ALGORITHMS']],
    ['the algorithm none', { AUTH_ALGORITHMS: 'none' }, ['AUTH_ALGORITHMS']],
    ['a claim name past its length', { AUTH_TENANT_CLAIM: 'c'.repeat(65) }, ['AUTH_TENANT_CLAIM']],
    ['a missing rate-limit binding', { REQUEST_RATE: undefined }, ['REQUEST_RATE']],
    [
      'a webhook secret without its prefix',
      { KLING_WEBHOOK_SECRETS: 'dGVzdHNlY3JldHRlc3Q=' },
      ['KLING_WEBHOOK_SECRETS'],
    ],
    [
      'three webhook secrets',
      { KLING_WEBHOOK_SECRETS: Array(3).fill('whsec_dGVzdHNlY3JldHRlc3Q=').join(' ') },
      ['KLING_WEBHOOK_SECRETS'],
    ],
    ['a timeout too short', { KLING_TIMEOUT_MS: '999' }, ['KLING_TIMEOUT_MS']],
    ['a timeout too long', { KLING_TIMEOUT_MS: '120001' }, ['KLING_TIMEOUT_MS']],
    ['a broken number', { KLING_CONCURRENCY: '1.5' }, ['KLING_CONCURRENCY']],
    ['a negative number', { BODY_BYTES_MAX: '-1' }, ['BODY_BYTES_MAX']],
    ['a number in scientific notation', { TASK_MAX_AGE_HOURS: '1e3' }, ['TASK_MAX_AGE_HOURS']],
    ['a number past the end', { EVENT_RETENTION_HOURS: '721' }, ['EVENT_RETENTION_HOURS']],
    ['too small a number', { EVENTS_PER_TASK_MAX: '9' }, ['EVENTS_PER_TASK_MAX']],
    ['a budget with a comma', { TENANT_MONTHLY_UNITS_MAX: '1,5' }, ['TENANT_MONTHLY_UNITS_MAX']],
    ['a larger number past the end', { AUDIO_BODY_BYTES_MAX: '20000001' }, ['AUDIO_BODY_BYTES_MAX']],
    ['persisted queries that are neither on nor off', { APQ: 'yes' }, ['APQ']],
    ['an unknown value of TRUSTED_DOCUMENTS', { TRUSTED_DOCUMENTS: 'on' }, ['TRUSTED_DOCUMENTS']],
    ['an empty list of trusted documents', { TRUSTED_DOCUMENTS: 'only' }, ['TRUSTED_DOCUMENTS']],
    ['introspection that is neither on nor off', { INTROSPECTION: 'true' }, ['INTROSPECTION']],
    ['any origin', { CORS_ORIGINS: '*' }, ['CORS_ORIGINS']],
    ['any origin among others', { CORS_ORIGINS: 'https://a.test *' }, ['CORS_ORIGINS']],
    ['any subdomain', { CORS_ORIGINS: 'https://*.example.com' }, ['CORS_ORIGINS']],
    ['a plain http origin', { CORS_ORIGINS: 'http://app.example.com' }, ['CORS_ORIGINS']],
    ['a localhost origin in production', { CORS_ORIGINS: 'http://localhost:3000' }, ['CORS_ORIGINS']],
    ['an origin with a trailing slash', { CORS_ORIGINS: 'https://app.example.com/' }, ['CORS_ORIGINS']],
    ['an origin with a path', { CORS_ORIGINS: 'https://app.example.com/a' }, ['CORS_ORIGINS']],
    ['an origin with its default port', { CORS_ORIGINS: 'https://app.example.com:443' }, ['CORS_ORIGINS']],
    ['an origin in capitals', { CORS_ORIGINS: 'https://App.example.com' }, ['CORS_ORIGINS']],
    ['the origin of sandboxed frames and files', { CORS_ORIGINS: 'null' }, ['CORS_ORIGINS']],
    ['a comma alone', { CORS_ORIGINS: ' , ' }, ['CORS_ORIGINS']],
    ['an origin without a scheme', { CORS_ORIGINS: 'https://a.test, app.example.com' }, ['CORS_ORIGINS']],
    ['the origin of any file', { CORS_ORIGINS: 'file://' }, ['CORS_ORIGINS']],
    ['any file of a host', { CORS_ORIGINS: 'file://host' }, ['CORS_ORIGINS']],
    ['a web view with a path', { CORS_ORIGINS: 'capacitor://localhost/' }, ['CORS_ORIGINS']],
    ['a name that no header can have', { CORS_HEADERS: 'x-a, x:b' }, ['CORS_HEADERS']],
    ['too many headers', { CORS_HEADERS: 'x '.repeat(51) }, ['CORS_HEADERS']],
    ['a binding instead of a text', { KLING_BASE_URL: {} }, ['KLING_BASE_URL']],
  ] as const)('is reported for %s', ([, change, problems], { expect }) => {
    expect(problemsOf({ ...PRODUCTION, ...change })).toEqual(problems);
  });

  it.for([
    ['a public address without a callback secret', { PUBLIC_URL: 'http://localhost:8787' }, ['CALLBACK_SECRET']],
    [
      'callers without a token at a public address',
      { PUBLIC_URL: 'https://tunnel.example.com', CALLBACK_SECRET: SECRET },
      ['AUTH'],
    ],
    ['a plain http origin of another host', { CORS_ORIGINS: 'http://app.test' }, ['CORS_ORIGINS']],
    ['plain http to another host', { KLING_BASE_URL: 'http://kling.test' }, ['KLING_BASE_URL']],
    ['plain http to a public address', { KLING_BASE_URL: 'http://8.8.8.8' }, ['KLING_BASE_URL']],
  ] as const)('is reported in development for %s', ([, change, problems], { expect }) => {
    expect(problemsOf({ ...DEVELOPMENT, ...change })).toEqual(problems);
  });

  it.for(['IDEMPOTENCY_RETENTION_DAYS', 'idempotency_retention_days'])(
    'names the present setting for %s of version 0.1',
    (setting, { expect }) => {
      const result = readConfig({ ...PRODUCTION, [setting]: '90' });
      expect(result.ok || result.problems).toEqual([
        { setting, message: 'is called EXTERNAL_ID_RETENTION_DAYS now: rename it' },
      ]);
    },
  );

  it('is not reported for a variable with an unrelated name', ({ expect }) => {
    expect(problemsOf({ ...PRODUCTION, SENTRY_DSN: 'https://sentry.example.com', LOG_SAMPLE: 1 })).toEqual([]);
  });

  it('never shows the value of a setting', ({ expect }) => {
    const env = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, `${SECRET} ü`]));
    const result = readConfig(env);
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });
});

describe('the manifest of trusted documents', () => {
  const only = { ...PRODUCTION, TRUSTED_DOCUMENTS: 'only' };

  it('is read if TRUSTED_DOCUMENTS is only', ({ expect }) => {
    expect(readConfig(only, { a: '{ __typename }' })).toMatchObject({
      ok: true,
      config: { documents: { trustedOnly: true, trusted: new Map([['a', '{ __typename }']]) } },
    });
  });

  it('has each broken document reported once, only if TRUSTED_DOCUMENTS is only', ({ expect }) => {
    const broken = { a: '{', b: 1 };
    expect(readConfig(PRODUCTION, broken).ok).toBe(true);
    const result = readConfig(only, broken);
    expect(result.ok || result.problems).toEqual([
      {
        setting: 'TRUSTED_DOCUMENTS',
        message: expect.stringContaining('the document "a" cannot be served: Syntax Error'),
      },
      { setting: 'TRUSTED_DOCUMENTS', message: expect.stringContaining('the document "b" has no text') },
    ]);
  });
});
