import { createContext, use, useCallback, useState, useSyncExternalStore } from 'react';
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

/** Returns the tenant of the caller. Null until the gateway has answered. It stays while a new token is being checked. */
export function useTenant(): string | null {
  const [{ data }] = useQuery({ query: ViewerDocument, requestPolicy: 'cache-first' });
  const [known, setKnown] = useState<string | null>(null);
  const tenant = data?.viewer.tenant ?? known;
  if (tenant !== known) setKnown(tenant);
  return tenant;
}

/** Returns the scopes of the caller. Null until the gateway has answered. */
export function useScopes(): readonly string[] | null {
  const [{ data }] = useQuery({ query: ViewerDocument, requestPolicy: 'cache-first' });
  return data?.viewer.scopes ?? null;
}
