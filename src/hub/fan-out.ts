import { type GatewayContext, isEnd, isWatched, type Ledger, type Viewer } from '../domain/ports.ts';
import type { TaskChange } from '../domain/records.ts';
import type { Log } from '../lib/log.ts';
import type { Attachment } from './admission.ts';
import type { Group, Groups, Member, RegistrationStore } from './registrations.ts';
import { messageCostOf, type Operations } from './operations.ts';
import { CLOSE } from './protocol.ts';
import type { Turns, Unread } from './back-pressure.ts';

/** The most that a socket may leave unread. A socket over it is cut and resumes with its cursor, so that no other waits. */
export const UNREAD_CHARS_MAX = 1_048_576;

/** The reason of a close with 4403. */
export const EXPIRED = 'The token has expired';

export interface FanOutDeps {
  readonly groups: Groups;
  readonly operations: Operations;
  readonly store: RegistrationStore;
  readonly unread: Unread;
  readonly turns: Turns;
  /** Opens a tenant's ledger for one event. Operations that make the same read share it. */
  readonly openReads: (tenant: string) => Ledger;
  readonly contextOf: (viewer: Viewer, ledger: Ledger) => GatewayContext;
  readonly log: Log;
  readonly isExpired: (socket: WebSocket) => boolean;
  readonly attachmentOf: (socket: WebSocket) => Attachment | null;
}

/** Sends events to the subscribers that they match. Runs each distinct operation once per event. */
export interface FanOut {
  /**
   * Applies the events of a tenant after `prev`, each once and in order, also if some are delivered again. Returns the
   * newest event applied. Less than `prev` requests the missing ones. Returns null if nobody watches the tenant.
   */
  deliver(tenant: string, prev: number, events: readonly TaskChange[]): Promise<number | null>;
  /**
   * Skips to `seq`, because the ledger no longer stores the events between. Cuts the sockets that watch the tenant: they
   * resume with their cursor and get the present state, marked as a resync. Returns what `deliver` returns.
   */
  skip(tenant: string, seq: number): Promise<number | null>;
  /** Counts the tenant as watched until `end`, while one of its subscriptions catches up. */
  begin(tenant: string): void;
  end(tenant: string): void;
  /** Returns the newest event applied. Before the first one, that is `headSeq`. */
  startFrom(tenant: string, headSeq: number): number;
  appliedSeq(tenant: string): number;
  /**
   * Writes one `next` message. The Worker's own streams get the cursor beside the payload; it is null for others. Cuts a
   * socket that does not read, or whose token has expired.
   */
  send(socket: WebSocket, id: string, payload: string, cursor: string | null): void;
  /** Closes and forgets a socket that does not read. */
  cutSlow(socket: WebSocket): void;
  /** Ends an operation on the server's side. */
  complete(socket: WebSocket, id: string): void;
}

