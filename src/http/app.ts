import type { Context, MiddlewareHandler } from 'hono';
import { Hono } from 'hono/tiny';
import { secureHeaders } from 'hono/secure-headers';
import { type Config, type ConfigResult, configResultOf } from '../config/index.ts';
import type { ConfigProblem } from '../config/settings.ts';
import type { Viewer } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';
import { type AppEnv, requestLog, type RequestLogDeps, type RequestTrace } from './log.ts';
import { MEDIA_ACCESS } from './media.ts';
import { answerOrigin, cors } from './origin.ts';
import { respond, respondFailure, respondThrown } from './respond.ts';
import { UPLOAD_ACCESS } from './uploads.ts';

/** Answers the routes that need a configuration. */
export interface Handlers {
  answerGraphql(request: Request, trace: RequestTrace): Promise<Response>;
  /** Answers one query or mutation of a viewer whose token has been verified. */
  answerOperation(request: Request, trace: RequestTrace, viewer: Viewer): Promise<Response>;
  answerCallback(request: Request, token: string, trace: RequestTrace): Promise<Response>;
  answerUpload(request: Request, token: string, trace: RequestTrace): Promise<Response>;
  answerMedia(request: Request, token: string, name: string, trace: RequestTrace): Promise<Response>;
  answerReady(request: Request, trace: RequestTrace): Promise<Response>;
}

/** The dependencies of the routes. */
export interface AppDeps extends RequestLogDeps {
  readonly handlersOf: (env: Env, config: Config) => Handlers;
}

/** Creates the Worker's routes. Every response gets its security and cache headers here, and a line in the log. */
export function createApp(deps: AppDeps): Hono<AppEnv> {
  // Not strict, because some clients and proxies add a slash to a path.
  const app = new Hono<AppEnv>({ strict: false });
  app.use(securityHeaders());
  app.use('/graphql', cors());
  app.use('/uploads/*', cors(UPLOAD_ACCESS));
  app.use('/media/*', cors(MEDIA_ACCESS));
  app.use(requestLog(deps));
  app.onError((error, c) => respondThrown(error, c.req.raw, c.var.trace, deps.logOf(c.env)));
  app.notFound(() => respond({ status: 404, body: 'Not found' }));

  app.all('/health', (c) => answerHealth(c.req.raw));
  app.all('/ready', (c) => {
    const result = configResultOf(c.env);
    if (!result.ok) return answerReady(c.req.raw, result);
    return deps.handlersOf(c.env, result.config).answerReady(c.req.raw, c.var.trace);
  });
  app.all('/graphql', (c) =>
    withConfig(c, (config) => {
      const refusal = answerOrigin(c.req.raw, config);
      return refusal ?? deps.handlersOf(c.env, config).answerGraphql(c.req.raw, c.var.trace);
    }),
  );
  app.all('/callbacks/:token', (c) =>
    withConfig(c, (config) =>
      deps.handlersOf(c.env, config).answerCallback(c.req.raw, c.req.param('token'), c.var.trace),
    ),
  );
  app.all('/uploads/:token', (c) =>
    withConfig(c, (config) => {
      const refusal = answerOrigin(c.req.raw, config, UPLOAD_ACCESS);
      return refusal ?? deps.handlersOf(c.env, config).answerUpload(c.req.raw, c.req.param('token'), c.var.trace);
    }),
  );
  app.all('/media/:token/:name', (c) =>
    withConfig(c, (config) => {
      // A page of any origin may play a file. Only a preflight is checked, which a plain GET does not send.
      const preflight = c.req.method === 'OPTIONS' ? answerOrigin(c.req.raw, config, MEDIA_ACCESS) : null;
      const { token, name } = c.req.param();
      return preflight ?? deps.handlersOf(c.env, config).answerMedia(c.req.raw, token, name, c.var.trace);
    }),
  );
  return app;
}

/** Creates the route for the queries and mutations that arrive on a hub's sockets. The viewer is in `ctx.props`. */
export function createOperationsApp(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestLog(deps));
  app.onError((error, c) => respondThrown(error, c.req.raw, c.var.trace, deps.logOf(c.env)));
  app.all('/graphql', (c) =>
    withConfig(c, (config) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only a hub of this Worker calls, with a viewer
      const viewer = c.executionCtx.props as Viewer;
      return deps.handlersOf(c.env, config).answerOperation(c.req.raw, c.var.trace, viewer);
    }),
  );
  return app;
}

