import type { Shelf } from '../lib/tables.ts';

/** The owners of the videos and the audio that Kling made, for as long as Kling keeps them. */
export class OwnerStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Records an owner. The first claim stands: a tenant cannot take a result of another by naming it. */
  claim(key: string, tenant: string, nowMs: number): void {
    this.#sql.exec('INSERT INTO owner (made, tenant, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', key, tenant, nowMs);
  }

  /** Returns the owner; null if no tenant has claimed the result. */
  tenantOf(key: string): string | null {
    const [row] = this.#sql.exec<{ tenant: string }>('SELECT tenant FROM owner WHERE made = ?', key).toArray();
    return row?.tenant ?? null;
  }

  /** A claim is younger than its result: it is kept at least as long as Kling keeps that. */
  shelf(keptMs: number): Shelf {
    return {
      keptMs,
      oldestAtMs: () => this.#sql.exec<{ at: number | null }>('SELECT min(at) AS at FROM owner WHERE at > 0').one().at,
      forgetUntil: (atMs, limit) =>
        this.#sql.exec(
          'DELETE FROM owner WHERE made IN (SELECT made FROM owner WHERE at <= ? ORDER BY at LIMIT ?)',
          atMs,
          limit,
        ),
    };
  }
}
