import fc from 'fast-check';
import { describe, it } from 'vitest';
import { originProblem, type OriginRules } from '../../src/http/origin.ts';
import { ALLOWED_ORIGIN, corsHeaders, FOREIGN_ORIGIN, GRAPHQL_URL, post, preflight, send } from '../support/browser.ts';
import { openSandbox } from '../support/ledger.ts';

const sandbox = openSandbox('browser', { CORS_ORIGINS: `${ALLOWED_ORIGIN} https://admin.example.com` });

const READABLE = {
  'access-control-allow-origin': ALLOWED_ORIGIN,
  'access-control-expose-headers': 'x-request-id, retry-after, www-authenticate',
};

describe('a page of an allowed origin', () => {
  it('may ask for what GraphQL clients send, for two hours, and never with credentials', async ({ expect }) => {
    const response = await preflight(ALLOWED_ORIGIN);
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(corsHeaders(response)).toEqual({
      ...READABLE,
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers': expect.stringMatching(
        /\bauthorization, .*\bcontent-type, last-event-id, x-request-id\b/,
      ),
      'access-control-max-age': '7200',
    });
    expect(response.headers.get('vary')).toBe('Accept, Origin');
  });

  it.for<[name: string, status: number, send: () => Promise<Response>]>([
    ['what it asked', 200, () => post(ALLOWED_ORIGIN)],
    ['that it asked wrongly', 400, () => post(ALLOWED_ORIGIN, { accept: 'application/graphql-response+json' }, '{')],
    ['that it sent the wrong type', 415, () => post(ALLOWED_ORIGIN, { 'content-type': 'text/plain' })],
    ['that it sent too much', 413, () => post(ALLOWED_ORIGIN, { 'content-length': '8000001' }, ' '.repeat(8_000_001))],
    [
      'that it used a wrong method',
      405,
      () => send(GRAPHQL_URL, { method: 'PUT', headers: { origin: ALLOWED_ORIGIN } }),
    ],
    ['that it accepts no format there is', 406, () => post(ALLOWED_ORIGIN, { accept: 'text/html' })],
  ])('can read %s', async ([, status, sent], { expect }) => {
    const response = await sent();
    expect(response.status).toBe(status);
    expect(corsHeaders(response)).toEqual(READABLE);
    expect(response.headers.get('vary')).toBe('Accept, Origin');
  });
});

/** Origins that look like an allowed one, or like none. */
const FOREIGN = [
  FOREIGN_ORIGIN,
  'null',
  '*',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com.evil.test',
  'https://evil-app.example.com',
  'https://example.com',
  'https://sub.app.example.com',
  'https://app.example.com/',
  'https://app.example.com@evil.test',
  'https://app.example.com, https://evil.test',
  'https://app.example.com https://admin.example.com',
  'HTTPS://APP.EXAMPLE.COM',
  'https://gateway.test.evil.test',
  'http://gateway.test',
  'file://',
  'capacitor://localhost',
] as const;

describe('a page of a dev server', () => {
  it('at localhost may use a gateway in development, and read what it answers', async ({ expect }) => {
    const origin = 'http://localhost:5173';
    expect(corsHeaders(await preflight(origin))).toMatchObject({ 'access-control-allow-origin': origin });
    const response = await post(origin);
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    expect(corsHeaders(response)).toMatchObject({ 'access-control-allow-origin': origin });
  });
});

describe('a page of a foreign origin', () => {
  it.for(FOREIGN)('runs nothing and reads nothing: Origin: %j', async (origin, { expect }) => {
    const mutation = 'mutation { identifyFaces(input: {video: {url: "https://a.test/a.mp4"}}) { faceScan { id } } }';
    for (const query of ['{ __typename }', mutation]) {
      const response = await post(origin, { 'x-request-id': 'request-of-test' }, query);
      expect(response.status).toBe(403);
      expect(await response.json()).toEqual({
        errors: [
          {
            message: expect.stringContaining('CORS_ORIGINS'),
            extensions: { code: 'FORBIDDEN', retryable: false, requestId: 'request-of-test' },
          },
        ],
      });
      expect(corsHeaders(response)).toEqual({});
      expect(response.headers.get('vary')).toBe('Accept, Origin');
    }
    expect((await sandbox.record()).requests).toEqual([]);
  });

  it.for(FOREIGN)('is told nothing by a preflight: Origin: %j', async (origin, { expect }) => {
    const response = await preflight(origin);
    expect([response.status, corsHeaders(response)]).toEqual([403, {}]);
    expect(response.headers.get('vary')).toBe('Accept, Origin');
  });

  it.for(['text/event-stream', 'multipart/mixed;subscriptionSpec=1.0', 'text/html'])(
    'opens no stream and no page by GET, as %s',
    async (accept, { expect }) => {
      const query = new URLSearchParams({ query: 'subscription { tasksChanged { cursor } }' });
      const response = await send(`${GRAPHQL_URL}?${query}`, { headers: { origin: FOREIGN_ORIGIN, accept } });
      expect(response.status).toBe(403);
      expect(response.headers.get('content-type')).toContain('application/json');
    },
  );

  it.for(['cross-site', 'same-site', 'nonsense'])(
    'runs no GET that names no origin, as images, scripts and links send it: Sec-Fetch-Site: %s',
    async (site, { expect }) => {
      const response = await send(`${GRAPHQL_URL}?query={__typename}`, { headers: { 'sec-fetch-site': site } });
      expect(response.status).toBe(403);
    },
  );

  it('gains nothing by a name of its own that points at a gateway in development', async ({ expect }) => {
    const rebound = 'http://rebound.evil.test:8787';
    const query = `${rebound}/graphql?query={__typename}`;
    expect((await send(query)).status).toBe(403);
    expect((await send(query, { headers: { origin: rebound, 'sec-fetch-site': 'same-origin' } })).status).toBe(403);
  });
});

