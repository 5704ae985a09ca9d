import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, it } from 'vitest';
import { createCallbackTokens } from '../../src/auth/signed-token.ts';
import worker from '../../src/index.ts';
import { ALLOWED_ORIGIN, corsHeaders, GRAPHQL_URL, post, preflight, send } from '../support/browser.ts';
import { openSandbox } from '../support/ledger.ts';
import { socketCount, startTask } from '../support/socket.ts';
import { AUTHORIZATION } from '../support/token.ts';
import { APOLLO, openStream } from '../support/stream.ts';

const sandbox = openSandbox('browser-headers', { CORS_ORIGINS: ALLOWED_ORIGIN });

const SECURITY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
};

async function callback(): Promise<Response> {
  const subject = { tenant: 'default', taskId: '0331476d-64c0-4d5e-bb5b-c58a87190555' };
  const token = await createCallbackTokens(['callback-secret-of-the-tests-0123456789']).mint(subject);
  return send(`https://gateway.test/callbacks/${token}`, { method: 'POST', body: '{}' });
}

describe('a browser cannot sniff, frame, embed or cache', () => {
  it.for<[name: string, status: number, answer: () => Promise<Response>, cacheControl: string]>([
    ['/health', 200, () => send('https://gateway.test/health'), 'private, no-store'],
    ['/ready', 200, () => send('https://gateway.test/ready'), 'private, no-store'],
    [
      'a wrong method of /health',
      405,
      () => send('https://gateway.test/health', { method: 'POST' }),
      'private, no-store',
    ],
    ['an unknown path', 404, () => send('https://gateway.test/<script>'), 'private, no-store'],
    ['a callback', 204, callback, 'private, no-store'],
    ['a forged callback', 403, () => send('https://gateway.test/callbacks/x', { method: 'POST' }), 'private, no-store'],
    ['an answer', 200, () => post(null), 'private, no-store'],
    [
      'a refused document',
      400,
      () => post(null, { accept: 'application/graphql-response+json' }, '{'),
      'private, no-store',
    ],
    ['a refused content-type', 415, () => post(null, { 'content-type': 'text/html' }), 'private, no-store'],
    ['a refused origin', 403, () => post('null'), 'private, no-store'],
    ['a preflight', 204, () => preflight(ALLOWED_ORIGIN), 'private, no-store'],
    ['a refused upgrade', 400, () => send(GRAPHQL_URL, { headers: { upgrade: 'websocket' } }), 'private, no-store'],
  ])('%s', async ([, status, answer, cacheControl], { expect }) => {
    const response = await answer();
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({ ...SECURITY, 'cache-control': cacheControl });
    expect(response.headers.get('x-request-id')).not.toBeNull();
    await response.body?.cancel();
  });

  it.for(['http://127.0.0.1:8787', 'https://localhost:8787'])(
    'a response of %s, which sends no HSTS header, because it would apply to the whole host for a year',
    async (origin, { expect }) => {
      const { headers } = await send(`${origin}/health`);
      expect(headers.get('strict-transport-security')).toBeNull();
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    },
  );
});

it('a GraphQL answer varies by Accept and Origin, and no foreign page may read it', async ({ expect }) => {
  const { headers } = await post(null);
  expect(headers.get('vary')).toBe('Accept, Origin');
  expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
});

describe('a stream', () => {
  it.for(['text/event-stream', APOLLO])(
    'reaches an allowed page event by event, and frees its socket when the page leaves: %s',
    async (accept, { expect }) => {
      await expect.poll(socketCount).toBe(0);
      const task = await startTask(sandbox);
      const stream = await openStream('POST', accept, task, { origin: ALLOWED_ORIGIN });
      expect(Object.fromEntries(stream.response.headers)).toMatchObject({
        ...SECURITY,
        'cache-control': 'private, no-store, no-transform',
        'content-encoding': 'identity',
        vary: 'Accept, Origin',
      });
      expect(corsHeaders(stream.response)).toMatchObject({ 'access-control-allow-origin': ALLOWED_ORIGIN });
      await stream.until(/SUBMITTED/);
      await task.advance('processing');
      await stream.until(/PROCESSING/);
      await stream.leave();
      await expect.poll(socketCount, { timeout: 15_000 }).toBe(0);
    },
  );

  it('has no content-encoding in production, where no development proxy compresses it', async ({ expect }) => {
    const production = {
      ...env,
      ENVIRONMENT: 'production',
      KLING_BASE_URL: 'https://api-singapore.klingai.com',
      PUBLIC_URL: 'https://gateway.example.com',
    } as typeof env;
    const query = new URLSearchParams({ query: 'subscription { taskUpdates { cursor } }' });
    const headers = { authorization: AUTHORIZATION, accept: 'text/event-stream' };
    const request = new Request(`${GRAPHQL_URL}?${query}`, { headers }) as Parameters<typeof worker.fetch>[0];
    const response = await worker.fetch(request, production, createExecutionContext());
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('content-encoding')).toBeNull();
    await response.body?.cancel();
  });
});
