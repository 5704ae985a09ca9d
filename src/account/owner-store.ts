import { RESULT_RETENTION_MS } from '../domain/expiry.ts';

/** Most rows that one claim forgets along the way, so that none takes long. */
const FORGET_AT_ONCE = 100;

/** Whose each video and each sound is that Kling made for a tenant, for as long as Kling has it. */
export class OwnerStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The first word stands: nobody can take what is another's by naming it. */
  claim(key: string, tenant: string, nowMs: number): void {
    this.#sql.exec('INSERT INTO owner (made, tenant, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', key, tenant, nowMs);
  }

  /** Null for what no tenant has claimed. */
  tenantOf(key: string): string | null {
    const [row] = this.#sql.exec<{ tenant: string }>('SELECT tenant FROM owner WHERE made = ?', key).toArray();
    return row?.tenant ?? null;
  }

  /** A claim is made after Kling has made the thing: when the claim is this old, Kling has deleted it. */
  forget(nowMs: number): void {
    this.#sql.exec(
      'DELETE FROM owner WHERE made IN (SELECT made FROM owner WHERE at < ? LIMIT ?)',
      nowMs - RESULT_RETENTION_MS,
      FORGET_AT_ONCE,
    );
  }
}
