import { KlingAccount } from './account/kling-account.ts';
import { configResultOf } from './config.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { answerHealth, answerReady, misconfiguredResponse } from './http/health.ts';
import { withRequestLog, type RequestTrace } from './http/request-log.ts';
import { Hub } from './hub/hub.ts';
import { TaskLedger } from './ledger/task-ledger.ts';
import { createLog } from './lib/log.ts';

export { Hub, KlingAccount, TaskLedger };

const log = createLog();
const gateways = new WeakMap<Env, Gateway>();

const CALLBACKS = '/callbacks/';

/** The pattern that a path matches: what is logged in its place. */
type Route = '/graphql' | '/callbacks/:token' | '/health' | '/ready' | '*';

function routeOf(path: string): Route {
  if (path === '/graphql' || path === '/health' || path === '/ready') return path;
  return path.startsWith(CALLBACKS) ? '/callbacks/:token' : '*';
}

async function answer(request: Request, env: Env, route: Route, path: string, trace: RequestTrace): Promise<Response> {
  if (route === '/health') return answerHealth(request);
  if (route === '*') return new Response('Not found\n', { status: 404 });
  const config = configResultOf(env);
  if (!config.ok) {
    return route === '/ready' ? answerReady(request, config) : misconfiguredResponse(config.problems, trace.requestId);
  }
  let gateway = gateways.get(env);
  if (gateway === undefined) {
    gateway = createGateway(env, config.config, log);
    gateways.set(env, gateway);
  }
  if (route === '/ready') return gateway.answerReady(request);
  if (route === '/graphql') return gateway.answerGraphql(request, trace);
  return gateway.answerCallback(request, path.slice(CALLBACKS.length));
}

export default {
  fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const route = routeOf(pathname);
    const deps = { log, now: Date.now, randomId: () => crypto.randomUUID() };
    return withRequestLog(request, route, deps, (trace) => answer(request, env, route, pathname, trace));
  },
} satisfies ExportedHandler<Env>;
