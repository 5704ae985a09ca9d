import type { Subscriber } from './resumable';

/**
 * Runs a query or mutation through graphql-ws or graphql-sse, and returns its result `{ data, errors }`. Rejects with the
 * reason of a lost connection, or with the errors of a request that graphql-ws could not start.
 */
export function once<Result>(client: Subscriber, operation: Parameters<Subscriber['subscribe']>[0]): Promise<Result> {
  return new Promise((resolve, reject) => {
    let result: Result;
    client.subscribe(operation, { next: (value) => (result = value), error: reject, complete: () => resolve(result) });
  });
}
