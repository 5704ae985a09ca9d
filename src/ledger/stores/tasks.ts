import type { TaskReference } from '../../domain/ports.ts';
import type { TaskDetails, TaskRecord } from '../../domain/records.ts';
import { TASK_KINDS, TASK_STATUSES, type TaskKind, type TaskStatus } from '../../domain/task.ts';
import type { TaskFilter, TaskOrder } from '../../domain/list.ts';
import { readOwnJson } from '../../lib/json.ts';
import type { TaskFailure } from '../../domain/failure.ts';

/**
 * The phase of a task. `PREPARING`: a scan or a speech is still to be made, or waited for. `WAITING`: not sent, or refused for now. `SENDING`: sent without an answer, it may exist at Kling.
 * `SENT`: Kling has it. `DONE`: final, nothing is left to do.
 */
export type TaskPhase = 'PREPARING' | 'WAITING' | 'SENDING' | 'SENT' | 'DONE';

/** A task with its schedule. Times are milliseconds since the epoch. */
export interface TaskRow {
  readonly seq: number;
  readonly record: TaskRecord;
  readonly inputDigest: string;
  readonly phase: TaskPhase;
  /** When the alarm looks at the task next; null for never. */
  readonly wakeAtMs: number | null;
  /** The polls, look-ups and tries for a slot without news since the phase began. */
  readonly tries: number;
  /** The creates that were sent and not plainly refused. */
  readonly sends: number;
  readonly readAtMs: number;
  /** The first send that Kling did not refuse for now; null before it. */
  readonly firstSentAtMs: number | null;
  /** Counted from the first send, and before it from the creation of the task. */
  readonly deadlineAtMs: number;
  /**
   * The instant after which no sent create can still reach Kling. Before it, Kling's "no such task" proves nothing, and
   * nothing is sent again.
   */
  readonly settledAtMs: number;
  readonly trouble: Trouble;
  /** The file or the task that a `PREPARING` task waits for; null if it waits for none. */
  readonly waitsFor: string | null;
}

/** The problems that a task has now, between its first send and its end. They are part of its row, so they survive a restart. */
export interface Trouble {
  /** The consecutive reads or look-ups that failed. They say nothing about the task. */
  readonly fails: number;
  /** The consecutive reads to which Kling answered "no such task", although it had the task before. */
  readonly missing: number;
  /** The instant of the first such read. */
  readonly missingSinceMs: number | null;
  /** True once Kling has said "no such task" often and long enough. The task frees its slot and is read rarely. */
  readonly isLost: boolean;
  /** Since when Kling has reported a success without showing a result. */
  readonly emptySinceMs: number | null;
  /** The refusal of the newest send, if an earlier send may have made the task. It ends the task if no look-up finds it. */
  readonly refusal: TaskFailure | null;
}

/** The trouble of a task without problems. */
export const NO_TROUBLE: Trouble = {
  fails: 0,
  missing: 0,
  missingSinceMs: null,
  isLost: false,
  emptySinceMs: null,
  refusal: null,
};

/** A task at its creation. */
export type NewTaskRow = Omit<TaskRow, 'seq' | 'readAtMs' | 'firstSentAtMs' | 'settledAtMs' | 'trouble' | 'waitsFor'>;

/** The columns that a step changes besides the record. */
export type TaskStep = Omit<TaskRow, 'seq' | 'record' | 'inputDigest' | 'readAtMs'>;

/** A record, and its share of the budget in thousandths of a unit. */
export interface WrittenRecord {
  readonly record: TaskRecord;
  readonly milliunits: number;
}

/** The columns that `SELECT` reads. */
export type Columns = {
  seq: number;
  record: string;
  details: string | null;
  input_digest: string;
  phase: TaskPhase;
  wake_at: number | null;
  tries: number;
  sends: number;
  read_at: number;
  first_sent_at: number | null;
  deadline_at: number;
  settled_at: number;
  trouble: string | null;
  waits_for: string | null;
};

/** The start of a statement that reads whole rows. */
export const SELECT = `SELECT seq, record, details, input_digest, phase, wake_at, tries, sends, read_at, first_sent_at, deadline_at,
  settled_at, trouble, waits_for FROM task`;

