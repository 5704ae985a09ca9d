import type { TaskRecord } from '../domain/records.ts';
import { settledWithin, type StartTimer } from '../lib/deadline.ts';
import type { LedgerDeps } from './deps.ts';
import type { Rates } from './limits.ts';
import type { Reader } from './sync-task.ts';
import type { TaskRow } from './stores/tasks.ts';

/** Tasks as queries are shown them: as fresh as the bounds on reads of Kling allow. */
export interface FreshTasks {
  /**
   * Each task as it is now, good to a second, or as it is stored: when Kling is down or does not answer within 2 s, or
   * when the tenant has no read left. A read that was begun goes on, and is applied when its answer comes.
   */
  of(rows: readonly TaskRow[]): Promise<TaskRecord[]>;
}

/** Longest that a query waits for Kling: what is stored answers then. */
export const FRESH_WAIT_MS = 2_000;

/** Reads for queries that may be under way at once: an object has 6 connections, and the alarm's polls need some. */
export const FRESH_READS_AT_ONCE = 4;

export interface FreshTasksParts {
  readonly reader: Pick<Reader, 'fresh' | 'wantsRead' | 'isReading'>;
  readonly rates: Pick<Rates, 'upstreamRead'>;
  readonly startTimer: StartTimer;
}

export function createFreshTasks(
  { tasks, now, background }: Pick<LedgerDeps, 'tasks' | 'now' | 'background'>,
  { reader, rates, startTimer }: FreshTasksParts,
): FreshTasks {
  /** Those that are being read for queries, or wait for it, by id. */
  const asked = new Map<string, Promise<void>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function readInTurn(id: string): Promise<void> {
    const askedAtMs = now();
    if (running >= FRESH_READS_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      const row = tasks.find({ id });
      // Nobody waits for it any more: another query asks again.
      if (row !== null && now() - askedAtMs < FRESH_WAIT_MS) await reader.fresh(row);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  /** Null: nothing has to be waited for. */
  function refresh(row: TaskRow): Promise<unknown> | null {
    const { id } = row.record;
    const before = asked.get(id);
    if (before !== undefined) return before;
    if (reader.isReading(id)) return reader.fresh(row);
    if (!reader.wantsRead(row) || !rates.upstreamRead()) return null;
    const started = readInTurn(id).finally(() => asked.delete(id));
    asked.set(id, started);
    background(() => started);
    return started;
  }

  return {
    async of(rows) {
      const reads = rows.map(refresh).filter((read) => read !== null);
      if (reads.length > 0) await settledWithin(reads, FRESH_WAIT_MS, startTimer);
      return rows.map((row) => (tasks.find({ id: row.record.id }) ?? row).record);
    },
  };
}
