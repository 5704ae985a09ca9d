import { readOwnJson } from '../../src/lib/json.ts';
import { NO_TROUBLE, type Trouble } from '../../src/ledger/stores/tasks.ts';

interface Row extends Record<string, SqlStorageValue> {
  readonly phase: string;
  readonly wake_at: number | null;
  readonly deadline_at: number;
  readonly trouble: string | null;
  readonly milliunits: number | null;
  readonly request_chars: number;
}

/** The sums over a ledger's open tasks: as its triggers keep them, and as counted over the rows. */
export function sumsOf(sql: SqlStorage): { readonly kept: object; readonly counted: object } {
  const rows = sql
    .exec<Row>('SELECT phase, wake_at, deadline_at, trouble, milliunits, request_chars FROM task')
    .toArray()
    .filter(({ phase }) => phase !== 'DONE');
  const waiting = rows.filter(({ phase }) => phase === 'WAITING');
  const holding = rows.filter(({ phase, trouble }) => {
    const { isLost, emptySinceMs } = trouble === null ? NO_TROUBLE : readOwnJson<Trouble>(trouble);
    return phase !== 'WAITING' && !isLost && emptySinceMs === null;
  });
  return {
    kept: sql.exec('SELECT * FROM task_sum').one(),
    counted: {
      waiting: waiting.length,
      request_chars: rows.reduce((sum, { request_chars }) => sum + request_chars, 0),
      milliunits_pending: rows.reduce((sum, { milliunits }) => sum + (milliunits ?? 0), 0),
      parked: waiting.filter(({ wake_at, deadline_at }) => wake_at !== null && wake_at >= deadline_at).length,
      holding_slots: holding.length,
    },
  };
}