/** The length of a part of a request. A row holds at most 2 MB, and a request may contain 5 MB of audio. */
const PART_CHARS = 500_000;

/** How many records `madeVideoMs` reads at most. */
const SEARCHED_MAX = 200;

/**
 * The tasks and their requests. Only the journal calls `insert`, `step`, `writeRecord` and `remove`. Triggers keep the sums
 * over all tasks in one row of `task_sum`.
 */
export class TaskStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  insert(row: NewTaskRow, request: string, milliunits: number): void {
    const { record } = row;
    this.#sql.exec(
      `INSERT INTO task (id, kind, status, external_id, input_digest, phase, wake_at, tries, sends, deadline_at, record,
         details, milliunits, request_chars, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      record.id,
      record.kind,
      record.status,
      record.externalId,
      row.inputDigest,
      row.phase,
      row.wakeAtMs,
      row.tries,
      row.sends,
      row.deadlineAtMs,
      ...jsonOf(record),
      milliunits,
      request.length,
      record.createdAtMs,
    );
    this.#insertRequest(record.id, request);
  }

  #insertRequest(id: string, request: string): void {
    for (let n = 0; n * PART_CHARS < request.length; n++) {
      const part = request.slice(n * PART_CHARS, (n + 1) * PART_CHARS);
      this.#sql.exec('INSERT INTO request_part (task_id, n, body) VALUES (?, ?, ?)', id, n, part);
    }
  }

  /** Replaces what a task was made of by what is sent to Kling. */
  replaceRequest(id: string, request: string): void {
    this.#sql.exec('DELETE FROM request_part WHERE task_id = ?', id);
    this.#sql.exec('UPDATE task SET request_chars = ? WHERE id = ?', request.length, id);
    this.#insertRequest(id, request);
  }

  find(reference: TaskReference): TaskRow | null {
    const [column, value] = reference.id === undefined ? ['external_id', reference.externalId] : ['id', reference.id];
    const [row] = this.#sql.exec<Columns>(`${SELECT} WHERE ${column} = ?`, value).toArray();
    return row ? toRow(row) : null;
  }

  /** Returns the first tasks that match, in the order. Starts after the task `afterSeq`, which may be deleted. */
  list(filter: TaskFilter, afterSeq: number | null, limit: number, order: TaskOrder = 'NEWEST_FIRST'): TaskRow[] {
    const { kind, statuses, label } = filter;
    const direction = DIRECTION[order];
    const made = this.rangeOf(filter);
    const fromSeq = order === 'OLDEST_FIRST' ? Math.max(made.fromSeq, (afterSeq ?? -1) + 1) : made.fromSeq;
    const beforeSeq = order === 'NEWEST_FIRST' ? Math.min(made.beforeSeq, afterSeq ?? Infinity) : made.beforeSeq;
    if (kind === null && statuses.length === 0 && label === undefined) {
      return this.#rows(
        `${SELECT} WHERE seq >= ? AND seq < ? ORDER BY seq ${direction} LIMIT ?`,
        fromSeq,
        beforeSeq,
        limit,
      );
    }
    const byLabel = label === undefined ? '' : 'label = ?6 AND';
    const seqs = firstSeqs(kind, statuses.length === 0 ? TASK_STATUSES : statuses, limit, order, (each, status) =>
      this.#sql.exec<{ seq: number }>(
        `SELECT seq FROM task WHERE ${byLabel} kind = ?1 AND status = ?2 AND seq >= ?3 AND seq < ?4
         ORDER BY seq ${direction} LIMIT ?5`,
        each,
        status,
        fromSeq,
        beforeSeq,
        limit,
        ...(label === undefined ? [] : [label]),
      ),
    );
    return this.#rows(
      `${SELECT} WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq ${direction}`,
      JSON.stringify(seqs),
    );
  }

  /** Returns the places of the tasks that were made in the time of a filter. Relies on the order of `newestAtMs`. */
  rangeOf({ createdFromMs, createdBeforeMs }: TaskFilter): SeqRange {
    return {
      fromSeq: createdFromMs === undefined ? 0 : this.#firstSeqFrom(createdFromMs),
      beforeSeq: createdBeforeMs === undefined ? Number.MAX_SAFE_INTEGER : this.#firstSeqFrom(createdBeforeMs),
    };
  }

  #firstSeqFrom(atMs: number): number {
    const [row] = this.#sql
      .exec<{ seq: number }>('SELECT seq FROM task WHERE created_at >= ? ORDER BY created_at, seq LIMIT 1', atMs)
      .toArray();
    return row?.seq ?? Number.MAX_SAFE_INTEGER;
  }

  /** Returns when the newest task was made; 0 without tasks. Invariant: no task is made before an earlier one. */
  newestAtMs(): number {
    const { at } = this.#sql
      .exec<{ at: number | null }>('SELECT max(created_at) AS at FROM task WHERE created_at > 0')
      .one();
    return at ?? 0;
  }

  /** Writes a step and the record that came with it. Deletes the request once Kling has the task or it has ended. */
  step(id: string, step: TaskStep, learned: WrittenRecord | null, nowMs: number): void {
    this.#sql.exec(
      `UPDATE task SET phase = ?1, wake_at = ?2, tries = ?3, sends = ?4, first_sent_at = ?5, deadline_at = ?6,
         settled_at = ?7, trouble = ?8, request_chars = iif(?1 IN ('SENT', 'DONE'), 0, request_chars),
         ended_at = iif(?1 = 'DONE', ?10, NULL), waits_for = ?11
         ${learned === null ? '' : ', status = ?12, record = ?13, details = ?14, milliunits = ?15'}
       WHERE id = ?9`,
      step.phase,
      step.wakeAtMs,
      step.tries,
      step.sends,
      step.firstSentAtMs,
      step.deadlineAtMs,
      step.settledAtMs,
      step.trouble === NO_TROUBLE ? null : JSON.stringify(step.trouble),
      id,
      nowMs,
      step.phase === 'PREPARING' ? step.waitsFor : null,
      ...(learned === null ? [] : toColumns(learned)),
    );
    if (step.phase === 'SENT' || step.phase === 'DONE') {
      this.#sql.exec('DELETE FROM request_part WHERE task_id = ?', id);
    }
  }

  writeRecord(written: WrittenRecord): void {
    const { id } = written.record;
    this.#sql.exec(
      'UPDATE task SET status = ?, record = ?, details = ?, milliunits = ? WHERE id = ?',
      ...toColumns(written),
      id,
    );
  }

  markRead(id: string, nowMs: number): void {
    this.#sql.exec('UPDATE task SET read_at = ? WHERE id = ?', nowMs, id);
  }

  /** Returns the request as it was inserted; null once Kling has the task. */
  request(id: string): string | null {
    const parts = this.#sql
      .exec<{ body: string }>('SELECT body FROM request_part WHERE task_id = ? ORDER BY n', id)
      .toArray();
    return parts.length === 0 ? null : parts.map(({ body }) => body).join('');
  }

  /** Keeps an external id from being used again, after its task is deleted. */
  spend(externalId: string, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO spent_external_id (external_id, at) VALUES (?, ?)
       ON CONFLICT (external_id) DO UPDATE SET at = excluded.at`,
      externalId,
      nowMs,
    );
  }

  /** Returns true for the external id of a task that was deleted. */
  isSpent(externalId: string): boolean {
    const rows = this.#sql.exec('SELECT 1 FROM spent_external_id WHERE external_id = ?', externalId);
    return rows.toArray().length > 0;
  }

  /** Deletes a task and its request. A trigger deletes the copies of its results. */
  remove(id: string): void {
    this.#sql.exec('DELETE FROM request_part WHERE task_id = ?', id);
    this.#sql.exec('DELETE FROM task WHERE id = ?', id);
  }

  /** Returns a task's share of the budget as last written; null for one that ended before it was stored. */
  milliunits(id: string): number | null {
    return this.#sql.exec<{ n: number | null }>('SELECT milliunits AS n FROM task WHERE id = ?', id).one().n;
  }

  /** Returns the expected cost of the tasks that have not ended, in thousandths of a unit. */
  milliunitsPending(): number {
    return this.#sql.exec<{ n: number }>('SELECT milliunits_pending AS n FROM task_sum').one().n;
  }

  /**
   * Returns the number of tasks that wait to be sent, and the length of the stored requests. Their audio is base64, so a
   * character is a byte.
   */
  waiting(): { readonly tasks: number; readonly bytes: number } {
    return this.#sql
      .exec<{ tasks: number; bytes: number }>('SELECT waiting AS tasks, request_chars AS bytes FROM task_sum')
      .one();
  }

  /** Returns the length in milliseconds of a video that one of the newest lip-syncs made; null if none of them made it. */
  madeVideoMs(videoId: string): number | null {
    const [row] = this.#sql
      .exec<{ ms: number | null }>(
        `SELECT video.value ->> 'durationMs' AS ms
         FROM (SELECT record FROM task WHERE kind = 'LIP_SYNC' AND status = 'SUCCEEDED' ORDER BY seq DESC LIMIT ?) AS newest,
           json_each(newest.record, '$.videos') AS video
         WHERE video.value ->> 'videoId' = ? LIMIT 1`,
        SEARCHED_MAX,
        videoId,
      )
      .toArray();
    return row?.ms ?? null;
  }

  #rows(query: string, ...values: (string | number)[]): TaskRow[] {
    return this.#sql
      .exec<Columns>(query, ...values)
      .toArray()
      .map(toRow);
  }
}

