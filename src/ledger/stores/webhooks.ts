import type { WebhookEndpoint, WebhookSettings } from '../../domain/webhook.ts';
import { readOwnJson } from '../../lib/json.ts';
import type { Shard } from './events.ts';

/**
 * `NEW` until its object has a secret: its caller has no answer yet. `LIVE` endpoints get events. A `DELETED` one is kept
 * until its object has deleted everything.
 */
export type EndpointState = 'NEW' | 'LIVE' | 'DELETED';

/** An endpoint with what the ledger knows about its object. */
export interface EndpointRow {
  readonly endpoint: WebhookEndpoint;
  readonly state: EndpointState;
  /** Counts the changes by the caller. */
  readonly revision: number;
  readonly pauseRevision: number;
  /** Whether it has missed changes that are deleted, and was not told yet. */
  readonly owesResync: boolean;
}

type Columns = {
  endpoint: string;
  state: EndpointState;
  revision: number;
  pause_revision: number;
  owes_resync: number;
};
type ConsumerColumns = { id: string; applied: number; due_at: number | null; fails: number };

/** The webhook endpoints of a tenant, at most 20 that are not deleted. Live ones are consumers of the log of changes. */
export class EndpointStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  insert(endpoint: WebhookEndpoint, syncAtMs: number): void {
    this.#sql.exec(
      `INSERT INTO webhook_endpoint (id, endpoint, state, revision, pause_revision, applied, sync_at)
       VALUES (?, ?, 'NEW', 1, 1, 0, ?)`,
      endpoint.id,
      JSON.stringify(endpoint),
      syncAtMs,
    );
  }

  /** Counts the endpoints that are not deleted. */
  count(): number {
    return this.#sql.exec<{ n: number }>(`SELECT count(*) AS n FROM webhook_endpoint WHERE state <> 'DELETED'`).one().n;
  }

  /** Returns the live endpoints, newest first. */
  list(): WebhookEndpoint[] {
    return this.#sql
      .exec<Columns>(`SELECT * FROM webhook_endpoint WHERE state = 'LIVE' ORDER BY rowid DESC`)
      .toArray()
      .map((row) => toRow(row).endpoint);
  }

  read(id: string): EndpointRow | null {
    const [row] = this.#sql.exec<Columns>('SELECT * FROM webhook_endpoint WHERE id = ?', id).toArray();
    return row === undefined ? null : toRow(row);
  }

  /** Returns a live endpoint. */
  live(id: string): EndpointRow | null {
    const row = this.read(id);
    return row?.state === 'LIVE' ? row : null;
  }

  /** Writes a change by the caller. Its object is told at `syncAtMs` at the latest. */
  change(
    { endpoint, revision, pauseRevision }: Pick<EndpointRow, 'endpoint' | 'revision' | 'pauseRevision'>,
    syncAtMs: number,
  ): void {
    this.#sql.exec(
      'UPDATE webhook_endpoint SET endpoint = ?, revision = ?, pause_revision = ?, sync_at = ? WHERE id = ?',
      JSON.stringify(endpoint),
      revision,
      pauseRevision,
      syncAtMs,
      endpoint.id,
    );
  }

  /** Writes what the object reports. */
  report(endpoint: WebhookEndpoint): void {
    this.#sql.exec('UPDATE webhook_endpoint SET endpoint = ? WHERE id = ?', JSON.stringify(endpoint), endpoint.id);
  }

  /** Makes an endpoint live. It gets the changes after `appliedSeq`. */
  add(id: string, appliedSeq: number): void {
    this.#sql.exec(
      `UPDATE webhook_endpoint SET state = 'LIVE', applied = ?, sync_at = NULL WHERE id = ? AND state = 'NEW'`,
      appliedSeq,
      id,
    );
  }

  /** Marks an endpoint as deleted. It gets no more changes. */
  doom(id: string, syncAtMs: number): void {
    this.#sql.exec(
      `UPDATE webhook_endpoint SET state = 'DELETED', due_at = NULL, sync_at = ? WHERE id = ?`,
      syncAtMs,
      id,
    );
  }

  delete(id: string): void {
    this.#sql.exec('DELETE FROM webhook_endpoint WHERE id = ?', id);
  }

  /** Returns the endpoints whose objects are to be told something by now. */
  unsynced(nowMs: number): string[] {
    return this.#sql
      .exec<{ id: string }>('SELECT id FROM webhook_endpoint WHERE sync_at <= ?', nowMs)
      .toArray()
      .map(({ id }) => id);
  }

  /** Records that the object knows a revision. A later change stays due. */
  synced(id: string, revision: number): void {
    this.#sql.exec('UPDATE webhook_endpoint SET sync_at = NULL WHERE id = ? AND revision = ?', id, revision);
  }

  retrySync(id: string, syncAtMs: number): void {
    this.#sql.exec('UPDATE webhook_endpoint SET sync_at = ? WHERE id = ?', syncAtMs, id);
  }

  /** Records whether the next change that it gets has to say that changes before it are lost. */
  oweResync(id: string, owes: boolean): void {
    this.#sql.exec('UPDATE webhook_endpoint SET owes_resync = ? WHERE id = ?', owes ? 1 : 0, id);
  }

  /** Returns when a push or a call of an object is due; null if neither is. */
  nextAtMs(): number | null {
    const { at } = this.#sql
      .exec<{ at: number | null }>(
        `SELECT min(min(coalesce(due_at, sync_at), coalesce(sync_at, due_at))) AS at FROM webhook_endpoint`,
      )
      .one();
    return at;
  }

  find(name: string): Shard | null {
    const [row] = this.#sql
      .exec<ConsumerColumns>(
        `SELECT id, applied, due_at, fails FROM webhook_endpoint WHERE id = ? AND state = 'LIVE'`,
        name,
      )
      .toArray();
    return row ? { name: row.id, appliedSeq: row.applied, dueAtMs: row.due_at, fails: row.fails } : null;
  }

  names(): string[] {
    return this.#sql
      .exec<{ id: string }>(`SELECT id FROM webhook_endpoint WHERE state = 'LIVE'`)
      .toArray()
      .map(({ id }) => id);
  }

  due(nowMs: number): string[] {
    return this.#sql
      .exec<{ id: string }>('SELECT id FROM webhook_endpoint WHERE due_at <= ?', nowMs)
      .toArray()
      .map(({ id }) => id);
  }

  /** Schedules a push to every live endpoint. One that is scheduled already is not put off. */
  owe(dueAtMs: number): void {
    this.#sql.exec(`UPDATE webhook_endpoint SET due_at = coalesce(due_at, ?) WHERE state = 'LIVE'`, dueAtMs);
  }

  begin(name: string, dueAtMs: number): void {
    this.#sql.exec('UPDATE webhook_endpoint SET due_at = ? WHERE id = ?', dueAtMs, name);
  }

  applied(name: string, seq: number, dueAtMs: number | null): void {
    this.#sql.exec(
      `UPDATE webhook_endpoint SET applied = ?, due_at = ?, fails = 0 WHERE id = ? AND state = 'LIVE'`,
      seq,
      dueAtMs,
      name,
    );
  }

  failed(name: string, dueAtMs: number): void {
    this.#sql.exec(
      `UPDATE webhook_endpoint SET fails = fails + 1, due_at = ? WHERE id = ? AND state = 'LIVE'`,
      dueAtMs,
      name,
    );
  }
}

/** Returns what the object of an endpoint has to know. */
export function settingsOf({ endpoint, revision, pauseRevision }: EndpointRow): WebhookSettings {
  return { url: endpoint.url, isPaused: endpoint.isPaused, revision, pauseRevision };
}

function toRow({ endpoint, state, revision, pause_revision, owes_resync }: Columns): EndpointRow {
  return {
    endpoint: readOwnJson<WebhookEndpoint>(endpoint),
    state,
    revision,
    pauseRevision: pause_revision,
    owesResync: owes_resync === 1,
  };
}
