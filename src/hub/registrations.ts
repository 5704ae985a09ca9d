import { isEnd, isWatched, type Watch, type Viewer } from '../domain/ports.ts';
import type { TaskRecord } from '../domain/records.ts';
import { readOwnJson } from '../lib/json.ts';
import type { OperationText, PreparedSubscription } from './operations.ts';

/** A subscription of a socket. The text of its operation is stored beside it, and read only when an event needs it. */
export interface Registration {
  readonly socketId: string;
  readonly id: string;
  readonly tenant: string;
  /** The key of the operation in `PreparedSubscription`. */
  readonly key: string;
  readonly watch: Watch;
  /** The cost of running it for one event, in fields. */
  readonly cost: number;
  /** The newest event that it got while it caught up. It gets only later ones. */
  readonly floorSeq: number;
  /** Whether it has missed changes that are deleted, and no event has said so. */
  readonly owesResync: boolean;
}

type Columns = {
  socket_id: string;
  id: string;
  tenant: string;
  key: string;
  watch: string;
  cost: number;
  floor: number;
  owes_resync: number;
};

/**
 * Stores the subscriptions, because their sockets survive the eviction of the hub. If it is wiped, nothing is lost: clients
 * resume with a cursor.
 */
export class RegistrationStore {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    // The first two are tables of earlier versions. The deploy of this one cut their sockets.
    this.#sql.exec(`
      DROP TABLE IF EXISTS registration;
      DROP TABLE IF EXISTS live_registration;
      CREATE TABLE IF NOT EXISTS live_subscription (
        socket_id TEXT NOT NULL,
        id TEXT NOT NULL,
        tenant TEXT NOT NULL,
        key TEXT NOT NULL,
        watch TEXT NOT NULL,
        cost INTEGER NOT NULL,
        operation TEXT NOT NULL,
        floor INTEGER NOT NULL,
        owes_resync INTEGER NOT NULL,
        PRIMARY KEY (socket_id, id)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS applied (
        tenant TEXT PRIMARY KEY,
        seq INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `);
  }

  put({ socketId, id, tenant, key, watch, cost, floorSeq, owesResync }: Registration, operation: OperationText): void {
    const { query, operationName, variables } = operation;
    this.#sql.exec(
      `INSERT INTO live_subscription (socket_id, id, tenant, key, watch, cost, operation, floor, owes_resync)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      socketId,
      id,
      tenant,
      key,
      JSON.stringify(watch),
      cost,
      JSON.stringify({ query, operationName, variables } satisfies OperationText),
      floorSeq,
      Number(owesResync),
    );
  }

  /** Records that an event has carried the mark of a resync. */
  resynced(socketId: string, id: string): void {
    this.#sql.exec('UPDATE live_subscription SET owes_resync = 0 WHERE socket_id = ? AND id = ?', socketId, id);
  }

  /** Throws if there is no such registration. */
  operation(socketId: string, id: string): OperationText {
    const { operation } = this.#sql
      .exec<{ operation: string }>(
        'SELECT operation FROM live_subscription WHERE socket_id = ? AND id = ?',
        socketId,
        id,
      )
      .one();
    return readOwnJson<OperationText>(operation);
  }

  remove(socketId: string, id: string): void {
    this.#sql.exec('DELETE FROM live_subscription WHERE socket_id = ? AND id = ?', socketId, id);
  }

  removeSocket(socketId: string): void {
    this.#sql.exec('DELETE FROM live_subscription WHERE socket_id = ?', socketId);
  }

  /** Returns the registrations of these sockets. Deletes all others, and the positions of tenants that nobody watches. */
  ofSockets(socketIds: ReadonlySet<string>): Registration[] {
    const all = this.#sql
      .exec<Columns>('SELECT socket_id, id, tenant, key, watch, cost, floor, owes_resync FROM live_subscription')
      .toArray();
    for (const socketId of new Set(all.map((row) => row.socket_id))) {
      if (!socketIds.has(socketId)) this.removeSocket(socketId);
    }
    this.#sql.exec('DELETE FROM applied WHERE tenant NOT IN (SELECT tenant FROM live_subscription)');
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
        owesResync: row.owes_resync === 1,
      }));
  }

  /** Returns the newest event of a tenant that was fanned out here; null if nobody has watched it. */
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

