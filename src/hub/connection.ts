import type { Viewer } from '../domain/viewer.ts';
import { type Failure, GatewayError } from '../errors.ts';
import type { Admission } from './admission.ts';
import type { Attachment } from './attachment.ts';
import type { createCatchUp } from './catch-up.ts';
import { UNREAD_CHARS_MAX, type FanOut } from './fan-out.ts';
import type { Groups, Member } from './groups.ts';
import type { Counted, LiveUsage } from './live-usage.ts';
import type { Operation, Operations, PreparedSubscription, ReportBug } from './operations.ts';
import { CLOSE, closeReason, type ClientMessage, type OperationPayload } from './protocol.ts';
import type { Registration, RegistrationStore } from './registration-store.ts';
import type { Unread } from './unread.ts';
import { groupKeyOf, readable } from './viewer-group.ts';
import type { Work } from './work.ts';

export interface ConnectionDeps {
  readonly groups: Groups;
  readonly operations: Operations;
  readonly store: RegistrationStore;
  readonly fanOut: FanOut;
  readonly unread: Unread;
  readonly usage: LiveUsage;
  readonly catchUp: ReturnType<typeof createCatchUp>;
  readonly admission: Admission;
  readonly work: Work;
  /** Answers a query or mutation, as it would be answered over HTTP. */
  readonly answer: (request: Request, viewer: Viewer) => Promise<Response>;
  readonly reportBug: ReportBug;
}

/** What one socket may have under way at once. */
const OPERATIONS_MAX = 64;

/** What a hub keeps of a subscription, for as long as it lives. */
const SUBSCRIPTION_CHARS_MAX = 8_192;

/** The server's half of graphql-transport-ws, for all sockets of a hub. */
export interface Connection {
  take(socket: WebSocket, attachment: Attachment, message: Exclude<ClientMessage, { type: 'invalid' }>): Promise<void>;
  left(socket: WebSocket): void;
  /** The hub has woken: what its sockets had under way goes on. */
  restore(
    sockets: ReadonlyMap<string, Pick<Member, 'socket' | 'isStream'> & { readonly viewer: Viewer | null }>,
    registrations: readonly Registration[],
  ): void;
}