describe('is answered without a word of CORS:', () => {
  it.for<[name: string, headers: Record<string, string>]>([
    ['a page of its own', { origin: 'https://gateway.test', 'sec-fetch-site': 'same-origin' }],
    ['a page of its own that asks by GET', { 'sec-fetch-site': 'same-origin' }],
    ['an address that a person typed', { 'sec-fetch-site': 'none' }],
    ['a caller that is no browser', {}],
  ])('%s', async ([, headers], { expect }) => {
    const response = await send(`${GRAPHQL_URL}?query={__typename}`, { headers });
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    expect(corsHeaders(response)).toEqual({});
    expect(response.headers.get('vary')).toBe('Accept, Origin');
  });

  it('a caller that puts a slash after the path', async ({ expect }) => {
    const response = await send(`${GRAPHQL_URL}/?query={__typename}`);
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('a question for the methods', async ({ expect }) => {
    const response = await send(GRAPHQL_URL, { method: 'OPTIONS' });
    expect([response.status, response.headers.get('allow')]).toEqual([204, 'GET, POST, OPTIONS']);
    expect(corsHeaders(response)).toEqual({});
  });
});

const RULES: OriginRules = {
  environment: 'development',
  corsOrigins: [],
  corsHeaders: [],
  callbacks: { publicUrl: null },
};

function problem(url: string, headers: Record<string, string>, change: Partial<OriginRules> = {}): string | null {
  return originProblem(new Request(url, { headers }), new URL(url), { ...RULES, ...change });
}

describe('the rule', () => {
  it('lets an origin pass that is listed to the letter, and no other', ({ expect }) => {
    const origin = fc.webUrl({ validSchemes: ['https'] }).map((url) => new URL(url).origin);
    fc.assert(
      fc.property(
        fc.array(origin, { maxLength: 4 }),
        origin,
        fc.string({ maxLength: 3 }),
        (corsOrigins, other, tail) => {
          const asked = [
            ...corsOrigins,
            other,
            ...corsOrigins.map((listed) => `${listed}x${tail.replaceAll(/[^!-~]/g, '')}`),
          ];
          for (const each of asked) {
            expect(problem(GRAPHQL_URL, { origin: each }, { corsOrigins }) === null).toBe(corsOrigins.includes(each));
          }
        },
      ),
    );
  });

  it.for<[page: string, host: string, environment: OriginRules['environment'], isAllowed: boolean]>([
    ['http://localhost:5173', 'localhost:8787', 'development', true],
    ['https://localhost:5173', '127.0.0.1:8787', 'development', true],
    ['http://192.168.1.20:5173', '192.168.1.20:8787', 'development', true],
    ['http://[::1]:5173', '[::1]:8787', 'development', true],
    ['http://192.168.1.21:5173', '192.168.1.20:8787', 'development', false],
    ['http://gateway:5173', 'gateway:8787', 'development', false],
    ['http://localhost.evil.test:5173', 'localhost:8787', 'development', false],
    ['http://localhost:5173/', 'localhost:8787', 'development', false],
    ['capacitor://localhost', 'localhost:8787', 'development', false],
    ['http://localhost:5173', 'localhost:8787', 'production', false],
    ['http://192.168.1.20:5173', '192.168.1.20:8787', 'production', false],
  ])('of a page of %s at %s in %s: %s', ([origin, host, environment, isAllowed], { expect }) => {
    expect(problem(`http://${host}/graphql`, { origin }, { environment }) === null).toBe(isAllowed);
  });

  it('takes an Origin that says nothing for a foreign one', ({ expect }) => {
    expect(problem(GRAPHQL_URL, { origin: '' })).not.toBeNull();
  });

  it('takes PUBLIC_URL for its own, for a proxy that ends TLS', ({ expect }) => {
    const origin = 'https://tunnel.example.com';
    const change = { callbacks: { publicUrl: origin } };
    expect(problem('http://127.0.0.1:8787/graphql', { origin }, change)).toBeNull();
    expect(problem('http://127.0.0.1:8787/graphql', { origin })).not.toBeNull();
  });

  it.for<[host: string, isRefused: boolean]>([
    ['localhost:8787', false],
    ['studio.localhost:8787', false],
    ['127.0.0.1:8787', false],
    ['192.168.1.5', false],
    ['[::1]:8787', false],
    ['gateway:8787', false],
    ['rebound.evil.test:8787', true],
    ['localhost.evil.test', true],
    ['127.0.0.1.nip.io', true],
    ['localhost.', true],
  ])('takes %s for a rebound name in development: %s', ([host, isRefused], { expect }) => {
    expect(problem(`http://${host}/graphql`, {}) !== null).toBe(isRefused);
    expect(problem(`https://${host}/graphql`, {})).toBeNull();
    expect(problem(`http://${host}/graphql`, {}, { environment: 'production' })).toBeNull();
  });
});
