import type { GatewayContext } from '../context.ts';
import type { CatchUp, Watch } from '../domain/live.ts';
import { isFinal } from '../domain/task.ts';
import type { Viewer } from '../domain/viewer.ts';
import { type Failure, GatewayError } from '../errors.ts';
import type { Result } from '../ledger/result.ts';
import type { Admission } from './admission.ts';
import type { Attachment } from './attachment.ts';
import { UNREAD_CHARS_MAX, type FanOut } from './fan-out.ts';
import type { Groups, Member } from './groups.ts';
import type { Operation, Operations, PreparedSubscription, ReportBug } from './operations.ts';
import { CLOSE, type ClientMessage, type OperationPayload } from './protocol.ts';
import type { Registration, RegistrationStore } from './registration-store.ts';
import type { Unread } from './unread.ts';
import { groupKeyOf, readable } from './viewer-group.ts';

export interface ConnectionDeps {
  readonly groups: Groups;
  readonly operations: Operations;
  readonly store: RegistrationStore;
  readonly fanOut: FanOut;
  readonly unread: Unread;
  readonly attach: (tenant: string) => Promise<Result<number>>;
  readonly catchUp: (
    tenant: string,
    watch: Watch,
    after: string | null,
    afterSeq: number | null,
  ) => Promise<Result<CatchUp>>;
  readonly contextOf: (viewer: Viewer) => GatewayContext;
  readonly admission: Admission;
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
  const { admission, groups, operations, store, fanOut, unread } = deps;
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
      socket.close(CLOSE.subscriberExists, `Subscriber for ${id} already exists`);
      return;
    }
    const refusal = admission.refusal(socket);
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
      const prepared = operations.prepare(operation, deps.contextOf(viewer));
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
    const { args, after } = prepared;
    const watched = readable(viewer, prepared.watch);
    const { after: resumed } = operation.extensions ?? {};
    const from = isStream && typeof resumed === 'string' ? resumed : after;
    fanOut.begin(tenant);
    try {
      const attached = await deps.attach(tenant);
      if (!isWanted(socket, id, operation)) return;
      if (!attached.ok) return refuse(socket, id, [failed(attached.failure)]);
      fanOut.startFrom(tenant, attached.value);
      let seen: number | null = null;
      let cursorAtHead: string | null = null;
      let hasMore = false;
      // Until the copy is at least as new as what has been fanned out here: from then on every event comes by itself.
      do {
        const caught = await deps.catchUp(tenant, watched, from, seen);
        if (!isWanted(socket, id, operation)) return;
        if (!caught.ok) return refuse(socket, id, [failed(caught.failure)]);
        for (const event of caught.value.events) {
          const payload = await operations.run(args, { ...event, task: event.record });
          if (!isWanted(socket, id, operation)) return;
          fanOut.send(socket, id, payload, isStream ? event.cursor : null);
          if (!(await unread.drained(socket))) return fanOut.cutSlow(socket);
          if (watched.taskId !== null && isFinal(event.record.status)) return fanOut.complete(socket, id);
        }
        if (caught.value.isOver) return fanOut.complete(socket, id);
        seen = caught.value.headSeq;
        ({ headCursor: cursorAtHead, hasMore } = caught.value);
      } while (hasMore || seen < fanOut.appliedSeq(tenant));
      if (isStream) say(socket, JSON.stringify({ id, type: 'position', cursor: cursorAtHead }));
      store.put({ socketId, id, tenant, operation, floorSeq: seen });
      groups.join(
        { key: groupKeyOf(viewer, prepared), tenant, watch: watched, args },
        { socket, id, isStream, floorSeq: seen },
      );
    } finally {
      fanOut.end(tenant);
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
      for (const { socketId, id, operation, floorSeq } of registrations) {
        const { socket, isStream = false, viewer = null } = sockets.get(socketId) ?? {};
        if (socket === undefined || viewer === null) continue;
        const prepared = operations.prepare(operation, deps.contextOf(viewer));
        if (prepared.type !== 'subscription') continue;
        const { args, watch: watched } = prepared.subscription;
        groups.join(
          {
            key: groupKeyOf(viewer, prepared.subscription),
            tenant: viewer.tenant,
            watch: readable(viewer, watched),
            args,
          },
          { socket, isStream, id, floorSeq },
        );
      }
    },
  };
}

/** A failure as an `error` message carries it. */
function failed({ message, ...extensions }: Failure): object {
  return { message, extensions };
}
