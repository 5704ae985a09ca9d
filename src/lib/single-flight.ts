/**
 * Shares one call of `run` between overlapping calls, with its result or failure. Caches nothing once it has settled.
 * In a Worker `run` must not wait for I/O: a promise that is shared between requests would hang.
 */
export function createSingleFlight<T>(run: () => Promise<T>): () => Promise<T> {
  let flight: Promise<T> | null = null;
  return function join() {
    flight ??= run().finally(() => {
      flight = null;
    });
    return flight;
  };
}
