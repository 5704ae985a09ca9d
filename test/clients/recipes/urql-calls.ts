import type { Exchange } from '@urql/core';
import { cacheExchange, type CacheExchangeOpts } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';

/**
 * Merges the pages of a list into one list. Replaces urql's own `cacheExchange`. `schema` is the result of an introspection:
 * without it, fragments on interfaces and unions can lose data.
 */
export function createCacheExchange(schema: NonNullable<CacheExchangeOpts['schema']>): Exchange {
  return cacheExchange({ schema, resolvers: { Query: { tasks: relayPagination(), taskUpdates: relayPagination() } } });
}
