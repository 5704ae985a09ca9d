/**
 * Calls that overlap share one run of `run`, and its result or failure. Nothing is kept once it has settled: the next
 * call runs anew. In a Worker `run` must not wait for I/O, since the promise is shared between requests.
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
