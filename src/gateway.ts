import { waitUntil } from 'cloudflare:workers';
import { createAuthenticate, createScopedLedger, createScopedUpstream } from './auth/access.ts';
import { createCallbackTokens, fileKey, fileUrlsOf } from './auth/signed-token.ts';
import { createIssuerVerify } from './auth/issuer-keys.ts';
import type { Config } from './config/index.ts';
import type { FileUrls } from './domain/media.ts';
import { type Ledger, type Upstream, isPermitted, type Viewer } from './domain/ports.ts';
import { fromResult } from './errors.ts';
import { createDocuments } from './graphql/documents.ts';
import { createOperationFinder } from './graphql/operation.ts';
import { answerReady, createAccountState, type Handlers } from './http/app.ts';
import { handleCallback } from './http/callback.ts';
import { createGraphqlHandler, type ServerContext, useCompiledExecutor } from './http/graphql.ts';
import { clientNetworkOf, createLargeBodies, createRequestRate } from './http/limits.ts';
import { handleMedia } from './http/media.ts';
import { noteError, noteExchange, noteTask, type RequestTrace } from './http/log.ts';
import { createReadParams } from './http/read-params.ts';
import { respond } from './http/respond.ts';
import { isUpgrade } from './http/origin.ts';
import { answerUpgrade } from './http/socket.ts';
import { createAnswerStream } from './http/stream.ts';
import { handleUpload } from './http/uploads.ts';
import { type Dial, dial } from './hub/pool.ts';
import { createKlingClients, createUpstream } from './kling/client.ts';
import { createPresetLibrary } from './kling/voices.ts';
import { createLedgerPort, createReach, createReadLeases, type LedgerCaller } from './ledger/rpc.ts';
import { sleep, startTimer } from './lib/time.ts';
import type { Log } from './lib/log.ts';
import { schema } from './schema/schema.ts';

interface Ports {
  readonly files: FileUrls | null;
  readonly ledgerOf: (viewer: Viewer, trace: RequestTrace) => Ledger;
  readonly upstreamOf: (viewer: Viewer, trace: RequestTrace) => Upstream;
}

/**
 * The context of one request. Creates a port when a resolver first uses it. An unused stub of a ledger would add half to
 * the CPU of a list of 500. Has getters on the prototype and no `#private` fields, because Yoga copies the own properties
 * of a context into an object that inherits from it.
 */
class RequestContext implements ServerContext {
  readonly trace: RequestTrace;
  readonly viewer: Viewer;
  private readonly ports: Ports;
  private madeLedger: Ledger | null = null;
  private madeUpstream: Upstream | null = null;

  constructor(trace: RequestTrace, viewer: Viewer, ports: Ports) {
    this.trace = trace;
    this.viewer = viewer;
    this.ports = ports;
  }

  get now(): () => number {
    return Date.now;
  }

  get requestId(): string {
    return this.trace.requestId;
  }

  get ledger(): Ledger {
    return (this.madeLedger ??= this.ports.ledgerOf(this.viewer, this.trace));
  }

  get files(): FileUrls | null {
    return this.ports.files;
  }

  get upstream(): Upstream {
    return (this.madeUpstream ??= this.ports.upstreamOf(this.viewer, this.trace));
  }
}

/** Takes at most 25 MB. A parsed document takes about 30 times its length in memory, and 50 times if it is all comments. */
const KEPT_DOCUMENTS = { charsPerEntryMax: 8192, charsMax: 512 * 1024 };

