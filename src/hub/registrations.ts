import type { Watch } from '../domain/watch.ts';
import { readOwnJson } from '../lib/own-json.ts';
import type { OperationText } from './operations.ts';

/** A live operation of a socket, with what its group needs. Its text is read only when an event for it comes. */
export interface Registration {
  readonly socketId: string;
  readonly id: string;
  readonly tenant: string;
  /** Of the operation, as `PreparedSubscription` has it. */
  readonly key: string;
  readonly watch: Watch;
  /** What one event costs it, in fields. */
  readonly cost: number;
  /** What it has seen already; only newer events are for it. */
  readonly floorSeq: number;
}

type Columns = {
  socket_id: string;
  id: string;
  tenant: string;
  key: string;
  watch: string;
  cost: number;
  floor: number;
};

/** What has to survive the hub's eviction, since its sockets do. Wiped, it loses nothing: clients come back with a cursor. */
export class RegistrationStore {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    // `registration` is the table of an earlier version, whose sockets were cut when this one was deployed.
    this.#sql.exec(`
      DROP TABLE IF EXISTS registration;
      CREATE TABLE IF NOT EXISTS live_registration (
        socket_id TEXT NOT NULL,
        id TEXT NOT NULL,
        tenant TEXT NOT NULL,
        key TEXT NOT NULL,
        watch TEXT NOT NULL,
        cost INTEGER NOT NULL,
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

  put({ socketId, id, tenant, key, watch, cost, floorSeq }: Registration, operation: OperationText): void {
    const { query, operationName, variables } = operation;
    this.#sql.exec(
      `INSERT INTO live_registration (socket_id, id, tenant, key, watch, cost, operation, floor)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      socketId,
      id,
      tenant,
      key,
      JSON.stringify(watch),
      cost,
      JSON.stringify({ query, operationName, variables } satisfies OperationText),
      floorSeq,
    );
  }

  /** Throws when there is no such registration. */
  operation(socketId: string, id: string): OperationText {
    const { operation } = this.#sql
      .exec<{ operation: string }>(
        'SELECT operation FROM live_registration WHERE socket_id = ? AND id = ?',
        socketId,
        id,
      )
      .one();
    return readOwnJson<OperationText>(operation);
  }

  remove(socketId: string, id: string): void {
    this.#sql.exec('DELETE FROM live_registration WHERE socket_id = ? AND id = ?', socketId, id);
  }

  removeSocket(socketId: string): void {
    this.#sql.exec('DELETE FROM live_registration WHERE socket_id = ?', socketId);
  }

  /** Those whose socket is gone are forgotten on the way, and so are the places of tenants that nobody watches any more. */
  ofSockets(socketIds: ReadonlySet<string>): Registration[] {
    const all = this.#sql
      .exec<Columns>('SELECT socket_id, id, tenant, key, watch, cost, floor FROM live_registration')
      .toArray();
    for (const socketId of new Set(all.map((row) => row.socket_id))) {
      if (!socketIds.has(socketId)) this.removeSocket(socketId);
    }
    this.#sql.exec('DELETE FROM applied WHERE tenant NOT IN (SELECT tenant FROM live_registration)');
    return all
      .filter((row) => socketIds.has(row.socket_id))
      .map((row) => ({
        socketId: row.socket_id,
        id: row.id,
        tenant: row.tenant,
        key: row.key,
        watch: readOwnJson<Watch>(row.watch),
        cost: row.cost,
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
