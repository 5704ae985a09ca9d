import type { Operation } from './operations.ts';
import { readOwnJson } from '../lib/own-json.ts';

/** A live operation of a socket. `floorSeq`: what it has seen already; only newer events are for it. */
export interface Registration {
  readonly socketId: string;
  readonly id: string;
  readonly tenant: string;
  readonly operation: Operation;
  readonly floorSeq: number;
}

type Columns = { socket_id: string; id: string; tenant: string; operation: string; floor: number };

/** What has to survive the hub's eviction, since its sockets do. Wiped, it loses nothing: clients come back with a cursor. */
export class RegistrationStore {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS registration (
        socket_id TEXT NOT NULL,
        id TEXT NOT NULL,
        tenant TEXT NOT NULL,
        operation TEXT NOT NULL,
        floor INTEGER NOT NULL,
        PRIMARY KEY (socket_id, id)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS applied (
        tenant TEXT PRIMARY KEY,
        seq INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `);
  }

  put({ socketId, id, tenant, operation, floorSeq }: Registration): void {
    this.#sql.exec(
      'INSERT INTO registration (socket_id, id, tenant, operation, floor) VALUES (?, ?, ?, ?, ?)',
      socketId,
      id,
      tenant,
      JSON.stringify(operation),
      floorSeq,
    );
  }

  remove(socketId: string, id: string): void {
    this.#sql.exec('DELETE FROM registration WHERE socket_id = ? AND id = ?', socketId, id);
  }

  removeSocket(socketId: string): void {
    this.#sql.exec('DELETE FROM registration WHERE socket_id = ?', socketId);
  }

  /** Those whose socket is gone are forgotten on the way. */
  ofSockets(socketIds: ReadonlySet<string>): Registration[] {
    const all = this.#sql.exec<Columns>('SELECT socket_id, id, tenant, operation, floor FROM registration').toArray();
    for (const socketId of new Set(all.map((row) => row.socket_id))) {
      if (!socketIds.has(socketId)) this.removeSocket(socketId);
    }
    return all
      .filter((row) => socketIds.has(row.socket_id))
      .map((row) => ({
        socketId: row.socket_id,
        id: row.id,
        tenant: row.tenant,
        operation: readOwnJson<Operation>(row.operation),
        floorSeq: row.floor,
      }));
  }

  /** The newest event of a tenant that has been fanned out here; null: none was asked for yet. */
  appliedSeq(tenant: string): number | null {
    const [row] = this.#sql.exec<{ seq: number }>('SELECT seq FROM applied WHERE tenant = ?', tenant).toArray();
    return row?.seq ?? null;
  }

  setApplied(tenant: string, seq: number): void {
    this.#sql.exec(
      'INSERT INTO applied (tenant, seq) VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET seq = excluded.seq',
      tenant,
      seq,
    );
  }

  forgetTenant(tenant: string): void {
    this.#sql.exec('DELETE FROM applied WHERE tenant = ?', tenant);
  }
}
