import type { TaskFilter, TaskReference } from '../domain/ports.ts';
import type { TaskRecord } from '../domain/records.ts';
import { readOwnJson } from '../lib/own-json.ts';
import { NO_TROUBLE, type Trouble } from './trouble.ts';

/**
 * How far a task's way to Kling is.
 * `WAITING`: kept here, not sent, or refused for now. `SENDING`: sent, its answer not seen; it may exist at Kling.
 * `SENT`: Kling has it. `DONE`: final, nothing is left to do.
 */
export type TaskPhase = 'WAITING' | 'SENDING' | 'SENT' | 'DONE';

/** A task with what the ledger needs to carry it to its end. Times are milliseconds since the epoch. */
export interface TaskRow {
  readonly seq: number;
  readonly record: TaskRecord;
  readonly inputDigest: string;
  readonly phase: TaskPhase;
  /** When the alarm looks at it next; null: never. */
  readonly wakeAtMs: number | null;
  /** Looks without news (polls, look-ups that found nothing, tries for a slot) since the phase began. */
  readonly tries: number;
  /** Creates whose outcome was not a plain refusal. */
  readonly sends: number;
  readonly readAtMs: number;
  /** When it was first sent, refusals for now left out; null before. */
  readonly firstSentAtMs: number | null;
  /** Counted from the first send; before it, from the making of the task. */
  readonly deadlineAtMs: number;
  /** From when on Kling's "no such task" counts, and nothing is sent again before: a create that was sent is over by then. */
  readonly settledAtMs: number;
  readonly trouble: Trouble;
}

/** A task as it begins. */
export type NewTaskRow = Omit<TaskRow, 'seq' | 'readAtMs' | 'firstSentAtMs' | 'settledAtMs' | 'trouble'>;

/** What a step changes of a row beside its record. */
export interface TaskStep {
  readonly phase: TaskPhase;
  readonly wakeAtMs: number | null;
  readonly tries: number;
  readonly sends: number;
  readonly firstSentAtMs: number | null;
  readonly deadlineAtMs: number;
  readonly settledAtMs: number;
  readonly trouble: Trouble;
}

type Columns = {
  seq: number;
  record: string;
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
};

const SELECT = `SELECT seq, record, input_digest, phase, wake_at, tries, sends, read_at, first_sent_at, deadline_at,
  settled_at, trouble FROM task`;

/** A row holds 2 MB at most, and a request may carry 5 MB of audio. */
const PART_CHARS = 500_000;

