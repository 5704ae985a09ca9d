import { isWatched, type Watch } from '../domain/watch.ts';
import type { TaskRecord } from '../domain/records.ts';
import type { Viewer } from '../domain/viewer.ts';

/** One operation of one socket. */
export interface Member {
  readonly socket: WebSocket;
  readonly socketId: string;
  readonly id: string;
  /** As in the socket's attachment, which is dear to read for every message. */
  readonly isStream: boolean;
  /** The newest event that it has seen. */
  floorSeq: number;
}

/** Everybody who runs the same operation with the same variables for the same tenant: one execution serves them all. */
export interface Group {
  readonly key: string;
  readonly tenant: string;
  readonly watch: Watch;
  /** What one event costs it, in fields. */
  readonly cost: number;
  /** One of those who share it: the tenant and the scopes are the same for all. */
  readonly viewer: Viewer;
  /** The key of the operation alone, the same for every viewer. */
  readonly operationKey: string;
  readonly members: Map<WebSocket, Map<string, Member>>;
}

/** Who watches what, in memory: rebuilt from the registrations when the hub wakes. Tenants share nothing here. */
export interface Groups {
  find(key: string): Group | null;
  join(group: Omit<Group, 'members'>, member: Member): Group;
  leave(socket: WebSocket, id: string): boolean;
  leaveAll(socket: WebSocket): void;
  has(socket: WebSocket, id: string): boolean;
  countOf(socket: WebSocket): number;
  watches(tenant: string): boolean;
  socketsOf(tenant: string): ReadonlySet<WebSocket>;
  /** The groups that a change concerns. */
  concerned(tenant: string, record: TaskRecord): readonly Group[];
}

/** By the task that is watched; under null those that watch a list. */
type OfTenant = Map<string | null, Set<Group>>;

/** `left` is called for each member that a group has lost. */
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
    const groups = ofTenant?.get(group.watch.taskId);
    groups?.delete(group);
    if (groups?.size === 0) ofTenant?.delete(group.watch.taskId);
    if (ofTenant?.size === 0) byTenant.delete(group.tenant);
  }

  function groupsOf(tenant: string): Group[] {
    return [...(byTenant.get(tenant)?.values() ?? [])].flatMap((groups) => [...groups]);
  }

  return {
    find: (key) => byKey.get(key) ?? null,

    join(prototype, member) {
      const group = byKey.get(prototype.key) ?? { ...prototype, members: new Map() };
      byKey.set(group.key, group);
      const ofTenant = valueIn(byTenant, group.tenant, () => new Map<string | null, Set<Group>>());
      valueIn(ofTenant, group.watch.taskId, () => new Set<Group>()).add(group);
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

    concerned(tenant, record) {
      const ofTenant = byTenant.get(tenant);
      const candidates = [...(ofTenant?.get(record.id) ?? []), ...(ofTenant?.get(null) ?? [])];
      return candidates.filter(({ watch }) => isWatched(watch, record));
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
