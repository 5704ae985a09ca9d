import { jwtVerify } from 'jose';
import { startDeadline, startTimer } from '../../../../src/lib/time.ts';
import { createLog } from '../../../../src/lib/log.ts';
import type { Answer } from '../../peers/kling.ts';
import { askKling, type RelayEnv } from './ask-kling.ts';
import { readFanOut, readPage, readVoices } from './by-hand.ts';

interface GuardedEnv extends RelayEnv {
  readonly AUTH_SECRET: string;
  readonly AUTH_ISSUER: string;
  readonly AUTH_AUDIENCE: string;
}

const BODY_BYTES_MAX = 131_072;
const BODY_MS_MAX = 15_000;
const KLING_MS_MAX = 30_000;
const KLING_BYTES_MAX = 16 * 1024 * 1024;
const VERIFIED_MS = 30_000;

const HEADERS = new Headers({
  'content-type': 'application/graphql-response+json; charset=utf-8',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'private, no-store',
  vary: 'Accept, Origin',
});

const log = createLog('hash');

/** The last valid token, and the time until which it is not verified again. */
let known = { token: '', untilMs: 0 };

/**
 * The requirements of the gateway without GraphQL: a cached token check, origin rules, bounds and timeouts for bodies and Kling's
 * answers, security headers, and a log line. It has no scopes, no retries, no other formats and short errors. It reads only the
 * page size from the document. The log and the deadlines are the gateway's own.
 */
export default {
  async fetch(request, env): Promise<Response> {
    const startedAtMs = Date.now();
    const requestId = request.headers.get('x-request-id') ?? crypto.randomUUID();
    const kling: object[] = [];
    const response = await handle(request, env, kling).catch(() => new Response('Refused\n', { status: 400 }));
    response.headers.set('x-request-id', requestId);
    log({
      level: 'info',
      message: 'request',
      requestId,
      method: request.method,
      route: '/graphql',
      status: response.status,
      durationMs: Date.now() - startedAtMs,
      kling,
    });
    return response;
  },
} satisfies ExportedHandler<GuardedEnv>;

async function handle(request: Request, env: GuardedEnv, kling: object[]): Promise<Response> {
  const { headers } = request;
  const { origin, pathname } = new URL(request.url);
  if (pathname !== '/graphql' || request.method !== 'POST') throw new Error('not found');
  if ((headers.get('origin') ?? origin) !== origin) throw new Error('another page');
  if (headers.get('content-type') !== 'application/json') throw new Error('not JSON');
  await verify(headers.get('authorization') ?? '', env);
  if (Number(headers.get('content-length') ?? Infinity) > BODY_BYTES_MAX) throw new Error('too large');
  const body = await within(BODY_MS_MAX, () => request.text());
  const { query } = JSON.parse(body) as { readonly query: string };
  const ask = <T>(path: string): Promise<Answer<T>> => askWithin(path, env, kling);
  const [, list, pageSize] = /list: (\w+), page: 1, pageSize: (\d+)\)/.exec(query) ?? [];
  const read = list === 'PRESET_VOICES' ? readVoices : readPage;
  const data = pageSize === undefined ? await readFanOut(ask) : await read(ask, 1, Number(pageSize));
  return new Response(JSON.stringify({ data }), { headers: HEADERS });
}

async function askWithin<T>(path: string, env: GuardedEnv, kling: object[]): Promise<Answer<T>> {
  const startedAtMs = Date.now();
  const text = await within(KLING_MS_MAX, async () => {
    const answer = await askKling(env, path);
    if (Number(answer.headers.get('content-length') ?? Infinity) > KLING_BYTES_MAX) throw new Error('too large');
    return answer.text();
  });
  const envelope = JSON.parse(text) as Answer<T> & { readonly code: number; readonly request_id: string };
  if (envelope.code !== 0) throw new Error('Kling refused');
  const [klingPath] = path.split('?');
  const { code: klingCode, request_id: klingRequestId } = envelope;
  kling.push({ method: 'GET', path: klingPath, klingCode, klingRequestId, durationMs: Date.now() - startedAtMs });
  return envelope;
}

async function verify(authorization: string, env: GuardedEnv): Promise<void> {
  const token = authorization.replace(/^Bearer /, '');
  if (token === known.token && Date.now() < known.untilMs) return;
  const { AUTH_SECRET, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = env;
  const options = { issuer, audience, algorithms: ['HS256'], requiredClaims: ['exp'] };
  const { payload } = await jwtVerify(token, new TextEncoder().encode(AUTH_SECRET), options);
  known = { token, untilMs: Math.min(Date.now() + VERIFIED_MS, (payload.exp ?? 0) * 1_000) };
}

/** Runs `work`. Rejects after `timeoutMs`. */
async function within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = startDeadline({ timeoutMs, now: Date.now, startTimer });
  try {
    return await deadline.race(work());
  } finally {
    deadline.stop();
  }
}