/** Places of tasks in the order of their creation, from `fromSeq` and before `beforeSeq`. */
export interface SeqRange {
  readonly fromSeq: number;
  readonly beforeSeq: number;
}

const DIRECTION = { NEWEST_FIRST: 'DESC', OLDEST_FIRST: 'ASC' } as const satisfies Record<TaskOrder, string>;

/**
 * Returns the first `limit` tasks of a kind (null for both) with any of the statuses, in the order. `read` reads one kind and
 * one status, which is a range of an index. One statement for all would sort, or read tasks that do not match.
 */
export function firstSeqs(
  kind: TaskKind | null,
  statuses: readonly TaskStatus[],
  limit: number,
  order: TaskOrder,
  read: (kind: TaskKind, status: TaskStatus) => Iterable<{ readonly seq: number }>,
): number[] {
  const kinds = kind === null ? TASK_KINDS : [kind];
  const parts = kinds.flatMap((each) => [...new Set(statuses)].map((status) => [...read(each, status)]));
  const seqs = parts.flat().map(({ seq }) => seq);
  return seqs.toSorted((a, b) => (order === 'NEWEST_FIRST' ? b - a : a - b)).slice(0, limit);
}

function toColumns({ record, milliunits }: WrittenRecord): readonly (string | number | null)[] {
  return [record.status, ...jsonOf(record), milliunits];
}

