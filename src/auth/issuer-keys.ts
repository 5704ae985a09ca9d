import { DurableObject } from 'cloudflare:workers';
import { configOf } from '../config/index.ts';
import { startTimer } from '../lib/deadline.ts';
import { createLog } from '../lib/log.ts';
import { createJwksCache, type IssuerKeySet, type JwksCache } from './jwks-cache.ts';

/**
 * The object that fetches the keys of one issuer for all isolates. The last good keys survive an outage of the issuer.
 * Tokens with unknown key ids cost the issuer one request per 30 s, however many there are.
 */
export class IssuerKeys extends DurableObject<Env> {
  readonly #cache: JwksCache;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { auth, logTenant } = configOf(env);
    if (auth.mode !== 'jwks') throw new Error('no issuer is configured');
    const { jwksUrl } = auth;
    this.#cache = createJwksCache({
      jwksUrl,
      fetch: (url, init) => fetch(url, init),
      // Stored by the issuer's URL, because keys of another issuer are of no use. Those are deleted.
      load: () => ctx.storage.kv.get<IssuerKeySet>(jwksUrl) ?? null,
      save(keys) {
        for (const [url] of ctx.storage.kv.list({ prefix: 'http' })) if (url !== jwksUrl) ctx.storage.kv.delete(url);
        ctx.storage.kv.put(jwksUrl, keys);
      },
      now: Date.now,
      startTimer,
      background: (work) => ctx.waitUntil(work),
      log: createLog(logTenant),
    });
  }

  keys(newerThanMs: number): Promise<IssuerKeySet | null> {
    return this.#cache.keys(newerThanMs);
  }
}
