import { CombinedGraphQLErrors, InMemoryCache, type ObservableQuery } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';

/** Pages of a list become one list, of each filter its own. */
export function createCache(): InMemoryCache {
  const ofFilter = relayStylePagination(['kind', 'status']);
  return new InMemoryCache({
    typePolicies: { Query: { fields: { tasks: ofFilter, events: relayStylePagination() } } },
  });
}

/** Adds to the list that is shown the page behind its `pageInfo.endCursor`; to be called while `hasNextPage`. */
export async function fetchNextPage<Data>(query: ObservableQuery<Data>, endCursor: string | null): Promise<void> {
  await query.fetchMore({ variables: { after: endCursor } });
}

/** What the gateway says of a failed call: `extensions` has `code`, `retryable` and, of wrong input, `issues`. */
export function errorsOf(error: unknown): CombinedGraphQLErrors['errors'] {
  if (CombinedGraphQLErrors.is(error)) return error.errors;
  throw error;
}

/** Before the `HttpLink`: sends the hash of each document, and its text only when asked for it. */
export function createPersistedLink(): PersistedQueryLink {
  return new PersistedQueryLink({
    async sha256(text: string) {
      const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
      return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
  });
}
