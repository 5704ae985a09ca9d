import { exports } from 'cloudflare:workers';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { describe, it } from 'vitest';
import { openSandbox } from '../support/ledger.ts';
import { AUTHORIZATION, bearer, mintToken, TEST_AUTH, TENANT, TOKEN } from '../support/token.ts';

const sandbox = openSandbox('security-tokens');

const CLAIMS = {
  iss: TEST_AUTH.AUTH_ISSUER,
  aud: TEST_AUTH.AUTH_AUDIENCE,
  sub: TENANT,
  scope: 'voices:read voices:write',
  iat: Math.floor(Date.now() / 1_000),
  exp: Math.floor(Date.now() / 1_000) + 600,
};
const SECRET = new TextEncoder().encode(TEST_AUTH.AUTH_SECRET);
/** Signs as an empty secret does, because HMAC pads its key with zeros (RFC 2104). Web Crypto imports no empty key. */
const EMPTY_SECRET = new Uint8Array(1);
const now = CLAIMS.iat;

async function ownKey(header: object): Promise<string> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS256', ...header }).sign(privateKey);
}

function signedWith(secret: Uint8Array, alg = 'HS256'): Promise<string> {
  return new SignJWT(CLAIMS).setProtectedHeader({ alg }).sign(secret);
}

function part(value: object): string {
  return btoa(JSON.stringify(value)).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
}

const [head = '', claims = '', signature = ''] = TOKEN.split('.');

const FORGED: readonly (readonly [name: string, token: () => string | Promise<string>])[] = [
  ['algorithm none', () => new UnsecuredJWT(CLAIMS).encode()],
  ['algorithm None, without a signature', () => `${part({ alg: 'None' })}.${part(CLAIMS)}.`],
  ['algorithm none and a signature', () => `${part({ alg: 'none' })}.${claims}.${signature}`],
  ['no signature', () => `${head}.${claims}.`],
  ['changed claims', () => `${head}.${part({ ...CLAIMS, sub: 'another' })}.${signature}`],
  ['HS384 and the right secret', () => signedWith(SECRET, 'HS384')],
  ['HS512 and the right secret', () => signedWith(SECRET, 'HS512')],
  ['HS512 and another secret', () => signedWith(new Uint8Array(64), 'HS512')],
  ['another secret', () => signedWith(new Uint8Array(32).fill(1))],
  ['an empty secret', () => signedWith(EMPTY_SECRET)],
  [
    'a made-up signature',
    () => `${part({ alg: 'HS256' })}.${part(CLAIMS)}.${btoa('x'.repeat(32)).replaceAll('=', '')}`,
  ],
  ["the caller's own key", () => ownKey({})],
  [
    "the caller's own key, embedded",
    async () => ownKey({ jwk: await exportJWK((await generateKeyPair('RS256')).publicKey) }),
  ],
  ["the caller's own key by jku", () => ownKey({ jku: 'https://evil.test/jwks.json', kid: 'evil' })],
  ["the caller's own key by x5u", () => ownKey({ x5u: 'https://evil.test/cert.pem' })],
  ['a kid that is a path', () => ownKey({ kid: '../../dev/null' })],
  [
    'an unknown critical header',
    () =>
      new SignJWT(CLAIMS).setProtectedHeader({ alg: 'HS256', crit: ['x'], x: 1 }).sign(SECRET, { crit: { x: true } }),
  ],
  ['no exp', () => mintToken(TENANT, { exp: undefined })],
  ['no iat', () => mintToken(TENANT, { iat: undefined })],
  ['no sub', () => mintToken(TENANT, { sub: undefined })],
  ['another audience', () => mintToken(TENANT, { aud: 'another' })],
  ['no audience', () => mintToken(TENANT, { aud: undefined })],
  ['another issuer', () => mintToken(TENANT, { iss: 'https://evil.test' })],
  ['no issuer', () => mintToken(TENANT, { iss: undefined })],
  ['an iat in the future', () => mintToken(TENANT, { iat: now + 600, exp: now + 1_200 })],
  ['an iat that is too old', () => mintToken(TENANT, { iat: now - 90_000 })],
  ['an nbf in the future', () => mintToken(TENANT, { nbf: now + 600 })],
  ['an exp in the past', () => mintToken(TENANT, { iat: now - 600, exp: now - 60 })],
  ['an exp that is a string', () => mintToken(TENANT, { exp: '9999999999' })],
  ['a tenant with a line break', () => mintToken('a\nb')],
  ['a tenant of 129 characters', () => mintToken('a'.repeat(129))],
  ['a tenant that is a list', () => mintToken(TENANT, { sub: ['a'] })],
  ['9,000 characters', () => mintToken(TENANT, { padding: 'x'.repeat(9_000) })],
  ['five parts', () => `${TOKEN}.a.b`],
  ['a payload that is not JSON', () => `${head}.${btoa('{').replaceAll('=', '')}.${signature}`],
];

