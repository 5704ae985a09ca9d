import type { Exchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';

/** Replaces urql's own `cacheExchange`: pages of a list become one list. */
export function createCacheExchange(): Exchange {
  return cacheExchange({ resolvers: { Query: { tasks: relayPagination(), events: relayPagination() } } });
}
