/** Shares the one thread of a hub between its tenants: none is served twice while another waits. */
export interface Turns {
  /** Waits until the tenant may do work that costs so many fields. Null: at once. */
  take(tenant: string, cost: number): Promise<void> | null;
}

/**
 * After so many fields, about 2 ms, everybody else has a turn: other tenants, and messages that have come in. What one event of
 * another tenant takes has some 20 steps, each of which may wait for a slice.
 */
const SLICE = 1_000;

interface Waiting {
  readonly cost: number;
  readonly go: () => void;
}

/** `pause` lets the event loop go on. Work is counted by its cost, since the clock stands still while a Worker computes. */
export function createTurns(pause: () => Promise<void>): Turns {
  // A Map keeps the order of insertion: the first tenant is the one that has waited for longest.
  const queues = new Map<string, Waiting[]>();
  let spent = 0;
  let isServing = false;

  async function serve(): Promise<void> {
    isServing = true;
    while (queues.size > 0) {
      await pause();
      spent = 0;
      const [next] = queues;
      if (next === undefined) break;
      const [tenant, queue] = next;
      queues.delete(tenant);
      while (spent < SLICE) {
        const first = queue.shift();
        if (first === undefined) break;
        spent += first.cost;
        first.go();
      }
      if (queue.length > 0) queues.set(tenant, queue);
    }
    isServing = false;
  }

  return {
    take(tenant, cost) {
      if (!isServing && (spent === 0 || spent + cost <= SLICE)) {
        spent += cost;
        return null;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const queue = queues.get(tenant) ?? [];
      queue.push({ cost, go: resolve });
      queues.set(tenant, queue);
      if (!isServing) void serve();
      return promise;
    },
  };
}
