import type { ReadEvent } from './events.ts';

export type Transport = 'ws' | 'sse' | 'multipart';

/** What a watcher asked for: one task, or all that match. */
export interface Watched {
  /** The gateway's own id; null: `tasksChanged`. */
  readonly taskId: string | null;
  readonly kind: ReadEvent['kind'] | null;
  /** Empty: all. */
  readonly statuses: readonly string[];
}

/** One event as a watcher was told it. */
export interface ToldEvent extends Omit<ReadEvent, 'kind'> {
  readonly resync: boolean;
}

/** One subscription's story, over all its connections. */
export interface History {
  readonly watcher: string;
  readonly transport: Transport;
  readonly watched: Watched;
  /** The number of the event that it began behind; null: it began with the present state. */
  readonly behind: number | null;
  /** In the order of arrival. */
  readonly told: readonly ToldEvent[];
  /** Where in `told` each connection begins. */
  readonly connections: readonly number[];
  /** The gateway said that nothing more comes. */
  readonly isCompleted: boolean;
  /** Whatever the gateway did that it must not do, beside what its events show. */
  readonly problems: readonly string[];
}

/** What watchers' histories are judged by. */
export interface HistoryEvidence {
  readonly histories: readonly History[];
  /** The ledger's log, from its first event on. */
  readonly events: readonly ReadEvent[];
}

/** The events of the log that belong to what is watched. */
export function concerning({ taskId, kind, statuses }: Watched, log: readonly ReadEvent[]): readonly ReadEvent[] {
  return log.filter(
    (event) =>
      (taskId === null || event.taskId === taskId) &&
      (kind === null || event.kind === kind) &&
      (statuses.length === 0 || statuses.includes(event.status)),
  );
}

/**
 * Where the log's own events begin in `told`, and behind which number. What comes before is the present state: numbered
 * 0, but for the last of it, which stands at the head. Null: it was never told of a place in the log.
 */
export function positionOf({ behind, told }: History): { readonly at: number; readonly seq: number } | null {
  if (behind !== null) return { at: 0, seq: behind };
  const first = told.findIndex(({ seq }) => seq > 0);
  return first === -1 ? null : { at: first + 1, seq: told[first]?.seq ?? 0 };
}
