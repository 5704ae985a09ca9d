import { jwtVerify } from 'jose';
import { askKling, type RelayEnv } from './ask-kling.ts';
import { readFanOut, readPage } from './by-hand.ts';

interface DutiesEnv extends RelayEnv {
  readonly AUTH_SECRET: string;
  readonly AUTH_ISSUER: string;
  readonly AUTH_AUDIENCE: string;
}

const BODY_BYTES_MAX = 131_072;
const BODY_MS_MAX = 15_000;
const KLING_MS_MAX = 20_000;
const KLING_BYTES_MAX = 16 * 1024 * 1024;
const VERIFIED_MS = 30_000;

/** As the gateway has them. */
const HEADERS = new Headers({
  'content-type': 'application/graphql-response+json; charset=utf-8',
  'cache-control': 'private, no-store',
  vary: 'Accept, Origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
});

/** Until when a token that was good is taken for it; the last one. */
const verified = new Map<string, number>();

/**
 * The same without GraphQL, by a Worker that owes what the gateway does: it verifies the token and
 * remembers it, refuses foreign pages, bounds the body and Kling's answer in size and time, maps the tasks, hardens its
 * headers, and writes one line about it all. Of the document it reads no more than how long the page is to be.
 */
export default {
  async fetch(request, env): Promise<Response> {
    const startedAtMs = Date.now();
    const requestId = request.headers.get('x-request-id') ?? crypto.randomUUID();
    const kling: object[] = [];
    const response = await handle(request, env, kling).catch(() => new Response('Refused\n', { status: 400 }));
    response.headers.set('x-request-id', requestId);
    const { status } = response;
    const durationMs = Date.now() - startedAtMs;
    const { method } = request;
    // oxlint-disable-next-line no-console -- what it owes
    console.log(
      JSON.stringify({
        level: 'info',
        message: 'request',
        requestId,
        method,
        route: '/graphql',
        status,
        durationMs,
        kling,
      }),
    );
    return response;
  },
} satisfies ExportedHandler<DutiesEnv>;

async function handle(request: Request, env: DutiesEnv, kling: object[]): Promise<Response> {
  const { headers } = request;
  const { origin, pathname } = new URL(request.url);
  if (pathname !== '/graphql' || request.method !== 'POST') throw new Error('not found');
  if ((headers.get('origin') ?? origin) !== origin) throw new Error('another page');
  if (headers.get('content-type') !== 'application/json') throw new Error('not JSON');
  await verify(headers.get('authorization') ?? '', env);
  if (Number(headers.get('content-length') ?? Infinity) > BODY_BYTES_MAX) throw new Error('too large');
  const { query } = JSON.parse(await within(BODY_MS_MAX, () => request.text())) as { readonly query: string };
  const ask = async <T>(path: string): Promise<T> => askWithin(path, env, kling);
  const pageSize = /\(page: 1, pageSize: (\d+)\)/.exec(query)?.[1];
  const data = pageSize === undefined ? await readFanOut(ask) : await readPage(ask, 1, Number(pageSize));
  return new Response(JSON.stringify({ data }), { headers: HEADERS });
}

async function askWithin<T>(path: string, env: DutiesEnv, kling: object[]): Promise<T> {
  const startedAtMs = Date.now();
  const text = await within(KLING_MS_MAX, async () => {
    const answer = await askKling(env, path);
    if (Number(answer.headers.get('content-length') ?? Infinity) > KLING_BYTES_MAX) throw new Error('too large');
    return answer.text();
  });
  const envelope = JSON.parse(text) as T & { readonly code: number; readonly request_id: string };
  if (envelope.code !== 0) throw new Error('Kling refused');
  const [klingPath] = path.split('?');
  const { code: klingCode, request_id: klingRequestId } = envelope;
  kling.push({ method: 'GET', path: klingPath, klingCode, klingRequestId, durationMs: Date.now() - startedAtMs });
  return envelope;
}

async function verify(authorization: string, env: DutiesEnv): Promise<void> {
  const token = authorization.replace(/^Bearer /, '');
  if ((verified.get(token) ?? 0) > Date.now()) return;
  const { AUTH_SECRET, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = env;
  await jwtVerify(token, new TextEncoder().encode(AUTH_SECRET), { issuer, audience, algorithms: ['HS256'] });
  verified.clear();
  verified.set(token, Date.now() + VERIFIED_MS);
}

/** Rejects when the time is up. */
async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('too slow')), ms);
  try {
    return await Promise.race([work(), over]);
  } finally {
    clearTimeout(timer);
  }
}