function withConfig(
  { env, var: { trace } }: Context<AppEnv>,
  answer: (config: Config) => Response | Promise<Response>,
): Response | Promise<Response> {
  const result = configResultOf(env);
  return result.ok ? answer(result.config) : answerMisconfigured(result.problems, trace.requestId);
}

type SecureHeadersOptions = NonNullable<Parameters<typeof secureHeaders>[0]>;

/** No response is a page. If a browser shows one as a page, it loads nothing, runs nothing and is not framed. */
const SECURE_HEADERS: SecureHeadersOptions = {
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  permissionsPolicy: { camera: [], geolocation: [], microphone: [], payment: [], usb: [] },
  // For browsers without frame-ancestors.
  xFrameOptions: 'DENY',
  // These headers only affect pages.
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

/** A file is embedded by pages of any origin, and shown by the browser's own player. */
const FILE_HEADERS: SecureHeadersOptions = {
  ...SECURE_HEADERS,
  contentSecurityPolicy: {
    ...SECURE_HEADERS.contentSecurityPolicy,
    mediaSrc: ["'self'"],
    imgSrc: ["'self'"],
    styleSrc: ["'unsafe-inline'"],
  },
  crossOriginResourcePolicy: 'cross-origin',
};

const HSTS = 'max-age=31536000; includeSubDomains';

function headersFor(strictTransportSecurity: string | false) {
  return {
    answer: secureHeaders({ ...SECURE_HEADERS, strictTransportSecurity }),
    file: secureHeaders({ ...FILE_HEADERS, strictTransportSecurity }),
  };
}

/** Sets the headers that keep browsers from sniffing, framing, embedding and caching a response. */
function securityHeaders(): MiddlewareHandler {
  const [overTls, overHttp] = [headersFor(HSTS), headersFor(false)];
  return async (c, next) => {
    const { url } = c.req;
    // HSTS applies to all ports of a host, so it would break other servers on a developer's localhost.
    const isPublicTls = url.startsWith('https:') && new URL(url).hostname !== 'localhost';
    const headers = isPublicTls ? overTls : overHttp;
    await (c.req.path.startsWith('/media/') ? headers.file : headers.answer)(c, next);
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'private, no-store');
  };
}

/** Answers `/health`: says that the Worker runs. Needs no setting and calls nothing. */
export function answerHealth(request: Request): Response {
  return respondStatus(request, 200, { status: 'ok' });
}

/**
 * Answers `/ready`: says whether the gateway is configured, and lists the settings with problems, without their values.
 * `upstream` is the state of the Kling account: null if its object did not answer, undefined to leave it out. The gateway
 * is ready while Kling is down, because it still serves what is stored.
 */
export function answerReady(request: Request, config: ConfigResult, upstream?: object | null): Response {
  return config.ok
    ? respondStatus(request, 200, { status: 'ready', problems: [], ...(upstream !== undefined && { upstream }) })
    : respondStatus(request, 503, { status: 'misconfigured', problems: config.problems });
}

/** Answers a GraphQL request or a callback while settings have problems. Names these settings only. */
export function answerMisconfigured(problems: readonly ConfigProblem[], requestId: string): Response {
  const names = [...new Set(problems.map(({ setting }) => setting))].join(', ');
  const message = `The gateway is not configured: ${names}. See /ready.`;
  return respondFailure({ code: 'UPSTREAM_MISCONFIGURED', message, retryable: false }, { requestId });
}

function respondStatus({ method }: Request, status: number, body: object): Response {
  if (method !== 'GET' && method !== 'HEAD') {
    return respond({ status: 405, body: null, headers: { allow: 'GET, HEAD' } });
  }
  return respond({ status, body: method === 'HEAD' ? null : body, contentType: 'application/json' });
}

/** How long a state of the account is shown before it is read again. */
const STATE_FRESH_MS = 1_000;

/**
 * Creates the reader of the account's state. Every caller may ask `/ready`, and one object serves all tenants, so it is
 * read at most once a second. Returns null if the object did not answer.
 */
export function createAccountState(
  read: () => Promise<object>,
  now: () => number,
  log: Log,
): () => Promise<object | null> {
  let state: object | null = null;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (now() - readAtMs < STATE_FRESH_MS) return state;
    readAtMs = now();
    state = await read().catch((error: unknown) => {
      log({ level: 'warn', message: 'account does not answer', cause: String(error) });
      return null;
    });
    return state;
  };
}
