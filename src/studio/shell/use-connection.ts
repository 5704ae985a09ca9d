import { useCallback, useSyncExternalStore } from 'react';
import type { ConnectionState } from '../api/connection.ts';
import { useApi } from '../session/api-context.ts';

export function useConnection(): ConnectionState {
  const { connection } = useApi();
  const subscribe = useCallback((listener: () => void) => connection.subscribe(listener), [connection]);
  return useSyncExternalStore(subscribe, () => connection.get());
}
