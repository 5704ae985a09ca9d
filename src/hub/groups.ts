import type { ValidatedSubscriptionArgs } from 'graphql';
import { isWatched, type Watch } from '../domain/live.ts';
import type { TaskRecord } from '../domain/records.ts';

/** One operation of one socket. */
export interface Member {
  readonly socket: WebSocket;
  readonly id: string;
  /** As in the socket's attachment, which is dear to read for every message. */
  readonly isStream: boolean;
  /** What it has seen already. */
  readonly floorSeq: number;
}

/** Everybody who runs the same operation with the same variables for the same tenant: one execution serves them all. */
export interface Group {
  readonly key: string;
  readonly tenant: string;
  readonly watch: Watch;
  readonly args: ValidatedSubscriptionArgs;
  readonly members: Map<WebSocket, Map<string, Member>>;
}

/** Who watches what, in memory: rebuilt from the registrations when the hub wakes. Tenants share nothing here. */
export interface Groups {
  find(key: string): Group | null;
  join(group: Omit<Group, 'members'>, member: Member): void;
  leave(socket: WebSocket, id: string): boolean;
  leaveAll(socket: WebSocket): void;
  has(socket: WebSocket, id: string): boolean;
  countOf(socket: WebSocket): number;
  watches(tenant: string): boolean;
  socketsOf(tenant: string): ReadonlySet<WebSocket>;
  /** The groups that a change concerns. */
  concerned(tenant: string, record: TaskRecord): readonly Group[];
}

export function createGroups(): Groups {
  const byKey = new Map<string, Group>();
  const byTenant = new Map<string, Set<Group>>();
  const bySocket = new Map<WebSocket, Map<string, Group>>();

  function drop(socket: WebSocket, id: string, group: Group): void {
    const ids = group.members.get(socket);
    ids?.delete(id);
    if (ids?.size === 0) group.members.delete(socket);
    if (group.members.size > 0) return;
    byKey.delete(group.key);
    const groups = byTenant.get(group.tenant);
    groups?.delete(group);
    if (groups?.size === 0) byTenant.delete(group.tenant);
  }

  return {
    find: (key) => byKey.get(key) ?? null,

    join(prototype, member) {
      const group = byKey.get(prototype.key) ?? { ...prototype, members: new Map() };
      byKey.set(group.key, group);
      setOf(byTenant, group.tenant).add(group);
      mapOf(group.members, member.socket).set(member.id, member);
      mapOf(bySocket, member.socket).set(member.id, group);
    },

    leave(socket, id) {
      const group = bySocket.get(socket)?.get(id);
      if (group === undefined) return false;
      bySocket.get(socket)?.delete(id);
      drop(socket, id, group);
      return true;
    },

    leaveAll(socket) {
      for (const [id, group] of bySocket.get(socket) ?? []) drop(socket, id, group);
      bySocket.delete(socket);
    },

    has: (socket, id) => bySocket.get(socket)?.has(id) ?? false,
    countOf: (socket) => bySocket.get(socket)?.size ?? 0,
    watches: (tenant) => byTenant.has(tenant),
    socketsOf: (tenant) => new Set([...(byTenant.get(tenant) ?? [])].flatMap(({ members }) => [...members.keys()])),
    concerned: (tenant, record) => [...(byTenant.get(tenant) ?? [])].filter(({ watch }) => isWatched(watch, record)),
  };
}

function mapOf<K, K2, V>(maps: Map<K, Map<K2, V>>, key: K): Map<K2, V> {
  const known = maps.get(key);
  if (known !== undefined) return known;
  const made = new Map<K2, V>();
  maps.set(key, made);
  return made;
}

function setOf<K, V>(sets: Map<K, Set<V>>, key: K): Set<V> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const made = new Set<V>();
  sets.set(key, made);
  return made;
}
