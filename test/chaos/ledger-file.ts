import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** One task on disk. */
export interface StoredTask {
  readonly id: string;
  readonly externalId: string | null;
  readonly klingTaskId: string | null;
  readonly status: string;
  readonly phase: string;
  readonly sends: number;
  readonly unitsDeducted: string | null;
  readonly failure: { readonly code: string } | null;
  /** The step of a task that was made in one call. Missing for the others. */
  readonly stage?: string;
  /** The results of a lip-sync. */
  readonly videos?: readonly { readonly videoId?: string }[];
}

/** A scan or a speech on disk. */
export interface StoredPaidCall {
  /** The caller's external id, or the id and the step of a task, such as `…/SCANNING`. */
  readonly key: string | null;
  /** When it was begun. */
  readonly atMs: number;
  /** Whether its answer is stored. */
  readonly isAnswered: boolean;
}

/** One event on disk. */
export interface StoredEvent {
  readonly seq: number;
  readonly taskId: string;
  readonly atMs: number;
  readonly status: string;
}

/** The ledger of one tenant. */
export interface StoredLedger {
  readonly file: string;
  readonly tasks: readonly StoredTask[];
  readonly events: readonly StoredEvent[];
  /** The thousandths of a unit that were spent in all months. */
  readonly milliunits: number;
  readonly paidCalls: readonly StoredPaidCall[];
}

/** Reads the status of each task and of its newest event. A queued task may have no event yet. */
const TORN = `
  SELECT id, now, told FROM (
    SELECT task.id, json_extract(task.record, '$.status') AS now, (
      SELECT json_extract(event.record, '$.status') FROM event WHERE task_id = task.id ORDER BY seq DESC LIMIT 1
    ) AS told FROM task)
  WHERE now <> coalesce(told, 'QUEUED')`;

/** Finds the tasks whose state and newest event differ, in the ledgers of a gateway that is down. */
export function findTorn(dir: string): readonly string[] {
  const copy = mkdtempSync(join(tmpdir(), 'kling-ledger-'));
  try {
    cpSync(dir, copy, { recursive: true });
    return ledgerFiles(copy).flatMap((file) => {
      const db = new DatabaseSync(join(copy, file));
      try {
        const torn = db.prepare(TORN).all();
        return torn.map(
          ({ id, now, told }) => `${String(id)}: is ${String(now)}, its newest event says ${String(told)}`,
        );
      } finally {
        db.close();
      }
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function ledgerFiles(dir: string): readonly string[] {
  return readdirSync(dir).filter((name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite');
}

/** Reads the ledgers of a gateway that is not running. Opening the files recovers their write-ahead logs. */
export function readLedgers(dir: string): readonly StoredLedger[] {
  return ledgerFiles(dir).map((file) => {
    const db = new DatabaseSync(join(dir, file));
    try {
      const tasks = db.prepare(`SELECT phase, sends, record FROM task ORDER BY seq`).all();
      const events = db.prepare(`SELECT seq, task_id, at, record FROM event ORDER BY seq`).all();
      const paidCalls = db.prepare(`SELECT idempotency_key, at, answer FROM paid_call ORDER BY at`).all();
      const used = db.prepare(`SELECT coalesce(sum(milliunits), 0) AS n FROM usage`).get();
      return {
        file,
        tasks: tasks.map(({ phase, sends, record }) => ({
          ...(JSON.parse(String(record)) as Pick<
            StoredTask,
            'id' | 'externalId' | 'klingTaskId' | 'status' | 'unitsDeducted' | 'failure' | 'stage' | 'videos'
          >),
          phase: String(phase),
          sends: Number(sends),
        })),
        events: events.map(({ seq, task_id, at, record }) => ({
          seq: Number(seq),
          taskId: String(task_id),
          atMs: Number(at),
          status: (JSON.parse(String(record)) as StoredTask).status,
        })),
        milliunits: Number(used?.['n'] ?? 0),
        paidCalls: paidCalls.map(({ idempotency_key: key, at, answer }) => ({
          key: key === null ? null : String(key),
          atMs: Number(at),
          isAnswered: answer !== null,
        })),
      };
    } finally {
      db.close();
    }
  });
}