/** Returns the texts of the columns `record` and `details`. */
export function jsonOf({ details, ...record }: TaskRecord): readonly [record: string, details: string | null] {
  return [JSON.stringify(record), details === undefined ? null : JSON.stringify(details)];
}

/** Reads the columns `record` and `details`. */
export function readTaskRecord(record: string, details: string | null): TaskRecord {
  const read = readRecord(record);
  return details === null ? read : { ...read, details: readOwnJson<TaskDetails>(details) };
}

/** Reads the column `record` of a task or an event. Version 0.1 stored a cancelled task as failed, with that code. */
export function readRecord(json: string): TaskRecord {
  const record = readOwnJson<TaskRecord>(json);
  const code: string | undefined = record.failure?.code;
  return code === 'CANCELLED' ? { ...record, status: 'CANCELLED', failure: null } : record;
}

/** Maps a row that `SELECT` has read. */
export function toRow(columns: Columns): TaskRow {
  return {
    seq: columns.seq,
    record: readTaskRecord(columns.record, columns.details),
    inputDigest: columns.input_digest,
    phase: columns.phase,
    wakeAtMs: columns.wake_at,
    tries: columns.tries,
    sends: columns.sends,
    readAtMs: columns.read_at,
    firstSentAtMs: columns.first_sent_at,
    deadlineAtMs: columns.deadline_at,
    settledAtMs: columns.settled_at,
    trouble: columns.trouble === null ? NO_TROUBLE : readOwnJson<Trouble>(columns.trouble),
    waitsFor: columns.waits_for,
  };
}
