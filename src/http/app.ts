import { Hono, type MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { configResultOf, type Config } from '../config/index.ts';
import type { Viewer } from '../domain/viewer.ts';
import { answerOrigin, cors } from './origin.ts';
import { answerFailure } from './respond.ts';
import { answerHealth, answerReady, misconfiguredResponse } from './health.ts';
import { type AppEnv, requestLog, type RequestLogDeps, type RequestTrace } from './log.ts';

/** The work of the routes that need a configuration. */
export interface Handlers {
  answerGraphql(request: Request, trace: RequestTrace): Promise<Response>;
  /** Answers one query or mutation of a viewer whose token has been verified. */
  answerOperation(request: Request, trace: RequestTrace, viewer: Viewer): Promise<Response>;
  answerCallback(request: Request, token: string, trace: RequestTrace): Promise<Response>;
  answerReady(request: Request, trace: RequestTrace): Promise<Response>;
}

export interface AppDeps extends RequestLogDeps {
  readonly handlersOf: (env: Env, config: Config) => Handlers;
}

/** Creates the Worker's routes. Every answer passes through here: it gets its security and cache headers, and a line in the log. */
export function createApp(deps: AppDeps): Hono<AppEnv> {
  // Some clients and proxies add a slash to a path.
  const app = new Hono<AppEnv>({ strict: false });
  app.use(securityHeaders());
  app.use('/graphql', cors());
  app.use(requestLog(deps));
  app.onError((error, c) => answerFailure(error, c.req.raw, c.var.trace, deps.logOf(c.env)));
  app.notFound(() => new Response('Not found\n', { status: 404 }));

  app.all('/health', (c) => answerHealth(c.req.raw));
  app.all('/ready', (c) => {
    const config = configResultOf(c.env);
    if (!config.ok) return answerReady(c.req.raw, config);
    return deps.handlersOf(c.env, config.config).answerReady(c.req.raw, c.var.trace);
  });
  app.all('/graphql', (c) => {
    const config = configResultOf(c.env);
    if (!config.ok) return misconfiguredResponse(config.problems, c.var.trace.requestId);
    const refusal = answerOrigin(c.req.raw, config.config);
    return refusal ?? deps.handlersOf(c.env, config.config).answerGraphql(c.req.raw, c.var.trace);
  });
  app.all('/callbacks/:token', (c) => {
    const config = configResultOf(c.env);
    if (!config.ok) return misconfiguredResponse(config.problems, c.var.trace.requestId);
    return deps.handlersOf(c.env, config.config).answerCallback(c.req.raw, c.req.param('token'), c.var.trace);
  });
  return app;
}

/** Creates the route by which a hub has the queries and mutations of its sockets answered. The viewer is in `ctx.props`. */
export function createOperationsApp(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestLog(deps));
  app.onError((error, c) => answerFailure(error, c.req.raw, c.var.trace, deps.logOf(c.env)));
  app.all('/graphql', (c) => {
    const config = configResultOf(c.env);
    if (!config.ok) return misconfiguredResponse(config.problems, c.var.trace.requestId);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only a hub of this Worker calls, with a viewer
    const viewer = c.executionCtx.props as Viewer;
    return deps.handlersOf(c.env, config.config).answerOperation(c.req.raw, c.var.trace, viewer);
  });
  return app;
}

type Options = NonNullable<Parameters<typeof secureHeaders>[0]>;

/** No answer is a page: shown as one, it loads nothing, runs nothing and stands in no frame. */
const OPTIONS: Options = {
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  permissionsPolicy: { camera: [], geolocation: [], microphone: [], payment: [], usb: [] },
  // For browsers that do not know frame-ancestors.
  xFrameOptions: 'DENY',
  // Headers for pages.
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

const HSTS = 'max-age=31536000; includeSubDomains';

/** Sets the headers that keep browsers from sniffing, framing, embedding and caching an answer. */
export function securityHeaders(): MiddlewareHandler {
  const overTls = secureHeaders({ ...OPTIONS, strictTransportSecurity: HSTS });
  const overHttp = secureHeaders({ ...OPTIONS, strictTransportSecurity: false });
  return async (c, next) => {
    const { protocol, hostname } = new URL(c.req.url);
    // A browser would apply HSTS to every server of a developer at localhost, whatever its port.
    const isPublicTls = protocol === 'https:' && hostname !== 'localhost';
    await (isPublicTls ? overTls : overHttp)(c, next);
    // Streams forbid transformations, too.
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'private, no-store');
  };
}
