import type { Client as SocketClient } from 'graphql-ws';

/** What the last event left: where to go on. */
export interface Progress {
  cursor: string | null;
}

interface Sink {
  next(result: object): void;
  error(error: unknown): void;
  complete(): void;
}

interface Operation {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

function cursorOf(result: { readonly data?: unknown }): string | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one field of a subscription; its own type is the document's
  const [event] = Object.values((result.data ?? {}) as Record<string, { readonly cursor?: string } | null>);
  return event?.cursor ?? null;
}

/** Subscribes so that every attempt after a break sends the newest cursor as `$after`: no change is missed, none comes twice. */
export function subscribeResumably(
  socket: SocketClient,
  operation: Operation,
  sink: Sink,
  progress: Progress,
): () => void {
  // graphql-ws prints the same object anew for each attempt.
  const variables = { ...operation.variables };
  return socket.subscribe(
    { query: operation.query, variables },
    {
      next(result) {
        progress.cursor = cursorOf(result) ?? progress.cursor;
        if (progress.cursor !== null) variables['after'] = progress.cursor;
        sink.next(result);
      },
      error: (error) => sink.error(error),
      complete: () => sink.complete(),
    },
  );
}
