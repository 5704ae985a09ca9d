import { CombinedGraphQLErrors, InMemoryCache, type ObservableQuery, type PossibleTypesMap } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';

/**
 * Merges the pages of a list into one list for each filter. `possibleTypes` holds the types of each interface and union:
 * without it, fragments on them can lose data.
 */
export function createCache(possibleTypes: PossibleTypesMap): InMemoryCache {
  const fields = {
    tasks: relayStylePagination(['filter']),
    taskUpdates: relayStylePagination(['filter', 'taskId']),
  };
  return new InMemoryCache({ possibleTypes, typePolicies: { Query: { fields } } });
}

/** Adds the page after `pageInfo.endCursor` to the shown list. Call it while `hasNextPage`. */
export async function fetchNextPage<Data>(query: ObservableQuery<Data>, endCursor: string | null): Promise<void> {
  await query.fetchMore({ variables: { after: endCursor } });
}

/** The top-level errors of a call. `extensions` has `code`, `retryable` and, for wrong arguments, `issues`. */
export function errorsOf(error: unknown): CombinedGraphQLErrors['errors'] {
  if (CombinedGraphQLErrors.is(error)) return error.errors;
  throw error;
}

/** Sends the hash of each document, and its text only if the hash is unknown. Put it before the `HttpLink`. */
export function createPersistedLink(): PersistedQueryLink {
  return new PersistedQueryLink({
    async sha256(text: string) {
      const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
      return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
  });
}
