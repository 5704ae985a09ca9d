/** A shard of the hub pool that watches this ledger, and the newest event that it has applied. */
export interface Shard {
  readonly name: string;
  readonly appliedSeq: number;
  /** The latest instant of the next push; null if the shard has every event. */
  readonly dueAtMs: number | null;
  readonly fails: number;
}

type Columns = { name: string; applied: number; due_at: number | null; fails: number };

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
      .exec<Columns>('SELECT name, applied, due_at, fails FROM leaf WHERE name = ?', name)
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
