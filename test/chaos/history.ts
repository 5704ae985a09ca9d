import type { ReadEvent } from './events.ts';

export type Transport = 'ws' | 'sse' | 'multipart';

/** The subscription of a watcher: one task, or all that match. */
export interface Watched {
  /** The gateway's own id. Null for all tasks. */
  readonly taskId: string | null;
  readonly kind: ReadEvent['kind'] | null;
  /** Empty for all statuses. */
  readonly statuses: readonly string[];
}

/** One event that a watcher received. */
export interface ToldEvent extends Omit<ReadEvent, 'kind'> {
  readonly resync: boolean;
}

/** The history of one subscription, over all its connections. */
export interface History {
  readonly watcher: string;
  readonly transport: Transport;
  readonly watched: Watched;
  /** The number of the event that it started after. Null if it started with the present state. */
  readonly behind: number | null;
  /** The received events, in the order of arrival. */
  readonly told: readonly ToldEvent[];
  /** The index in `told` at which each connection starts. */
  readonly connections: readonly number[];
  /** Whether the gateway completed the subscription. */
  readonly isCompleted: boolean;
  /** Other violations by the gateway. */
  readonly problems: readonly string[];
}

/** The reference for histories. */
export interface HistoryEvidence {
  readonly histories: readonly History[];
  /** The whole log of the ledger. */
  readonly events: readonly ReadEvent[];
}

/** Returns the events of the log that a subscription covers. */
export function concerning({ taskId, kind, statuses }: Watched, log: readonly ReadEvent[]): readonly ReadEvent[] {
  return log.filter(
    (event) =>
      (taskId === null || event.taskId === taskId) &&
      (kind === null || event.kind === kind) &&
      (statuses.length === 0 || statuses.includes(event.status)),
  );
}

/**
 * Returns the index in `told` after the present state, and the number of the event before it. Events of the present state
 * have the number 0, except for the last one. Returns null if the history has no place in the log.
 */
export function positionOf({ behind, told }: History): { readonly at: number; readonly seq: number } | null {
  if (behind !== null) return { at: 0, seq: behind };
  const first = told.findIndex(({ seq }) => seq > 0);
  return first === -1 ? null : { at: first + 1, seq: told[first]?.seq ?? 0 };
}
