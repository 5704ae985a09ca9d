import type { RetainedRows } from '../lib/durable-object.ts';

/** A result that Kling made for one tenant, by Kling's id. A later request may name it. A session is that of a face scan. */
export interface ResultId {
  readonly kind: 'VIDEO' | 'AUDIO' | 'SESSION';
  readonly id: string;
}

/**
 * Returns the same key for every spelling of an id that Kling might accept as the same: other case, padding, leading
 * zeros. A tenant cannot get around the check of ownership by another spelling.
 */
export function resultKey({ kind, id }: ResultId): string {
  const bare = id
    .toLowerCase()
    .replaceAll(/[^a-z\d]/g, '')
    .replace(/^0+/, '');
  return `${kind}:${bare === '' ? id : bare}`;
}

/** The owners of the videos, the audio and the sessions that Kling made, for at least as long as Kling keeps them. */
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
  retainedRows(keptMs: number): RetainedRows {
    return {
      keptMs,
      oldestAtMs: () => this.#sql.exec<{ at: number | null }>('SELECT min(at) AS at FROM owner WHERE at > 0').one().at,
      deleteUntil: (atMs, limit) =>
        this.#sql.exec(
          'DELETE FROM owner WHERE made IN (SELECT made FROM owner WHERE at <= ? ORDER BY at LIMIT ?)',
          atMs,
          limit,
        ),
    };
  }
}