export function createConnection(deps: ConnectionDeps): Connection {
  const { admission, work, groups, operations, store, fanOut, unread } = deps;
  /** Operations that are being caught up or answered; a `complete` takes them out, and the id may be used anew at once. */
  const starting = new WeakMap<WebSocket, Map<string, OperationPayload>>();

  function startingOf(socket: WebSocket): Map<string, OperationPayload> {
    const known = starting.get(socket);
    if (known !== undefined) return known;
    const made = new Map<string, OperationPayload>();
    starting.set(socket, made);
    return made;
  }

  function refuse(socket: WebSocket, id: string, errors: readonly object[]): void {
    work.failed(socket);
    say(socket, JSON.stringify({ id, type: 'error', payload: errors }));
  }

  /** What a client is told of an error that nothing here knows. */
  function bug(error: unknown): object {
    const extensions = { code: 'INTERNAL', retryable: true, requestId: deps.reportBug(error) };
    return { message: 'Internal error', extensions };
  }

  /** Counted as what is told is: a client that only asks, and never reads, is cut as well. */
  function say(socket: WebSocket, message: string): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(message);
    if (unread.sent(socket, message.length) > UNREAD_CHARS_MAX) fanOut.cutSlow(socket);
  }

  function isWanted(socket: WebSocket, id: string, operation: OperationPayload): boolean {
    return startingOf(socket).get(id) === operation && socket.readyState === WebSocket.OPEN;
  }

  async function subscribe(socket: WebSocket, attachment: Attachment, id: string, payload: OperationPayload) {
    const { viewer } = attachment;
    if (viewer === null) {
      socket.close(CLOSE.unauthorized, 'Unauthorized');
      return;
    }
    const pending = startingOf(socket);
    if (pending.has(id) || groups.has(socket, id)) {
      socket.close(CLOSE.subscriberExists, closeReason(`Subscriber for ${id} already exists`));
      return;
    }
    const refusal = admission.refusal(socket) ?? work.refusal(socket);
    if (refusal !== null) return refuse(socket, id, [failed(refusal)]);
    if (pending.size + groups.countOf(socket) >= OPERATIONS_MAX) {
      const message = `A socket has at most ${OPERATIONS_MAX} operations.`;
      return refuse(socket, id, [failed({ code: 'RATE_LIMITED', message, retryable: true })]);
    }
    let wanted = payload;
    pending.set(id, wanted);
    try {
      const found = await operations.find(payload);
      if (!isWanted(socket, id, wanted)) return;
      if (found.type === 'refused') return refuse(socket, id, found.errors);
      const { operation } = found;
      wanted = operation;
      pending.set(id, wanted);
      const wait = await work.turn(socket, viewer.tenant, operation.query, () => operations.isKnown(operation));
      if (!isWanted(socket, id, wanted)) return;
      if (wait !== null) return refuse(socket, id, [failed(wait)]);
      const prepared = operations.prepare(operation);
      if (prepared.type === 'refused') return refuse(socket, id, prepared.errors);
      if (prepared.type === 'subscription' && JSON.stringify(operation).length > SUBSCRIPTION_CHARS_MAX) {
        const message = `A subscription has at most ${SUBSCRIPTION_CHARS_MAX} characters, with all that it carries.`;
        return refuse(socket, id, [failed({ code: 'QUERY_TOO_COMPLEX', message, retryable: false })]);
      }
      await (prepared.type === 'request'
        ? request(socket, { ...attachment, viewer }, id, operation)
        : watch(socket, { ...attachment, viewer }, id, operation, prepared.subscription));
    } catch (error) {
      const shown = error instanceof GatewayError ? failed(error.failure) : bug(error);
      if (!isWanted(socket, id, wanted)) return;
      refuse(socket, id, [shown]);
    } finally {
      if (pending.get(id) === wanted) pending.delete(id);
    }
  }

  async function request(
    socket: WebSocket,
    { origin, viewer }: Attachment & { readonly viewer: Viewer },
    id: string,
    operation: Operation,
  ): Promise<void> {
    // A gateway that serves trusted documents only takes no text, and knows each by its id.
    const query = operation.documentId === null ? operation.query : null;
    const response = await deps.answer(
      new Request(`${origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ ...operation, query }),
      }),
      viewer,
    );
    const payload = await response.text();
    if (!isWanted(socket, id, operation)) return;
    fanOut.send(socket, id, payload, null);
    say(socket, JSON.stringify({ id, type: 'complete' }));
  }

  async function watch(
    socket: WebSocket,
    { viewer, socketId, isStream }: Attachment & { readonly viewer: Viewer },
    id: string,
    operation: Operation,
    prepared: PreparedSubscription,
  ): Promise<void> {
    const { tenant } = viewer;
    const watched = readable(viewer, prepared.watch);
    const { after: resumed } = operation.extensions ?? {};
    const counted: Counted = {
      tenant,
      key: groupKeyOf(viewer, prepared),
      taskId: watched.taskId,
      cost: prepared.cost,
    };
    const refusal = deps.usage.enter(counted);
    if (refusal !== null) return refuse(socket, id, [failed(refusal)]);
    fanOut.begin(tenant);
    let hasJoined = false;
    try {
      const caught = await deps.catchUp({
        socket,
        id,
        isStream,
        viewer,
        watch: watched,
        after: isStream && typeof resumed === 'string' ? resumed : prepared.after,
        operation: { key: prepared.key, load: () => operation },
        cost: prepared.cost,
        isWanted: () => isWanted(socket, id, operation),
        join(floorSeq, cursor) {
          if (isStream) say(socket, JSON.stringify({ id, type: 'position', cursor }));
          store.put(
            { socketId, id, tenant, key: prepared.key, watch: watched, cost: prepared.cost, floorSeq },
            operation,
          );
          groups.join(
            { ...counted, watch: watched, viewer, operationKey: prepared.key },
            { socket, socketId, id, isStream, floorSeq },
          );
          hasJoined = true;
        },
      });
      if (caught.type === 'REFUSED') refuse(socket, id, [failed(caught.failure)]);
    } finally {
      fanOut.end(tenant);
      if (!hasJoined) deps.usage.leave(tenant, counted.key);
    }
  }

  return {
    async take(socket, attachment, message) {
      switch (message.type) {
        case 'connection_init':
          return admission.initialise(socket, attachment, message.payload ?? {});
        case 'ping':
          return say(socket, '{"type":"pong"}');
        case 'pong':
          return unread.answered(socket);
        case 'subscribe':
          return subscribe(socket, attachment, message.id, message.payload);
        case 'complete':
          startingOf(socket).delete(message.id);
          if (groups.leave(socket, message.id)) store.remove(attachment.socketId, message.id);
      }
    },

    left(socket) {
      startingOf(socket).clear();
      groups.leaveAll(socket);
    },

    restore(sockets, registrations) {
      for (const { socketId, id, key, watch: watched, cost, floorSeq } of registrations) {
        const { socket, isStream = false, viewer = null } = sockets.get(socketId) ?? {};
        if (socket === undefined || viewer === null) continue;
        const { tenant } = viewer;
        const counted: Counted = { tenant, key: groupKeyOf(viewer, { key }), taskId: watched.taskId, cost };
        deps.usage.restore(counted);
        groups.join(
          { ...counted, watch: watched, viewer, operationKey: key },
          { socket, socketId, isStream, id, floorSeq },
        );
      }
    },
  };
}

/** A failure as an `error` message carries it. */
function failed({ message, ...extensions }: Failure): object {
  return { message, extensions };
}
