import { parseCursor, toCursor } from '../../domain/list.ts';
import type { TaskChange, TaskDetails, TaskRecord } from '../../domain/records.ts';
import { readOwnJson } from '../../lib/json.ts';
import { jsonOf, readRecord } from './tasks.ts';

type Columns = { seq: number; at: number; record: string; details: string | null };

/** A place in the log. */
interface Place {
  /** The number of the change that was seen last; 0 for none. */
  readonly seq: number;
  /** Whether the reader has missed changes that are deleted. */
  readonly resync: boolean;
}

/** The log of changes. Its key is `AUTOINCREMENT`, so deleting the newest events does not reuse their numbers. */
export class EventStore {
  readonly #sql: SqlStorage;
  readonly #owner: string;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#owner = cursorOwnerOf(storage);
  }

  /** Returns the cursor of the change with this number. */
  cursorOf(seq: number): string {
    return toCursor(`event-${this.#owner}`, seq);
  }

  /** Returns the cursor of a change for a reader who has missed changes before it, and was not told yet. */
  lateCursorOf(seq: number): string {
    return toCursor(`late-${this.#owner}`, seq);
  }

  placeAt(seq: number): Place {
    return { seq, resync: seq < this.forgotten() };
  }

  /** Returns the place of a cursor; null if it is not a cursor of this log. */
  placeOf(cursor: string): Place | null {
    const seq = parseCursor(`event-${this.#owner}`, cursor);
    if (seq !== null) return this.placeAt(seq);
    const lateSeq = parseCursor(`late-${this.#owner}`, cursor);
    return lateSeq === null ? null : { seq: lateSeq, resync: true };
  }

  /** Appends a change of a task and returns its number. Keeps the newest `keep` changes of the task. */
  append(record: TaskRecord, nowMs: number, keep: number): number {
    const { nth, seq } = this.#sql
      .exec<{ nth: number; seq: number }>(
        `INSERT INTO event (task_id, at, record, nth)
         VALUES (?1, ?2, ?3, 1 + coalesce((SELECT nth FROM event WHERE task_id = ?1 ORDER BY seq DESC LIMIT 1), 0))
         RETURNING nth, seq`,
        record.id,
        nowMs,
        jsonOf(record)[0],
      )
      .one();
    this.#trim(record.id, nth - keep);
    return seq;
  }

  /** Returns the changes after `afterSeq` in order, of one task or, if `taskId` is null, of all. */
  after(taskId: string | null, afterSeq: number, limit: number): TaskChange[] {
    return [...this.each(taskId, afterSeq, limit)];
  }

  /** Iterates over what `after` returns, and reads no row that is not asked for. */
  each(taskId: string | null, afterSeq: number, limit: number): Iterable<TaskChange> {
    const rows =
      taskId === null
        ? this.#sql.exec<Columns>(
            `SELECT event.seq, at, event.record, details FROM event LEFT JOIN task ON id = task_id
             WHERE event.seq > ? ORDER BY event.seq LIMIT ?`,
            afterSeq,
            limit,
          )
        : this.#sql.exec<Columns>(
            `SELECT event.seq, at, event.record, details FROM event LEFT JOIN task ON id = task_id
             WHERE task_id = ? AND event.seq > ? ORDER BY event.seq LIMIT ?`,
            taskId,
            afterSeq,
            limit,
          );
    return this.#toChanges(rows);
  }

  /** Returns the last change of a task up to `seq`; null if it is deleted. */
  lastUpTo(taskId: string, seq: number): TaskChange | null {
    const rows = this.#sql
      .exec<Columns>(
        `SELECT event.seq, at, event.record, details FROM event LEFT JOIN task ON id = task_id
         WHERE task_id = ? AND event.seq <= ? ORDER BY event.seq DESC LIMIT 1`,
        taskId,
        seq,
      )
      .toArray();
    const [change = null] = this.#toChanges(rows);
    return change;
  }

  /** Returns the number of the newest change ever made; 0 before the first. */
  head(): number {
    const [row] = this.#sql.exec<{ seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'event'`).toArray();
    return row?.seq ?? 0;
  }

  /**
   * Returns the number of the newest deleted change; 0 if none is deleted. A reader whose cursor is older may have missed
   * a change, and gets the present state instead.
   */
  forgotten(): number {
    return this.#sql.exec<{ seq: number }>('SELECT seq FROM event_forgotten').one().seq;
  }

  oldestAtMs(): number | null {
    const [row] = this.#sql.exec<{ at: number }>('SELECT at FROM event WHERE seq > 0 ORDER BY seq LIMIT 1').toArray();
    return row?.at ?? null;
  }

  /** Deletes at most `limit` changes from `atMs` or earlier, the oldest first. */
  deleteUntil(atMs: number, limit: number): void {
    const gone = this.#sql.exec<{ seq: number }>(
      `DELETE FROM event WHERE at <= ? AND seq IN (SELECT seq FROM event WHERE seq > 0 ORDER BY seq LIMIT ?)
       RETURNING seq`,
      atMs,
      limit,
    );
    this.#forgot(gone.toArray());
  }

  /** Deletes all changes of a task. A reader that has not seen the last of them gets the present state instead. */
  deleteOf(taskId: string): void {
    this.#forgot(
      this.#sql.exec<{ seq: number }>('DELETE FROM event WHERE task_id = ? RETURNING seq', taskId).toArray(),
    );
  }

  /** Deletes the oldest two changes of a task up to its `nth`. Each new change calls this, so the rest follows. */
  #trim(taskId: string, nth: number): void {
    if (nth <= 0) return;
    const gone = this.#sql.exec<{ seq: number }>(
      `DELETE FROM event WHERE nth <= ?2 AND seq IN (SELECT seq FROM event WHERE task_id = ?1 ORDER BY seq LIMIT 2)
       RETURNING seq`,
      taskId,
      nth,
    );
    this.#forgot(gone.toArray());
  }

  /** All changes of a task share one object of details. RPC sends a shared object once, which bounds an answer. */
  *#toChanges(rows: Iterable<Columns>): Generator<TaskChange, void> {
    const read = new Map<string, TaskDetails>();
    for (const { seq, at, record, details } of rows) {
      const task = readRecord(record);
      const change = { seq, cursor: this.cursorOf(seq), atMs: at, resync: false };
      const shared = details === null ? null : (read.get(details) ?? readOwnJson<TaskDetails>(details));
      if (details !== null && shared !== null) read.set(details, shared);
      yield shared === null ? { ...change, task } : { ...change, task: { ...task, details: shared } };
    }
  }

  #forgot(gone: readonly { readonly seq: number }[]): void {
    if (gone.length === 0) return;
    const newest = Math.max(...gone.map(({ seq }) => seq));
    this.#sql.exec('UPDATE event_forgotten SET seq = max(seq, ?)', newest);
  }
}

