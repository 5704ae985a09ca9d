import { DurableObject } from 'cloudflare:workers';
import { configOf } from '../config.ts';
import { createLog } from '../lib/log.ts';
import { startTimer } from '../lib/timer.ts';
import { createKeyKeeper, type IssuerKeySet, type KeyKeeper } from './key-keeper.ts';

/**
 * The keys of the issuer of tokens, fetched once for all isolates. It is an object so that the last good copy survives
 * an outage of the issuer, and so that tokens with unknown key ids, however many, cost the issuer one request in 30 s.
 */
export class IssuerKeys extends DurableObject<Env> {
  readonly #keeper: KeyKeeper;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { auth, logTenant } = configOf(env);
    if (auth.mode !== 'jwks') throw new Error('no issuer is configured');
    const { jwksUrl } = auth;
    this.#keeper = createKeyKeeper({
      jwksUrl,
      fetch: (url, init) => fetch(url, init),
      // Kept under the issuer's address: another issuer's keys are worth nothing.
      load: () => ctx.storage.kv.get<IssuerKeySet>(jwksUrl) ?? null,
      save: (keys) => ctx.storage.kv.put(jwksUrl, keys),
      now: Date.now,
      startTimer,
      background: (work) => ctx.waitUntil(work),
      log: createLog(logTenant),
    });
  }

  keys(newerThanMs: number): Promise<IssuerKeySet | null> {
    return this.#keeper.keys(newerThanMs);
  }
}
