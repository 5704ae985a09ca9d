import { exportJWK, generateKeyPair, SignJWT, type JWTHeaderParameters } from 'jose';
import { afterEach, beforeAll, describe, it } from 'vitest';
import { TEST_AUTH } from '../support/token.ts';
import { startStack, type GatewayStack } from './gateway-stack.ts';
import { startServer } from './loopback-server.ts';

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

/** An issuer of tokens on the loopback, which can fail. */
interface Issuer {
  readonly url: string;
  readonly requests: number;
  isDown: boolean;
  close(): Promise<void>;
}

let privateKey: PrivateKey;
let edKey: PrivateKey;
let jwks: string;
let stack: GatewayStack | null = null;
let issuer: Issuer;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  privateKey = pair.privateKey;
  const ed = await generateKeyPair('Ed25519', { extractable: true });
  edKey = ed.privateKey;
  jwks = JSON.stringify({
    keys: [
      { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' },
      { ...(await exportJWK(ed.publicKey)), kid: 'ed', alg: 'EdDSA', use: 'sig' },
    ],
  });
});
afterEach(async () => {
  await stack?.close();
  stack = null;
  await issuer.close();
});

async function startIssuer(isDown: boolean): Promise<Issuer> {
  const state = { requests: 0, isDown };
  const server = await startServer((_request, response) => {
    state.requests += 1;
    response.writeHead(state.isDown ? 503 : 200, { 'content-type': 'application/json' });
    response.end(state.isDown ? 'down' : jwks);
  });
  return Object.assign(state, { url: `${server.url}/jwks`, close: () => server.close() });
}

async function start(isDown = false): Promise<void> {
  issuer = await startIssuer(isDown);
  stack = await startStack({ vars: { AUTH: 'jwks', AUTH_JWKS_URL: issuer.url } });
}

async function mint(header: Partial<JWTHeaderParameters> = { kid: 'one' }, key = privateKey): Promise<string> {
  return new SignJWT({ scope: 'voices:read' })
    .setProtectedHeader({ alg: 'RS256', ...header })
    .setIssuer(TEST_AUTH.AUTH_ISSUER)
    .setAudience(TEST_AUTH.AUTH_AUDIENCE)
    .setSubject('somebody')
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(key);
}

async function ask(token: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${stack!.gateway.url}/graphql?query={viewer{tenant}}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, text: await response.text() };
}

describe('an issuer of tokens', () => {
  it('is asked for its keys once for many tokens, of known and unknown keys', async ({ expect }) => {
    await start();
    const known = await mint();
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(known)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers[0]?.text).toContain('somebody');
    const unknown = await Promise.all(Array.from({ length: 200 }, async (_, i) => ask(await mint({ kid: `k${i}` }))));
    expect(new Set(unknown.map(({ status }) => status))).toEqual(new Set([401]));
    expect(issuer.requests).toBe(1);
  });

  it('may name the algorithm of an Ed25519 key EdDSA or Ed25519', async ({ expect }) => {
    await start();
    for (const alg of ['Ed25519', 'EdDSA']) {
      expect((await ask(await mint({ alg, kid: 'ed' }, edKey))).status).toBe(200);
    }
  });

  it('is asked once for many tokens without a key id and with a wrong signature', async ({ expect }) => {
    await start();
    const { privateKey: foreign } = await generateKeyPair('RS256');
    const tokens = await Promise.all(Array.from({ length: 50 }, () => mint({}, foreign)));
    const answers = await Promise.all(tokens.map(ask));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(issuer.requests).toBe(1);
  });

  it('may fail: its last keys stay valid, also after the gateway was killed', async ({ expect }) => {
    await start();
    const token = await mint();
    expect((await ask(token)).status).toBe(200);
    issuer.isDown = true;
    await stack!.gateway.kill();
    await stack!.gateway.start();
    expect((await ask(token)).status).toBe(200);
  });

  it('that fails from the start makes the gateway answer 503, not 401', async ({ expect }) => {
    await start(true);
    const { status, text } = await ask(await mint());
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({
      errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true, retryAfterMs: 5_000 } }],
    });
  });
});