/** Returns the word that marks the cursors of this ledger. It is created once, and no other ledger accepts it. */
export function cursorOwnerOf(storage: DurableObjectStorage): string {
  const known = storage.kv.get<string>('cursor_owner');
  if (known !== undefined) return known;
  const made = crypto.randomUUID().slice(0, 8);
  storage.kv.put('cursor_owner', made);
  return made;
}

/** A shard of the hub pool that watches this ledger, and the newest event that it has applied. */
export interface Shard {
  readonly name: string;
  readonly appliedSeq: number;
  /** The latest instant of the next push; null if the shard has every event. */
  readonly dueAtMs: number | null;
  readonly fails: number;
}

type ShardColumns = { name: string; applied: number; due_at: number | null; fails: number };

/** The shards that watch this ledger. Their table keeps the name that it was created with, `leaf`. */
export class ShardStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Adds a shard. One that already watches keeps its place. */
  add(name: string, appliedSeq: number): void {
    this.#sql.exec('INSERT INTO leaf (name, applied) VALUES (?, ?) ON CONFLICT DO NOTHING', name, appliedSeq);
  }

  find(name: string): Shard | null {
    const [row] = this.#sql
      .exec<ShardColumns>('SELECT name, applied, due_at, fails FROM leaf WHERE name = ?', name)
      .toArray();
    return row ? { name: row.name, appliedSeq: row.applied, dueAtMs: row.due_at, fails: row.fails } : null;
  }

  names(): string[] {
    return this.#sql
      .exec<{ name: string }>('SELECT name FROM leaf')
      .toArray()
      .map(({ name }) => name);
  }

  due(nowMs: number): string[] {
    return this.#sql
      .exec<{ name: string }>('SELECT name FROM leaf WHERE due_at <= ?', nowMs)
      .toArray()
      .map(({ name }) => name);
  }

  nextDueAtMs(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT min(due_at) AS at FROM leaf').one().at;
  }

  /** Schedules a push to every shard. One that is scheduled already is not put off. */
  owe(dueAtMs: number): void {
    this.#sql.exec('UPDATE leaf SET due_at = coalesce(due_at, ?)', dueAtMs);
  }

  /** Records that a push has begun. It is due again at `dueAtMs` in case it does not end. */
  begin(name: string, dueAtMs: number): void {
    this.#sql.exec('UPDATE leaf SET due_at = ? WHERE name = ?', dueAtMs, name);
  }

  applied(name: string, seq: number, dueAtMs: number | null): void {
    this.#sql.exec('UPDATE leaf SET applied = ?, due_at = ?, fails = 0 WHERE name = ?', seq, dueAtMs, name);
  }

  failed(name: string, dueAtMs: number): void {
    this.#sql.exec('UPDATE leaf SET fails = fails + 1, due_at = ? WHERE name = ?', dueAtMs, name);
  }

  remove(name: string): void {
    this.#sql.exec('DELETE FROM leaf WHERE name = ?', name);
  }
}
