/** A shard of the hub pool that watches this ledger, and how much of the log it has applied. */
export interface Shard {
  readonly name: string;
  readonly appliedSeq: number;
  /** When it is to be pushed to at the latest; null: it has everything. */
  readonly dueAtMs: number | null;
  readonly fails: number;
}

type Columns = { name: string; applied: number; due_at: number | null; fails: number };

/** Every statement about the shards that watch. Their table keeps the name it was created with, `leaf`. */
export class ShardStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** A shard that watches already keeps its place. */
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

  /** Something new is in the log. A push that is due already stays due. */
  owe(dueAtMs: number): void {
    this.#sql.exec('UPDATE leaf SET due_at = coalesce(due_at, ?)', dueAtMs);
  }

  /** A push has begun; it is due again at `dueAtMs` should it not end. */
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
