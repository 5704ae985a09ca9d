import type { GatewayContext } from '../context.ts';
import type { TaskChange } from '../domain/records.ts';
import type { Ledger } from '../domain/ports.ts';
import { isFinal } from '../domain/task.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Log } from '../lib/log.ts';
import type { Attachment } from './admission.ts';
import type { Group, Groups, Member, RegistrationStore } from './registrations.ts';
import { messageCostOf } from './usage.ts';
import type { Operations } from './operations.ts';
import { CLOSE } from './protocol.ts';
import type { Turns, Unread } from './back-pressure.ts';

/** What a socket may leave unread: past that it is cut, and comes back with its cursor. The others wait for nobody. */
export const UNREAD_CHARS_MAX = 1_048_576;

/** Said with 4403. */
export const EXPIRED = 'The token has expired';

export interface FanOutDeps {
  readonly groups: Groups;
  readonly operations: Operations;
  readonly store: RegistrationStore;
  readonly unread: Unread;
  readonly turns: Turns;
  /** A tenant's ledger, of which each read is made once: made for one event. */
  readonly openReads: (tenant: string) => Ledger;
  readonly contextOf: (viewer: Viewer, ledger: Ledger) => GatewayContext;
  readonly log: Log;
  readonly isExpired: (socket: WebSocket) => boolean;
  /** What the hub knows of a socket. */
  readonly attachmentOf: (socket: WebSocket) => Attachment | null;
}

/** Brings events to whom they concern: each operation is run once for an event, however many sockets share it. */
export interface FanOut {
  /**
   * Applies the events of a tenant behind `prev`, each once and in order, whatever is delivered again. Answers with the
   * newest applied: less than `prev` asks for what is missing here. Null: nobody watches the tenant.
   */
  deliver(tenant: string, prev: number, events: readonly TaskChange[]): Promise<number | null>;
  /**
   * The ledger no longer has what is between the newest applied here and `seq`. Who watches the tenant is cut, comes back
   * with its cursor, and is told the present state, marked as a resync. Answers as `deliver`.
   */
  skip(tenant: string, seq: number): Promise<number | null>;
  /** A subscription of this tenant is about to be caught up: until `end` its shard counts as watched. */
  begin(tenant: string): void;
  end(tenant: string): void;
  /** The newest event applied, `headSeq` where none was yet. */
  startFrom(tenant: string, headSeq: number): number;
  appliedSeq(tenant: string): number;
  /** Writes one `next` message; the Worker's own streams get the cursor beside the payload, any other has null. Cuts a socket that does not read, or whose token has expired. */
  send(socket: WebSocket, id: string, payload: string, cursor: string | null): void;
  /** Closes a socket that does not read, and forgets it. */
  cutSlow(socket: WebSocket): void;
  /** Ends an operation from this side. */
  complete(socket: WebSocket, id: string): void;
}