/** Every statement about tasks and the requests they were made with. All synchronous: the object commits them together. */
export class TaskStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  insert(row: NewTaskRow, request: string): void {
    const { record } = row;
    this.#sql.exec(
      `INSERT INTO task (id, kind, status, external_id, input_digest, phase, wake_at, tries, sends, deadline_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
      JSON.stringify(record),
    );
    for (let n = 0; n * PART_CHARS < request.length; n++) {
      const part = request.slice(n * PART_CHARS, (n + 1) * PART_CHARS);
      this.#sql.exec('INSERT INTO request_part (task_id, n, body) VALUES (?, ?, ?)', record.id, n, part);
    }
  }

  find(reference: TaskReference): TaskRow | null {
    const [column, value] = reference.id === undefined ? ['external_id', reference.externalId] : ['id', reference.id];
    const [row] = this.#sql.exec<Columns>(`${SELECT} WHERE ${column} = ?`, value).toArray();
    return row ? toRow(row) : null;
  }

  /** Newest first, older than `beforeSeq`. */
  list(filter: TaskFilter, beforeSeq: number | null, limit: number): TaskRow[] {
    const where = ['seq < ?'];
    const values: (string | number)[] = [beforeSeq ?? Number.MAX_SAFE_INTEGER];
    if (filter.kind !== null) {
      where.push('kind = ?');
      values.push(filter.kind);
    }
    const statuses = [...new Set(filter.statuses)];
    if (statuses.length > 0) {
      where.push(`status IN (${statuses.map(() => '?').join(', ')})`);
      values.push(...statuses);
    }
    return this.#sql
      .exec<Columns>(`${SELECT} WHERE ${where.join(' AND ')} ORDER BY seq DESC LIMIT ?`, ...values, limit)
      .toArray()
      .map(toRow);
  }

  /** The tasks that the alarm has to look at, the longest due first. */
  due(nowMs: number, limit: number): TaskRow[] {
    return this.#sql
      .exec<Columns>(`${SELECT} WHERE wake_at <= ? ORDER BY wake_at LIMIT ?`, nowMs, limit)
      .toArray()
      .map(toRow);
  }

  /** Tasks at Kling whose next poll lies between two instants, the soonest first. */
  polledBetween(fromMs: number, toMs: number, limit: number): TaskRow[] {
    return this.#sql
      .exec<Columns>(
        `${SELECT} WHERE wake_at > ? AND wake_at <= ? AND phase = 'SENT' ORDER BY wake_at LIMIT ?`,
        fromMs,
        toMs,
        limit,
      )
      .toArray()
      .map(toRow);
  }

  nextWakeAtMs(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT min(wake_at) AS at FROM task').one().at;
  }

  step(id: string, step: TaskStep): void {
    this.#sql.exec(
      `UPDATE task SET phase = ?, wake_at = ?, tries = ?, sends = ?, first_sent_at = ?, deadline_at = ?, settled_at = ?,
         trouble = ? WHERE id = ?`,
      step.phase,
      step.wakeAtMs,
      step.tries,
      step.sends,
      step.firstSentAtMs,
      step.deadlineAtMs,
      step.settledAtMs,
      step.trouble === NO_TROUBLE ? null : JSON.stringify(step.trouble),
      id,
    );
    if (step.phase === 'SENT' || step.phase === 'DONE') {
      this.#sql.exec('DELETE FROM request_part WHERE task_id = ?', id);
    }
  }

  writeRecord(record: TaskRecord): void {
    this.#sql.exec(
      'UPDATE task SET status = ?, record = ? WHERE id = ?',
      record.status,
      JSON.stringify(record),
      record.id,
    );
  }

  markRead(id: string, nowMs: number): void {
    this.#sql.exec('UPDATE task SET read_at = ? WHERE id = ?', nowMs, id);
  }

  /** The request as it was inserted; null once Kling has the task. */
  request(id: string): string | null {
    const parts = this.#sql
      .exec<{ body: string }>('SELECT body FROM request_part WHERE task_id = ? ORDER BY n', id)
      .toArray();
    return parts.length === 0 ? null : parts.map(({ body }) => body).join('');
  }

  /** Forgets a task that Kling refused while its maker was still waiting for the answer. */
  remove(id: string): void {
    this.#sql.exec('DELETE FROM request_part WHERE task_id = ?', id);
    this.#sql.exec('DELETE FROM task WHERE id = ?', id);
  }

  /** What the tasks that have not ended are expected to cost, in thousandths of a unit. */
  milliunitsPending(): number {
    return this.#sql
      .exec<{ n: number }>(
        `SELECT coalesce(sum(CAST(round(json_extract(record, '$.unitsEstimated') * 1000) AS INTEGER)), 0) AS n
         FROM task WHERE phase <> 'DONE'`,
      )
      .one().n;
  }

  /** A create whose sender is gone (the object was moved or killed) is looked up at once. */
  wakeUnanswered(nowMs: number): void {
    this.#sql.exec(`UPDATE task SET wake_at = ?1 WHERE phase = 'SENDING' AND wake_at > ?1`, nowMs);
  }

  /** How many tasks of this tenant wait to be sent. */
  waiting(): number {
    return this.#sql.exec<{ n: number }>(`SELECT count(*) AS n FROM task WHERE phase = 'WAITING'`).one().n;
  }

  /** How many tasks of this tenant wait, made before this one. */
  waitingBefore(seq: number): number {
    return this.#sql
      .exec<{ n: number }>(
        `SELECT count(*) AS n FROM task WHERE status = 'QUEUED' AND phase = 'WAITING' AND seq < ?`,
        seq,
      )
      .one().n;
  }
}

function toRow(columns: Columns): TaskRow {
  return {
    seq: columns.seq,
    record: readOwnJson<TaskRecord>(columns.record),
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
  };
}
