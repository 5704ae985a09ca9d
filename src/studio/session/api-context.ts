import { createContext, use, useCallback, useSyncExternalStore } from 'react';
import { useQuery } from 'urql';
import type { Api, ConnectionState } from '../api/client.ts';
import { ViewerDocument } from '../api/documents.ts';

export const ApiContext = createContext<Api | null>(null);

/** Returns the client of the signed-in caller. Works only below `Shell`. */
export function useApi(): Api {
  const api = use(ApiContext);
  if (api === null) throw new Error('Nobody is signed in.');
  return api;
}

export function useConnection(): ConnectionState {
  const { connection } = useApi();
  const subscribe = useCallback((listener: () => void) => connection.subscribe(listener), [connection]);
  return useSyncExternalStore(subscribe, () => connection.get());
}

/** Returns the scopes of the caller. Null until the gateway has answered. */
export function useScopes(): readonly string[] | null {
  const [{ data }] = useQuery({ query: ViewerDocument, requestPolicy: 'cache-first' });
  return data?.viewer.scopes ?? null;
}