export function createFanOut(deps: FanOutDeps): FanOut {
  const { groups, operations, store, unread, turns, log, isExpired, attachmentOf } = deps;
  /** Subscriptions of a tenant that are being caught up. */
  const beginning = new Map<string, number>();
  /** One delivery of a tenant at a time: an event that is run asynchronously must not be overtaken. */
  const deliveries = new Map<string, Promise<unknown>>();

  /** A peer that does not read may never say that it has closed too: it is forgotten at once. */
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
      // Closed meanwhile: its close event cleans up, and its client has the cursor.
      logGone(socket, error);
    }
  }

  function complete(socket: WebSocket, id: string): void {
    groups.leave(socket, id);
    store.remove(attachmentOf(socket)?.socketId ?? '', id);
    try {
      socket.send(JSON.stringify({ id, type: 'complete' }));
    } catch (error) {
      logGone(socket, error);
    }
  }

  /** Returns false for those who have seen the event in what they were caught up with, or have left. */
  function tell(group: Group, member: Member, event: TaskChange, payload: string): boolean {
    if (event.seq <= member.floorSeq || group.members.get(member.socket)?.get(member.id) !== member) return false;
    member.floorSeq = event.seq;
    send(member.socket, member.id, payload, member.isStream ? event.cursor : null);
    if (group.watch.taskId !== null && isFinal(event.task.status)) complete(member.socket, member.id);
    return true;
  }

  async function payloadOf(group: Group, change: TaskChange, reads: Ledger): Promise<string> {
    const load = () => store.operation(...memberOf(group));
    const context = deps.contextOf(group.viewer, reads);
    return operations.run({ key: group.operationKey, load }, change, context);
  }

  /** Other tenants have their turn between two operations, and between two messages: nobody waits for all of them. */
  async function apply(tenant: string, event: TaskChange): Promise<void> {
    const { seq, task } = event;
    const reads = deps.openReads(tenant);
    const payloads = new Map<Group, string>();
    let subscriptions = 0;
    for (;;) {
      // A client that subscribes while this waits may need the event too: until nobody is left, all are looked at again.
      const missing = groups.concerned(tenant, task).filter((group) => untold(group, seq).length > 0);
      if (missing.length === 0) break;
      for (const group of missing) {
        await turns.take(tenant, group.cost);
        if (group.members.size === 0) continue;
        const payload = payloads.get(group) ?? (await payloadOf(group, event, reads));
        payloads.set(group, payload);
        for (const member of untold(group, seq)) {
          const turn = turns.take(tenant, messageCostOf(payload));
          if (turn !== null) await turn;
          if (tell(group, member, event, payload)) subscriptions += 1;
        }
      }
    }
    // No message is told twice should the hub be reset before this: its sockets are cut with it.
    store.setApplied(tenant, seq);
    if (subscriptions === 0) return;
    log({ level: 'info', message: 'event sent', tenant, taskId: task.id, seq, subscriptions });
  }

  async function deliverAlone(tenant: string, prev: number, events: readonly TaskChange[]): Promise<number | null> {
    if (!isWatched(tenant)) return null;
    const applied = store.appliedSeq(tenant) ?? prev;
    if (prev > applied) return applied;
    for (const event of events) {
      if (event.seq > (store.appliedSeq(tenant) ?? prev)) await apply(tenant, event);
    }
    return store.appliedSeq(tenant) ?? prev;
  }

  function isWatched(tenant: string): boolean {
    if (groups.watches(tenant) || beginning.has(tenant)) return true;
    store.forgetTenant(tenant);
    return false;
  }

  function skipAlone(tenant: string, seq: number): number | null {
    if (!isWatched(tenant)) return null;
    const applied = store.appliedSeq(tenant) ?? 0;
    if (applied >= seq) return applied;
    for (const socket of groups.socketsOf(tenant)) {
      cut(socket, CLOSE.restart, 'Come back with your cursor');
    }
    store.setApplied(tenant, seq);
    return seq;
  }

  async function inTurn<T>(tenant: string, work: () => T | Promise<T>): Promise<T> {
    const before = deliveries.get(tenant) ?? Promise.resolve();
    const turn = before.then(work);
    const settled = turn.catch(() => null);
    deliveries.set(tenant, settled);
    const answer = await turn;
    if (deliveries.get(tenant) === settled) deliveries.delete(tenant);
    return answer;
  }

  return {
    deliver: (tenant, prev, events) => inTurn(tenant, () => deliverAlone(tenant, prev, events)),
    skip: (tenant, seq) => inTurn(tenant, () => skipAlone(tenant, seq)),
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

/** Who has not seen the event yet. */
function untold({ members }: Group, seq: number): Member[] {
  return [...members.values()].flatMap((ofSocket) => [...ofSocket.values()]).filter(({ floorSeq }) => floorSeq < seq);
}

/** One of those who share an operation: with each its text is kept. */
function memberOf({ members }: Group): [socketId: string, id: string] {
  for (const ofSocket of members.values()) for (const { socketId, id } of ofSocket.values()) return [socketId, id];
  throw new TypeError('a group without members');
}
