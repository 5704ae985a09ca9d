import type { Exchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';

/** Merges the pages of a list into one list. Replaces urql's own `cacheExchange`. */
export function createCacheExchange(): Exchange {
  return cacheExchange({ resolvers: { Query: { tasks: relayPagination(), events: relayPagination() } } });
}
