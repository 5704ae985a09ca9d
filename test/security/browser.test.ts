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
  it('may send the headers of GraphQL clients for two hours, and never with credentials', async ({ expect }) => {
    const response = await preflight(ALLOWED_ORIGIN);
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(corsHeaders(response)).toEqual({
      ...READABLE,
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers': expect.stringMatching(
        /\bauthorization, .*\bcontent-type, x-request-id\b.*\blast-event-id\b/,
      ),
      'access-control-max-age': '7200',
    });
    expect(response.headers.get('vary')).toBe('Accept, Origin');
  });

  it.for<[name: string, status: number, send: () => Promise<Response>]>([
    ['an answer', 200, () => post(ALLOWED_ORIGIN)],
    ['a syntax error', 400, () => post(ALLOWED_ORIGIN, { accept: 'application/graphql-response+json' }, '{')],
    ['a refused content-type', 415, () => post(ALLOWED_ORIGIN, { 'content-type': 'text/plain' })],
    ['a refused size', 413, () => post(ALLOWED_ORIGIN, { 'content-length': '8000001' }, ' '.repeat(8_000_001))],
    ['a refused method', 405, () => send(GRAPHQL_URL, { method: 'PUT', headers: { origin: ALLOWED_ORIGIN } })],
    ['a refused Accept header', 406, () => post(ALLOWED_ORIGIN, { accept: 'text/html' })],
  ])('can read %s', async ([, status, sent], { expect }) => {
    const response = await sent();
    expect(response.status).toBe(status);
    expect(corsHeaders(response)).toEqual(READABLE);
    expect(response.headers.get('vary')).toBe('Accept, Origin');
  });
});

/** Foreign origins, many of which resemble an allowed one. */
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

describe('a page of a development server', () => {
  it('at localhost may use a gateway in development, and read its answers', async ({ expect }) => {
    const origin = 'http://localhost:5173';
    expect(corsHeaders(await preflight(origin))).toMatchObject({ 'access-control-allow-origin': origin });
    const response = await post(origin);
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    expect(corsHeaders(response)).toMatchObject({ 'access-control-allow-origin': origin });
  });
});

describe('a page of a foreign origin', () => {
  it.for(FOREIGN)('runs nothing and reads nothing: Origin: %j', async (origin, { expect }) => {
    const mutation =
      'mutation { identifyFaces(video: {url: "https://a.test/a.mp4"}) { ... on FaceScan { id } ... on Failure { code message } } }';
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

  it.for(FOREIGN)('gets no CORS headers from a preflight: Origin: %j', async (origin, { expect }) => {
    const response = await preflight(origin);
    expect([response.status, corsHeaders(response)]).toEqual([403, {}]);
    expect(response.headers.get('vary')).toBe('Accept, Origin');
  });

  it.for(['text/event-stream', 'multipart/mixed;subscriptionSpec=1.0', 'text/html'])(
    'opens no stream and no page by GET with Accept: %s',
    async (accept, { expect }) => {
      const query = new URLSearchParams({ query: 'subscription { taskUpdates { cursor } }' });
      const response = await send(`${GRAPHQL_URL}?${query}`, { headers: { origin: FOREIGN_ORIGIN, accept } });
      expect(response.status).toBe(403);
      expect(response.headers.get('content-type')).toContain('application/json');
    },
  );

  it.for(['cross-site', 'same-site', 'nonsense'])(
    'runs no GET without an Origin header, as images, scripts and links send it: Sec-Fetch-Site: %s',
    async (site, { expect }) => {
      const response = await send(`${GRAPHQL_URL}?query={__typename}`, { headers: { 'sec-fetch-site': site } });
      expect(response.status).toBe(403);
    },
  );

  it('gains nothing by DNS rebinding to a gateway in development', async ({ expect }) => {
    const rebound = 'http://rebound.evil.test:8787';
    const query = `${rebound}/graphql?query={__typename}`;
    expect((await send(query)).status).toBe(403);
    expect((await send(query, { headers: { origin: rebound, 'sec-fetch-site': 'same-origin' } })).status).toBe(403);
  });
});

describe('is answered without CORS headers:', () => {
  it.for<[name: string, headers: Record<string, string>]>([
    ['a page of the gateway’s own origin', { origin: 'https://gateway.test', 'sec-fetch-site': 'same-origin' }],
    ['a GET of a page of the gateway’s own origin', { 'sec-fetch-site': 'same-origin' }],
    ['a URL that a person typed', { 'sec-fetch-site': 'none' }],
    ['a client that is not a browser', {}],
  ])('%s', async ([, headers], { expect }) => {
    const response = await send(`${GRAPHQL_URL}?query={__typename}`, { headers });
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    expect(corsHeaders(response)).toEqual({});
    expect(response.headers.get('vary')).toBe('Accept, Origin');
  });

  it('a request with a slash after the path', async ({ expect }) => {
    const response = await send(`${GRAPHQL_URL}/?query={__typename}`);
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('an OPTIONS request that is not a preflight', async ({ expect }) => {
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

describe('the origin rule', () => {
  it('allows an origin that is listed exactly, and no other', ({ expect }) => {
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
  ])('for a page of %s at %s in %s allows: %s', ([origin, host, environment, isAllowed], { expect }) => {
    expect(problem(`http://${host}/graphql`, { origin }, { environment }) === null).toBe(isAllowed);
  });

  it('treats an empty Origin as foreign', ({ expect }) => {
    expect(problem(GRAPHQL_URL, { origin: '' })).not.toBeNull();
  });

  it('treats PUBLIC_URL as the gateway’s own origin, for a proxy that terminates TLS', ({ expect }) => {
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
  ])('treats %s as DNS rebinding in development: %s', ([host, isRefused], { expect }) => {
    expect(problem(`http://${host}/graphql`, {}) !== null).toBe(isRefused);
    expect(problem(`https://${host}/graphql`, {})).toBeNull();
    expect(problem(`http://${host}/graphql`, {}, { environment: 'production' })).toBeNull();
  });
});
