import { readableWatch } from '../auth/access.ts';
import type { Viewer } from '../domain/ports.ts';
import type { Failure } from '../errors.ts';
import { codesOf, type PublicRefusal, toFailure, toRefusal } from '../graphql/errors.ts';
import type { Log } from '../lib/log.ts';
import { readOwnJson } from '../lib/json.ts';
import type { Admission, Attachment } from './admission.ts';
import type { Unread, Work } from './back-pressure.ts';
import type { createCatchUp } from './catch-up.ts';
import { UNREAD_CHARS_MAX, type FanOut } from './fan-out.ts';
import { type Groups, type Member, type Registration, type RegistrationStore, groupKeyOf } from './registrations.ts';
import type {
  Operation,
  Operations,
  PreparedSubscription,
  Asker,
  CountedSubscription,
  WatchUsage,
} from './operations.ts';
import { CLOSE, closeReason, type ClientMessage, type OperationPayload, pongMessage } from './protocol.ts';

export interface ConnectionDeps {
  readonly groups: Groups;
  readonly operations: Operations;
  readonly store: RegistrationStore;
  readonly fanOut: FanOut;
  readonly unread: Unread;
  readonly usage: WatchUsage;
  readonly catchUp: ReturnType<typeof createCatchUp>;
  readonly admission: Admission;
  readonly work: Work;
  /** Answers a query or mutation as over HTTP. */
  readonly answer: (request: Request, viewer: Viewer) => Promise<Response>;
  readonly log: Log;
}

/** The most operations that a socket may have at once. */
const OPERATIONS_MAX = 64;

/** The longest subscription that a hub stores. */
const SUBSCRIPTION_CHARS_MAX = 8_192;

/** The server side of graphql-transport-ws, for all sockets of a hub. */
export interface Connection {
  take(socket: WebSocket, attachment: Attachment, message: Exclude<ClientMessage, { type: 'invalid' }>): Promise<void>;
  left(socket: WebSocket): void;
  /** Continues the subscriptions of the sockets after the hub has woken. */
  restore(
    sockets: ReadonlyMap<string, Pick<Member, 'socket' | 'isStream'> & { readonly viewer: Viewer | null }>,
    registrations: readonly Registration[],
  ): void;
}

