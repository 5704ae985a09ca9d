import { WorkerEntrypoint } from 'cloudflare:workers';
import { KlingAccount } from './account/kling-account.ts';
import { IssuerKeys } from './auth/issuer-keys.ts';
import { configOf, configResultOf, type Config } from './config.ts';
import type { Viewer } from './domain/viewer.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { answerOrigin, withCors } from './http/cors.ts';
import { answerHealth, answerReady, misconfiguredResponse } from './http/health.ts';
import { withRequestLog, type RequestLogDeps, type RequestTrace } from './http/request-log.ts';
import { withSecurityHeaders } from './http/security-headers.ts';
import { Hub } from './hub/hub.ts';
import { TaskLedger } from './ledger/task-ledger.ts';
import { createLog } from './lib/log.ts';

export { Hub, IssuerKeys, KlingAccount, TaskLedger };

const logs = new WeakMap<Env, RequestLogDeps>();
const gateways = new WeakMap<Env, Gateway>();

const CALLBACKS = '/callbacks/';

/** The pattern that a path matches: what is logged in its place. */
type Route = '/graphql' | '/callbacks/:token' | '/health' | '/ready' | '*';

function routeOf(path: string): Route {
  if (path === '/graphql' || path === '/health' || path === '/ready') return path;
  // Some clients and proxies add the slash.
  if (path === '/graphql/') return '/graphql';
  return path.startsWith(CALLBACKS) ? '/callbacks/:token' : '*';
}

function logDepsOf(env: Env): RequestLogDeps {
  const config = configResultOf(env);
  const known = logs.get(env) ?? {
    log: createLog(config.ok ? config.config.logTenant : 'off'),
    now: Date.now,
    randomId: () => crypto.randomUUID(),
  };
  logs.set(env, known);
  return known;
}

function gatewayOf(env: Env, config: Config): Gateway {
  const known = gateways.get(env) ?? createGateway(env, config, logDepsOf(env).log);
  gateways.set(env, known);
  return known;
}

function answer(request: Request, env: Env, route: Route, url: URL, trace: RequestTrace): Response | Promise<Response> {
  if (route === '/health') return answerHealth(request);
  if (route === '*') return new Response('Not found\n', { status: 404 });
  const config = configResultOf(env);
  if (!config.ok) {
    return route === '/ready' ? answerReady(request, config) : misconfiguredResponse(config.problems, trace.requestId);
  }
  const gateway = gatewayOf(env, config.config);
  if (route === '/ready') return gateway.answerReady(request, trace);
  if (route === '/graphql') return answerOrigin(request, url, config.config) ?? gateway.answerGraphql(request, trace);
  return gateway.answerCallback(request, url.pathname.slice(CALLBACKS.length), trace);
}

/**
 * Answers the queries and mutations of sockets, for the viewer that their hub has verified. It has no address: only this
 * Worker's own objects reach it, and Workers of the same Cloudflare account that bind it by name.
 */
export class SocketOperations extends WorkerEntrypoint<Env, Viewer> {
  override fetch(request: Request): Promise<Response> {
    const gateway = gatewayOf(this.env, configOf(this.env));
    return withRequestLog(request, '/graphql', logDepsOf(this.env), (trace) =>
      gateway.answerOperation(request, trace, this.ctx.props),
    );
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    const route = routeOf(url.pathname);
    const handled = await withRequestLog(request, route, logDepsOf(env), (trace) =>
      answer(request, env, route, url, trace),
    );
    const response = withSecurityHeaders(handled, url);
    if (route !== '/graphql') return response;
    const config = configResultOf(env);
    return withCors(response, request, url, config.ok ? config.config : null);
  },
} satisfies ExportedHandler<Env>;