export function createFanOut(deps: FanOutDeps): FanOut {
  const { groups, operations, store, unread, turns, log, isExpired, attachmentOf } = deps;
  /** How many subscriptions of a tenant are catching up. */
  const beginning = new Map<string, number>();
  /** One delivery per tenant at a time, so that no event overtakes one that runs asynchronously. */
  const deliveries = new Map<string, Promise<unknown>>();

  /** Forgets the socket at once: a peer that does not read may never answer the close. */
  function cut(socket: WebSocket, code: number, reason: string): void {
    groups.leaveAll(socket);
    store.removeSocket(attachmentOf(socket)?.socketId ?? '');
    socket.close(code, reason);
  }

  function logGone(socket: WebSocket, error: unknown): void {
    const { requestId, viewer } = attachmentOf(socket) ?? {};
    log({ level: 'info', message: 'socket gone', requestId, tenant: viewer?.tenant, cause: String(error) });
  }

  function cutSlow(socket: WebSocket): void {
    cut(socket, CLOSE.tooSlow, 'Too much is unread');
  }

  function send(socket: WebSocket, id: string, payload: string, cursor: string | null): void {
    if (isExpired(socket)) return cut(socket, CLOSE.forbidden, EXPIRED);
    const place = cursor === null ? '' : `"cursor":${JSON.stringify(cursor)},`;
    try {
      const message = `{"id":${JSON.stringify(id)},"type":"next",${place}"payload":${payload}}`;
      socket.send(message);
      if (unread.sent(socket, message.length) > UNREAD_CHARS_MAX) cutSlow(socket);
    } catch (error) {
      // The socket has closed. Its close event cleans up, and its client has the cursor.
      logGone(socket, error);
    }
  }

  function complete(socket: WebSocket, id: string): void {
    if (isExpired(socket)) return cut(socket, CLOSE.forbidden, EXPIRED);
    groups.leave(socket, id);
    store.remove(attachmentOf(socket)?.socketId ?? '', id);
    try {
      socket.send(JSON.stringify({ id, type: 'complete' }));
    } catch (error) {
      logGone(socket, error);
    }
  }

  /** Returns false if the member got the event while it caught up, or has left. Sends nothing for a payload of null. */
  function sendOnce(group: Group, member: Member, event: TaskChange, payload: string | null): boolean {
    if (event.seq <= member.floorSeq || group.members.get(member.socket)?.get(member.id) !== member) return false;
    member.floorSeq = event.seq;
    if (payload !== null) {
      if (member.owesResync) store.resynced(member.socketId, member.id);
      member.owesResync = false;
      send(member.socket, member.id, payload, member.isStream ? event.cursor : null);
    }
    if (isEnd(group.watch, event.task)) complete(member.socket, member.id);
    return payload !== null;
  }

  /** Returns null if the filter of the group hides the change, or if all members have left. */
  async function payloadOf(group: Group, change: TaskChange, reads: Ledger): Promise<string | null> {
    if (!isWatched(group.watch, change.task)) return null;
    await turns.take(group.tenant, group.cost);
    if (group.members.size === 0) return null;
    const load = () => store.operation(...memberOf(group));
    const context = deps.contextOf(group.viewer, reads);
    return operations.run({ key: group.operationKey, load }, change, context);
  }

  /** Gives other tenants a turn between two operations and between two messages. */
  async function apply(tenant: string, event: TaskChange): Promise<void> {
    const { seq, task } = event;
    const reads = deps.openReads(tenant);
    const payloads = new Map<Group, string | null>();
    const resyncs = new Map<Group, string | null>();
    let subscriptions = 0;
    for (;;) {
      // Repeats until no member lacks the event: a client that subscribes during a wait may need it too.
      const missing = groups.matching(tenant, task).filter((group) => membersWithout(group, seq).length > 0);
      if (missing.length === 0) break;
      for (const group of missing) {
        if (!payloads.has(group)) payloads.set(group, await payloadOf(group, event, reads));
        const shared = payloads.get(group) ?? null;
        for (const member of membersWithout(group, seq)) {
          if (member.owesResync && !resyncs.has(group)) {
            resyncs.set(group, await payloadOf(group, { ...event, resync: true }, reads));
          }
          const payload = member.owesResync ? (resyncs.get(group) ?? null) : shared;
          const turn = turns.take(tenant, messageCostOf(payload ?? ''));
          if (turn !== null) await turn;
          if (sendOnce(group, member, event, payload)) subscriptions += 1;
        }
      }
    }
    // If the hub is reset before this, no message is repeated: its sockets are cut with it.
    store.setApplied(tenant, seq);
    if (subscriptions === 0) return;
    log({ level: 'info', message: 'event sent', tenant, taskId: task.id, seq, subscriptions });
  }

  async function deliverNow(tenant: string, prev: number, events: readonly TaskChange[]): Promise<number | null> {
    if (!hasWatchers(tenant)) return null;
    const applied = store.appliedSeq(tenant) ?? prev;
    if (prev > applied) return applied;
    for (const event of events) {
      if (event.seq > (store.appliedSeq(tenant) ?? prev)) await apply(tenant, event);
    }
    return store.appliedSeq(tenant) ?? prev;
  }

  function hasWatchers(tenant: string): boolean {
    if (groups.watches(tenant) || beginning.has(tenant)) return true;
    store.forgetTenant(tenant);
    return false;
  }

  function skipNow(tenant: string, seq: number): number | null {
    if (!hasWatchers(tenant)) return null;
    const applied = store.appliedSeq(tenant) ?? 0;
    if (applied >= seq) return applied;
    for (const socket of groups.socketsOf(tenant)) {
      cut(socket, CLOSE.restart, 'Reconnect with your cursor');
    }
    store.setApplied(tenant, seq);
    return seq;
  }

  async function afterEarlier<T>(tenant: string, work: () => T | Promise<T>): Promise<T> {
    const before = deliveries.get(tenant) ?? Promise.resolve();
    const current = before.then(work);
    const settled = current.catch(() => null);
    deliveries.set(tenant, settled);
    try {
      return await current;
    } finally {
      if (deliveries.get(tenant) === settled) deliveries.delete(tenant);
    }
  }

  return {
    deliver: (tenant, prev, events) => afterEarlier(tenant, () => deliverNow(tenant, prev, events)),
    skip: (tenant, seq) => afterEarlier(tenant, () => skipNow(tenant, seq)),
    begin(tenant) {
      beginning.set(tenant, (beginning.get(tenant) ?? 0) + 1);
    },
    end(tenant) {
      const left = (beginning.get(tenant) ?? 1) - 1;
      if (left === 0) beginning.delete(tenant);
      else beginning.set(tenant, left);
    },
    startFrom(tenant, headSeq) {
      const known = store.appliedSeq(tenant);
      if (known === null) store.setApplied(tenant, headSeq);
      return known ?? headSeq;
    },
    appliedSeq: (tenant) => store.appliedSeq(tenant) ?? 0,
    send,
    cutSlow,
    complete,
  };
}

/** The members that have not got the event yet. */
function membersWithout({ members }: Group, seq: number): Member[] {
  return [...members.values()].flatMap((ofSocket) => [...ofSocket.values()]).filter(({ floorSeq }) => floorSeq < seq);
}

/** Any member of the group. The text of the operation is stored for each. */
function memberOf({ members }: Group): [socketId: string, id: string] {
  for (const ofSocket of members.values()) for (const { socketId, id } of ofSocket.values()) return [socketId, id];
  throw new TypeError('a group without members');
}
