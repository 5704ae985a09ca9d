import { WorkerEntrypoint } from 'cloudflare:workers';
import { KlingAccount } from './account/kling-account.ts';
import { IssuerKeys } from './auth/issuer-keys.ts';
import { type Config, configResultOf } from './config/index.ts';
import type { Viewer } from './domain/ports.ts';
import { createGateway } from './gateway.ts';
import { type AppDeps, createApp, createOperationsApp, type Handlers } from './http/app.ts';
import { Hub } from './hub/hub.ts';
import { TaskLedger } from './ledger/task-ledger.ts';
import { createLog, type Log } from './lib/log.ts';
import { Upload } from './media/upload.ts';
import { Webhook } from './webhooks/webhook.ts';

export { Hub, IssuerKeys, KlingAccount, TaskLedger, Upload, Webhook };

const logs = new WeakMap<Env, Log>();
const gateways = new WeakMap<Env, Handlers>();

function logOf(env: Env): Log {
  const config = configResultOf(env);
  const known = logs.get(env) ?? createLog(config.ok ? config.config.logTenant : 'off');
  logs.set(env, known);
  return known;
}

function gatewayOf(env: Env, config: Config): Handlers {
  const known = gateways.get(env) ?? createGateway(env, config, logOf(env));
  gateways.set(env, known);
  return known;
}

const deps: AppDeps = { handlersOf: gatewayOf, logOf, now: Date.now, randomId: () => crypto.randomUUID() };
const app = createApp(deps);
const operations = createOperationsApp(deps);

/**
 * Answers the queries and mutations of sockets for the viewer that their hub has verified. It has no public address. Only
 * this Worker's own objects reach it, and Workers of the same Cloudflare account that bind it by name.
 */
export class SocketOperations extends WorkerEntrypoint<Env, Viewer> {
  override fetch(request: Request): Response | Promise<Response> {
    return operations.fetch(request, this.env, this.ctx);
  }
}

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
} satisfies ExportedHandler<Env>;