export function createConnection(deps: ConnectionDeps): Connection {
  const { admission, work, groups, operations, store, fanOut, unread } = deps;
  /** The operations that catch up or are being answered. A `complete` removes its operation, which frees the id at once. */
  const starting = new WeakMap<WebSocket, Map<string, OperationPayload>>();

  function startingOf(socket: WebSocket): Map<string, OperationPayload> {
    const known = starting.get(socket);
    if (known !== undefined) return known;
    const made = new Map<string, OperationPayload>();
    starting.set(socket, made);
    return made;
  }

  /** Counts the message as unread, so that a client that only sends and never reads is cut too. */
  function sendText(socket: WebSocket, message: string): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(message);
    if (unread.sent(socket, message.length) > UNREAD_CHARS_MAX) fanOut.cutSlow(socket);
  }

  const refuse = createRefusals({ work, sendText, log: deps.log });

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
    const asked: Asked = { socket, id, requestId: operationIdOf(attachment), tenant: viewer.tenant };
    const refusal = admission.countStart(socket) ?? work.overdraft(socket);
    if (refusal !== null) return refuse.failure(asked, refusal);
    if (pending.size + groups.countOf(socket) >= OPERATIONS_MAX) {
      const message = `A socket has at most ${OPERATIONS_MAX} operations.`;
      return refuse.failure(asked, { code: 'RATE_LIMITED', message, retryable: true });
    }
    let wanted = payload;
    pending.set(id, wanted);
    try {
      const found = await operations.find(payload, asked);
      if (!isWanted(socket, id, wanted)) return;
      if (found.type === 'refusal') return refuse.errors(asked, found.errors);
      const { operation } = found;
      wanted = operation;
      pending.set(id, wanted);
      const wait = await work.waitToStart(socket, viewer.tenant, operation.query, () => operations.isKnown(operation));
      if (!isWanted(socket, id, wanted)) return;
      if (wait !== null) return refuse.failure(asked, wait);
      const prepared = operations.prepare(operation, asked);
      if (prepared.type === 'refusal') return refuse.errors(asked, prepared.errors);
      if (prepared.type === 'subscription' && JSON.stringify(operation).length > SUBSCRIPTION_CHARS_MAX) {
        const message = `A subscription has at most ${SUBSCRIPTION_CHARS_MAX} characters, with all that it carries.`;
        return refuse.failure(asked, { code: 'QUERY_TOO_COMPLEX', message, retryable: false });
      }
      await (prepared.type === 'request'
        ? request(asked, attachment.origin, viewer, operation)
        : watch(asked, { ...attachment, viewer }, operation, prepared.subscription));
    } catch (error) {
      if (isWanted(socket, id, wanted)) refuse.thrown(asked, error);
    } finally {
      if (pending.get(id) === wanted) pending.delete(id);
    }
  }

  async function request(asked: Asked, origin: string, viewer: Viewer, operation: Operation): Promise<void> {
    const { socket, id, requestId } = asked;
    // A gateway that serves only trusted documents refuses texts, and takes ids.
    const query = operation.documentId === null ? operation.query : null;
    const response = await deps.answer(
      new Request(`${origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', 'x-request-id': requestId },
        body: JSON.stringify({ ...operation, query }),
      }),
      viewer,
    );
    const payload = await response.text();
    if (!isWanted(socket, id, operation)) return;
    const errors = requestErrorsOf(payload);
    if (errors !== null) return refuse.answered(asked, errors);
    fanOut.send(socket, id, payload, null);
    sendText(socket, JSON.stringify({ id, type: 'complete' }));
  }

  async function watch(
    asked: Asked,
    { viewer, socketId, isStream }: Attachment & { readonly viewer: Viewer },
    operation: Operation,
    prepared: PreparedSubscription,
  ): Promise<void> {
    const { socket, id } = asked;
    const { tenant } = viewer;
    const watched = readableWatch(viewer, prepared.watch);
    const { after: resumed } = operation.extensions ?? {};
    const counted: CountedSubscription = {
      tenant,
      key: groupKeyOf(viewer, prepared),
      taskId: watched.task?.id ?? null,
      cost: prepared.cost,
    };
    const refusal = deps.usage.enter(counted);
    if (refusal !== null) return refuse.failure(asked, refusal);
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
        join(floorSeq, cursor, owesResync) {
          // A stream that owes a resync keeps its old cursor, which gets another one.
          if (isStream && !owesResync) sendText(socket, JSON.stringify({ id, type: 'position', cursor }));
          store.put(
            { socketId, id, tenant, key: prepared.key, watch: watched, cost: prepared.cost, floorSeq, owesResync },
            operation,
          );
          groups.join(
            { ...counted, watch: watched, viewer, operationKey: prepared.key },
            { socket, socketId, id, isStream, floorSeq, owesResync },
          );
          hasJoined = true;
        },
      });
      if (caught.type === 'REFUSED') refuse.failure(asked, caught.failure);
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
          return sendText(socket, pongMessage(message.payload));
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
      for (const { socketId, id, key, watch: watched, cost, floorSeq, owesResync } of registrations) {
        const { socket, isStream = false, viewer = null } = sockets.get(socketId) ?? {};
        if (socket === undefined || viewer === null) continue;
        const { tenant } = viewer;
        const counted: CountedSubscription = {
          tenant,
          key: groupKeyOf(viewer, { key }),
          taskId: watched.task?.id ?? null,
          cost,
        };
        deps.usage.restore(counted);
        groups.join(
          { ...counted, watch: watched, viewer, operationKey: key },
          { socket, socketId, isStream, id, floorSeq, owesResync },
        );
      }
    },
  };
}

/** A stream has one operation, whose id is that of its request. */
function operationIdOf({ isStream, requestId }: Attachment): string {
  return (isStream ? requestId : null) ?? crypto.randomUUID();
}

/** One `subscribe` message of a client. */
export interface Asked extends Asker {
  readonly socket: WebSocket;
  readonly id: string;
}

/** Refuses operations. Each gets one `error`, after which its id is free. */
export interface Refusals {
  /** Sends errors that carry the request id already. Logs one line, like `failure`. */
  errors(asked: Asked, errors: PublicRefusal['errors']): void;
  failure(asked: Asked, failure: Failure): void;
  /** Sends a `GatewayError` as its failure. Anything else is a bug: it is logged, and the client gets only the request id. */
  thrown(asked: Asked, error: unknown): void;
  /** Sends the errors of a response of the Worker, which has logged them. */
  answered(asked: Asked, errors: PublicRefusal['errors']): void;
}

export interface RefusalsDeps {
  readonly work: Pick<Work, 'failed'>;
  readonly sendText: (socket: WebSocket, message: string) => void;
  readonly log: Log;
}

export function createRefusals({ work, sendText, log }: RefusalsDeps): Refusals {
  function answered({ socket, id }: Asked, errors: PublicRefusal['errors']): void {
    work.failed(socket);
    sendText(socket, JSON.stringify({ id, type: 'error', payload: errors }));
  }

  function refuse(asked: Asked, errors: PublicRefusal['errors']): void {
    const { requestId, tenant } = asked;
    log({ level: 'info', message: 'operation refused', requestId, tenant, errorCodes: codesOf(errors) });
    answered(asked, errors);
  }

  function failure(asked: Asked, failed: Failure): void {
    refuse(asked, toRefusal(failed, asked.requestId).errors);
  }

  return {
    errors: refuse,
    failure,
    answered,
    thrown(asked, error) {
      failure(asked, toFailure(error, log, asked.requestId, asked.tenant));
    },
  };
}

/** Returns the errors of a response that has no `data`, since nothing was executed. Returns null for any other response. */
export function requestErrorsOf(answer: string): PublicRefusal['errors'] | null {
  if (answer.startsWith('{"data":')) return null;
  const result = readOwnJson<{ readonly data?: unknown; readonly errors?: PublicRefusal['errors'] }>(answer);
  return 'data' in result ? null : (result.errors ?? null);
}
