import type { Subscriber } from './resumable.ts';

/**
 * A query or mutation through graphql-ws or graphql-sse: its one result, `{ data, errors }`. Rejects with why the connection
 * was given up; graphql-ws also with the list of errors of a request that cannot begin.
 */
export function once<Result>(client: Subscriber, operation: Parameters<Subscriber['subscribe']>[0]): Promise<Result> {
  return new Promise((resolve, reject) => {
    let result: Result;
    client.subscribe(operation, { next: (value) => (result = value), error: reject, complete: () => resolve(result) });
  });
}