const MUTATION = JSON.stringify({
  query:
    'mutation { createVoiceTask(input: { name: "x", sample: { url: "http://x" } }) { ... on VoiceTask { id } ... on Failure { code message } } }',
});

async function ask(
  { headers = {}, body = MUTATION }: { readonly headers?: Record<string, string>; readonly body?: string } = {},
  url = 'https://gateway.test/graphql',
): Promise<Response> {
  return exports.default.fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

describe('a forged or misplaced token is refused', () => {
  it.for(FORGED)('with %s', async ([, token], { expect }) => {
    const made = await token();
    const response = await ask({ headers: { authorization: `Bearer ${made}` } });
    const text = await response.text();
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(JSON.parse(text)).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED', retryable: false, requestId: expect.any(String) } }],
    });
    expect(text).not.toContain(made.slice(0, 40));
    expect(text).not.toMatch(/jose|stack|JWS|JWT|at .*\.ts/);
  });

  it.for<[name: string, send: () => Promise<Response>]>([
    ['in a cookie', () => ask({ headers: { cookie: `authorization=${TOKEN}; token=${TOKEN}` } })],
    ['in the URL', () => ask({}, `https://gateway.test/graphql?access_token=${TOKEN}&authorization=${AUTHORIZATION}`)],
    ['in the body', () => ask({ body: JSON.stringify({ query: '{ __typename }', access_token: TOKEN }) })],
    ['in another header', () => ask({ headers: { 'x-authorization': AUTHORIZATION, token: TOKEN } })],
    ['without its scheme', () => ask({ headers: { authorization: TOKEN } })],
    ['by another scheme', () => ask({ headers: { authorization: `Basic ${TOKEN}` } })],
    ['twice', () => ask({ headers: { authorization: `${AUTHORIZATION}, ${AUTHORIZATION}` } })],
  ])('%s', async ([, send], { expect }) => {
    expect((await send()).status).toBe(401);
  });

  it('as is a missing one, before a malformed or huge body is reported', async ({ expect }) => {
    for (const body of ['{', 'x'.repeat(1_000_000), '{"query":"{ nope }"}']) {
      const response = await ask({ body });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
  });

  it('and nothing reaches Kling', async ({ expect }) => {
    expect((await sandbox.record()).requests).toEqual([]);
  });
});

describe('a valid token', () => {
  it('is accepted with its scheme in any case', async ({ expect }) => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
      expect((await ask({ headers: { authorization: `${scheme} ${TOKEN}` } })).status).toBe(200);
    }
  });

  it('without a needed scope is FORBIDDEN, with the name of the missing scope', async ({ expect }) => {
    const response = await ask({ headers: { authorization: await bearer(TENANT, { scope: 'voices:read admin *' }) } });
    expect(await response.json()).toMatchObject({
      errors: [{ message: 'The token lacks the scope "voices:write".', extensions: { code: 'FORBIDDEN' } }],
    });
  });
});
