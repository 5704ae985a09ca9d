import { createCallbackTokens } from './auth/callback-token.ts';
import type { Config } from './config.ts';
import type { GatewayContext } from './context.ts';
import { handleCallback } from './http/callback.ts';
import { createGraphqlHandler } from './http/graphql.ts';
import { answerReady } from './http/health.ts';
import type { RequestTrace } from './http/request-log.ts';
import { answerUpgrade, isUpgrade, type Dial } from './http/socket.ts';
import { answerSubscription } from './http/subscribe.ts';
import { dial } from './hub/pool.ts';
import { createKlingClient } from './kling/client.ts';
import { createLedgerPort } from './ledger/port.ts';
import type { Log } from './lib/log.ts';
import { sleep } from './lib/sleep.ts';
import { schema } from './schema/schema.ts';

/** What the Worker does once its configuration is known to be right. */
export interface Gateway {
  answerGraphql(request: Request, trace: RequestTrace): Promise<Response>;
  answerCallback(request: Request, token: string): Promise<Response>;
  answerReady(request: Request): Promise<Response>;
}

/** Without authentication there is one tenant. */
const TENANT = 'default';

/** Built once per isolate: it keeps the minted token and the parsed documents. Nothing of a request stays in it. */
export function createGateway(env: Env, config: Config, log: Log): Gateway {
  const { baseUrl, keys, timeoutMs } = config.kling;
  const kling = createKlingClient({
    baseUrl,
    credentials: keys,
    timeoutMs,
    fetch: (input, init) => fetch(input, init),
    now: Date.now,
    random: Math.random,
    sleep,
    log: (exchange) => log({ level: 'info', message: 'kling exchange', ...exchange }),
  });
  const graphql = createGraphqlHandler({
    schema,
    bodyBytesMax: config.bodyBytesMax,
    introspection: config.introspection,
    log,
  });
  const dialHub: Dial = (request) => dial(env.HUB, request, Math.random);
  const { secret, webhookSecrets } = config.callbacks;
  const tokens = secret === null ? null : createCallbackTokens(secret);

  return {
    async answerGraphql(incoming, { requestId, notes }) {
      if (isUpgrade(incoming)) return answerUpgrade(incoming, dialHub);
      const request = await answerSubscription(incoming, config.bodyBytesMax, { dial: dialHub, tenant: TENANT, log });
      if (request instanceof Response) return request;
      const context: GatewayContext = {
        requestId,
        now: Date.now,
        ledger: createLedgerPort(env.TASK_LEDGER.getByName(TENANT)),
        upstream: kling,
      };
      return graphql(request, context, notes);
    },

    async answerCallback(request, token) {
      if (tokens === null) return new Response('Not found\n', { status: 404 });
      return handleCallback(request, token, {
        tokens,
        webhookSecrets,
        ingest: ({ tenant, taskId }, hint) => env.TASK_LEDGER.getByName(tenant).ingest(taskId, hint),
        log,
      });
    },

    async answerReady(request) {
      return answerReady(request, { ok: true, config }, await env.KLING_ACCOUNT.getByName('account').status());
    },
  };
}
