/** How the live connection stands. `connecting` is also between a break and the next attempt; `idle`: nothing is followed. */
export type ConnectionState = 'connecting' | 'live' | 'offline' | 'idle';

/** A value that React can follow with `useSyncExternalStore`. */
export interface ConnectionStore {
  get(): ConnectionState;
  set(state: ConnectionState): void;
  subscribe(listener: () => void): () => void;
}

export function createConnectionStore(): ConnectionStore {
  let current: ConnectionState = 'connecting';
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set(state) {
      if (state === current) return;
      current = state;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
