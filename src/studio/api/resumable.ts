import type { Client as SocketClient } from 'graphql-ws';
import { type Backoff, backoffMs } from '../../lib/time.ts';

/** The position of a subscription. */
export interface Progress {
  /** The cursor of the last event. Null before the first. */
  cursor: string | null;
  /** Whether an error has ended the subscription and it waits for the next attempt. */
  isWaiting: boolean;
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

interface Options {
  readonly socket: Pick<SocketClient, 'subscribe'>;
  readonly progress: Progress;
  /** Resolves when the next attempt is due. `retries` counts the failed attempts. */
  readonly waitToRetry: (retries: number) => Promise<void>;
}

function cursorOf(result: { readonly data?: unknown }): string | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one field of a subscription; its own type is the document's
  const [event] = Object.values((result.data ?? {}) as Record<string, { readonly cursor?: string } | null>);
  return event?.cursor ?? null;
}

/** Whether another attempt can succeed: the gateway has ended the subscription with errors that are retryable. */
function isWorthAnother(error: unknown): boolean {
  if (!Array.isArray(error)) return false;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- GraphQL errors, which the protocol has as a list
  const errors = error as readonly { readonly extensions?: { readonly retryable?: boolean } }[];
  return errors.every(({ extensions }) => extensions?.retryable !== false);
}

/**
 * Subscribes so that every attempt sends the newest cursor as `$after`. So no change is missed or repeated. After a lost
 * connection, graphql-ws retries. After a retryable error of the gateway, this function does.
 */
export function subscribeResumably(
  operation: Operation,
  sink: Sink,
  { socket, progress, waitToRetry: wait }: Options,
): () => void {
  let isOver = false;
  let retries = 0;
  let stop: (() => void) | null = null;

  function attempt(): void {
    // graphql-ws serializes the same object again for each of its attempts.
    const variables = { ...operation.variables, ...(progress.cursor !== null && { after: progress.cursor }) };
    progress.isWaiting = false;
    stop = socket.subscribe(
      { query: operation.query, variables },
      {
        next(result) {
          retries = 0;
          progress.cursor = cursorOf(result) ?? progress.cursor;
          if (progress.cursor !== null) variables.after = progress.cursor;
          sink.next(result);
        },
        error: (error) => void end(error),
        complete: () => sink.complete(),
      },
    );
  }

  async function end(error: unknown): Promise<void> {
    if (!isWorthAnother(error)) {
      sink.error(error);
      return;
    }
    progress.isWaiting = true;
    await wait(retries);
    retries += 1;
    if (!isOver) attempt();
  }

  attempt();
  return () => {
    isOver = true;
    progress.isWaiting = false;
    stop?.();
  };
}

const RETRY: Backoff = { baseMs: 300, capMs: 10_000 };

/** Waits longer with every attempt, by a random time, so that pages do not reconnect at once. Ends early if the browser comes online. */
export async function waitToRetry(retries: number): Promise<void> {
  const ms = backoffMs(retries + 1, RETRY, Math.random);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  addEventListener('online', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