/** One operation of one socket. */
export interface Member {
  readonly socket: WebSocket;
  readonly socketId: string;
  readonly id: string;
  /** A copy from the attachment, which is expensive to read for every message. */
  readonly isStream: boolean;
  /** The newest event that it got. */
  floorSeq: number;
  /** Whether its next event is marked as a resync. */
  owesResync: boolean;
}

/** The subscriptions that share one execution: same tenant, scopes, operation and variables. */
export interface Group {
  readonly key: string;
  readonly tenant: string;
  readonly watch: Watch;
  /** The cost of running it for one event, in fields. */
  readonly cost: number;
  /** The viewer of any member: tenant and scopes are the same for all. */
  readonly viewer: Viewer;
  /** The key of the operation, without the viewer. */
  readonly operationKey: string;
  readonly members: Map<WebSocket, Map<string, Member>>;
}

/** The groups of a hub, in memory, rebuilt from the registrations when it wakes. Tenants share nothing here. */
export interface Groups {
  join(group: Omit<Group, 'members'>, member: Member): Group;
  leave(socket: WebSocket, id: string): boolean;
  leaveAll(socket: WebSocket): void;
  has(socket: WebSocket, id: string): boolean;
  countOf(socket: WebSocket): number;
  watches(tenant: string): boolean;
  socketsOf(tenant: string): ReadonlySet<WebSocket>;
  /** Returns the groups that get a change, or that end with it. */
  matching(tenant: string, record: TaskRecord): readonly Group[];
}

/** The groups by the watched task. Null holds those that watch a list. */
type OfTenant = Map<string | null, Set<Group>>;

/** Calls `left` for each member that leaves a group. */
export function createGroups(left: (group: Group) => void): Groups {
  const byKey = new Map<string, Group>();
  const byTenant = new Map<string, OfTenant>();
  const bySocket = new Map<WebSocket, Map<string, Group>>();

  function drop(socket: WebSocket, id: string, group: Group): void {
    const ids = group.members.get(socket);
    ids?.delete(id);
    if (ids?.size === 0) group.members.delete(socket);
    left(group);
    if (group.members.size > 0) return;
    byKey.delete(group.key);
    const ofTenant = byTenant.get(group.tenant);
    const taskId = group.watch.task?.id ?? null;
    const groups = ofTenant?.get(taskId);
    groups?.delete(group);
    if (groups?.size === 0) ofTenant?.delete(taskId);
    if (ofTenant?.size === 0) byTenant.delete(group.tenant);
  }

  function groupsOf(tenant: string): Group[] {
    return [...(byTenant.get(tenant)?.values() ?? [])].flatMap((groups) => [...groups]);
  }

  return {
    join(prototype, member) {
      const group = byKey.get(prototype.key) ?? { ...prototype, members: new Map() };
      byKey.set(group.key, group);
      const ofTenant = valueIn(byTenant, group.tenant, () => new Map<string | null, Set<Group>>());
      valueIn(ofTenant, group.watch.task?.id ?? null, () => new Set<Group>()).add(group);
      valueIn(group.members, member.socket, () => new Map<string, Member>()).set(member.id, member);
      valueIn(bySocket, member.socket, () => new Map<string, Group>()).set(member.id, group);
      return group;
    },

    leave(socket, id) {
      const group = bySocket.get(socket)?.get(id);
      if (group === undefined) return false;
      bySocket.get(socket)?.delete(id);
      drop(socket, id, group);
      return true;
    },

    leaveAll(socket) {
      const groups = bySocket.get(socket) ?? [];
      bySocket.delete(socket);
      for (const [id, group] of groups) drop(socket, id, group);
    },

    has: (socket, id) => bySocket.get(socket)?.has(id) ?? false,
    countOf: (socket) => bySocket.get(socket)?.size ?? 0,
    watches: (tenant) => byTenant.has(tenant),
    socketsOf: (tenant) => new Set(groupsOf(tenant).flatMap(({ members }) => [...members.keys()])),

    matching(tenant, record) {
      const ofTenant = byTenant.get(tenant);
      const candidates = [...(ofTenant?.get(record.id) ?? []), ...(ofTenant?.get(null) ?? [])];
      return candidates.filter(({ watch }) => isWatched(watch, record) || isEnd(watch, record));
    },
  };
}

function valueIn<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Equal for subscriptions that share an execution: same operation, tenant and scopes. */
export function groupKeyOf({ tenant, scopes }: Viewer, { key }: Pick<PreparedSubscription, 'key'>): string {
  return `${tenant}\n${scopes.toSorted().join(' ')}\n${key}`;
}
