import { createContext, use } from 'react';
import type { Api } from '../api/client.ts';

export const ApiContext = createContext<Api | null>(null);

/** What the signed-in caller has. Only below `Shell`. */
export function useApi(): Api {
  const api = use(ApiContext);
  if (api === null) throw new Error('Nobody is signed in.');
  return api;
}