/** Creates the handlers. Build them once per isolate, because they cache tokens and documents. They keep nothing of a request. */
export function createGateway(env: Env, config: Config, log: Log): Handlers {
  const { baseUrl, keys, timeoutMs } = config.kling;
  const klingFor = createKlingClients({
    baseUrl,
    credentials: keys,
    timeoutMs,
    fetch: (input, init) => fetch(input, init),
    aborts: false,
    now: Date.now,
    random: Math.random,
    sleep,
    startTimer,
  });
  const reach = createReach(log);
  const largeBodies = createLargeBodies({
    takeRate: async (tenant) => fromResult(await reach(env.TASK_LEDGER.getByName(tenant).takeLargeBody())),
    now: Date.now,
  });
  const readParams = createReadParams({
    schema,
    documents: createDocuments(config.documents),
    limits: config.bodies,
    largeBodies,
    now: Date.now,
    startTimer,
  });
  const dialHub: Dial = (request, tenant) => dial(env.HUB, request, tenant, { random: Math.random, log });
  const finder = createOperationFinder({
    schema,
    introspection: config.introspection,
    kept: KEPT_DOCUMENTS,
    locations: true,
  });
  const graphql = createGraphqlHandler({
    schema,
    finder,
    readParams,
    answerStream: createAnswerStream({
      finder,
      networkOf: clientNetworkOf,
      isDevelopment: config.environment === 'development',
      dial: dialHub,
      log,
    }),
    executor: useCompiledExecutor(),
    largeBodies,
    suggestions: config.introspection,
    log,
  });
  const authenticate = createAuthenticate(config.auth, {
    issuerVerify: createIssuerVerify(
      (newerThanMs) => env.ISSUER_KEYS.getByName('issuer').keys(newerThanMs),
      Date.now,
      log,
    ),
    now: Date.now,
    log,
  });
  const { secrets, webhookSecrets } = config.callbacks;
  const tokens = secrets.length === 0 ? null : createCallbackTokens(secrets);

  const takeRead = createReadLeases({
    perMinute: config.rates.upstreamReadsPerMinute,
    lease: (tenant, wanted) => reach(env.TASK_LEDGER.getByName(tenant).leaseUpstreamReads(wanted)),
    now: Date.now,
  });
  const klingForRefresh = klingFor((exchange) => log({ level: 'info', message: 'kling exchange', ...exchange }));
  const library = createPresetLibrary({
    readPage: (page) => klingForRefresh.listPresetVoices(page),
    now: Date.now,
    background: (work) =>
      waitUntil(
        work().catch((error: unknown) =>
          log({ level: 'warn', message: 'preset voices not refreshed', cause: String(error) }),
        ),
      ),
  });

  function ledgerOf(viewer: Viewer, trace: RequestTrace): Ledger {
    const caller: LedgerCaller = {
      requestId: trace.requestId,
      onTask: (taskId) => noteTask(trace, taskId),
      onRefusal: (code) => noteError(trace, code),
      log,
    };
    return createScopedLedger(createLedgerPort(env.TASK_LEDGER.getByName(viewer.tenant), caller), viewer);
  }

  function upstreamOf(viewer: Viewer, trace: RequestTrace): Upstream {
    const upstream = createUpstream({
      client: klingFor((exchange) => noteExchange(trace, exchange, log)),
      library,
      takeRead: () => takeRead(viewer.tenant),
    });
    return createScopedUpstream(upstream, viewer);
  }

  const files = fileUrlsOf(config);
  const ports: Ports = { ledgerOf, upstreamOf, files };

  function answer(request: Request, trace: RequestTrace, viewer: Viewer): Promise<Response> {
    return graphql(request, new RequestContext(trace, viewer, ports));
  }

  /** Returns the tenant, to choose a hub. Returns null for a bad token, because the socket authenticates in its first message. */
  async function tenantOf(request: Request, { requestId }: RequestTrace): Promise<string | null> {
    const authorization = request.headers.get('authorization');
    if (authorization === null) return null;
    return authenticate(authorization, requestId).then(
      ({ tenant }) => tenant,
      () => null,
    );
  }

  const accountState = createAccountState(() => env.KLING_ACCOUNT.getByName('account').status(), Date.now, log);

  // oxlint-disable-next-line typescript/no-unnecessary-condition -- bound on Cloudflare and by Wrangler, not in a bare workerd
  const admit = createRequestRate(env.REQUEST_RATE ?? null);

  return {
    async answerGraphql(incoming, trace) {
      if (isUpgrade(incoming)) {
        // A socket takes up room before it authenticates, so its network is limited.
        const network = clientNetworkOf(incoming);
        await admit(`address ${network ?? ''}`);
        const tenant = await tenantOf(incoming, trace);
        if (tenant !== null) trace.notes.tenant = tenant;
        return answerUpgrade(incoming, tenant, network, trace.requestId, dialHub);
      }
      const viewer = await authenticate(incoming.headers.get('authorization'), trace.requestId);
      trace.notes.tenant = viewer.tenant;
      await admit(`tenant ${viewer.tenant}`);
      return answer(incoming, trace, viewer);
    },

    async answerOperation(request, trace, viewer) {
      trace.notes.tenant = viewer.tenant;
      await admit(`tenant ${viewer.tenant}`);
      return answer(request, trace, viewer);
    },

    async answerCallback(request, token, trace) {
      if (tokens === null) return respond({ status: 404, body: 'Not found' });
      return handleCallback(request, token, trace, {
        tokens,
        webhookSecrets,
        ingest: ({ tenant, taskId }, hint) => env.TASK_LEDGER.getByName(tenant).ingest(taskId, hint, trace.requestId),
        log,
      });
    },

    async answerUpload(request, token, trace) {
      if (files === null) return respond({ status: 404, body: 'Not found' });
      return handleUpload(request, token, trace, {
        urls: files,
        objectOf: (mediaId) => env.UPLOAD.getByName(mediaId),
        admit,
        now: Date.now,
      });
    },

    async answerMedia(request, token, name, trace) {
      if (files === null) return respond({ status: 404, body: 'Not found' });
      return handleMedia(request, token, name, trace, {
        urls: files,
        bucket: env.MEDIA,
        keyOf: ({ tenant, id }) => fileKey(tenant, id),
        admit,
        now: Date.now,
        log,
      });
    },

    async answerReady(request, { requestId }) {
      const isOperator = await authenticate(request.headers.get('authorization'), requestId).then(
        (viewer) => isPermitted(viewer, 'operator'),
        () => false,
      );
      return answerReady(request, { ok: true, config }, isOperator ? await accountState() : undefined);
    },
  };
}
