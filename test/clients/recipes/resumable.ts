interface Operation {
  /** Empty if `documentId` or `extensions.persistedQuery` names the document. */
  readonly query: string;
  readonly documentId?: string | null;
  readonly extensions?: Record<string, unknown>;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
}

interface Sink {
  // oxlint-disable-next-line typescript/no-explicit-any -- each library has a type of its own for it
  next(result: any): void;
  error(error: unknown): void;
  complete(): void;
}

/** The client of graphql-ws or graphql-sse. */
export interface Subscriber {
  subscribe(operation: Operation, sink: Sink): () => void;
}

/** A `subscribe` that sends the newest cursor as `$after` in every attempt. The operation declares `$after` and selects `cursor`. */
export function resumable(client: Subscriber): Subscriber['subscribe'] {
  return (operation, sink) => {
    // Both clients serialize the same object again for each attempt.
    const variables = { ...operation.variables };
    return client.subscribe(
      { ...operation, variables },
      {
        next(result) {
          const [event] = Object.values<{ cursor?: string } | null>(result.data ?? {});
          variables.after = event?.cursor ?? variables.after;
          sink.next(result);
        },
        error: (error) => sink.error(error),
        complete: () => sink.complete(),
      },
    );
  };
}

/** Waits up to 10 s between two attempts, by a random time, so that clients do not reconnect at once. */
export async function backoff(retries: number): Promise<void> {
  const ms = Math.random() * Math.min(10_000, 300 * 2 ** retries);
  await new Promise((resolve) => setTimeout(resolve, ms));
}
