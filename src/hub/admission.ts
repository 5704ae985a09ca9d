import type { Authenticate } from '../auth/access.ts';
import type { Viewer } from '../domain/ports.ts';
import type { ErrorCode, Failure } from '../errors.ts';
import { toFailure } from '../graphql/errors.ts';
import type { Log } from '../lib/log.ts';
import { createTokenBucket, type TokenBucket } from '../lib/time.ts';
import { CLOSE, closeReason } from './protocol.ts';

/** The rate at which a socket may start operations. The burst is for clients that restart all of theirs after a reconnect. */
const SUBSCRIBES = { burst: 100, perSecond: 20 };

export interface AdmissionDeps {
  readonly authenticate: Authenticate;
  /** Counts the socket for its tenant. Returns false if the tenant has no room for another. */
  readonly join: (tenant: string, socket: WebSocket) => boolean;
  /** Schedules the close of a socket for this instant, when its token expires. */
  readonly expiresAt: (atMs: number) => void;
  readonly now: () => number;
  readonly log: Log;
}

/** Authenticates sockets, and limits how fast each may start operations. */
export interface Admission {
  /**
   * Answers `connection_init`. Closes with 4403 if the token is refused, and with 4429 if it is the second one. Closes with
   * 1013, after which clients reconnect, if the token cannot be checked or its tenant has too many sockets. 4500 is a bug,
   * which is logged.
   */
  initialise(socket: WebSocket, attachment: Attachment, payload: Readonly<Record<string, unknown>>): Promise<void>;
  /** Counts one start of an operation. Returns a failure if the socket starts them too fast. */
  countStart(socket: WebSocket): Failure | null;
}

export function createAdmission({ authenticate, join, expiresAt, now, log }: AdmissionDeps): Admission {
  /** The sockets whose token is being verified. */
  const initialising = new WeakSet<WebSocket>();
  const allowances = new WeakMap<WebSocket, TokenBucket>();

  return {
    async initialise(socket, attachment, payload) {
      if (initialising.has(socket) || attachment.viewer !== null) {
        socket.close(CLOSE.tooManyInits, 'Too many initialisation requests');
        return;
      }
      initialising.add(socket);
      const requestId = attachment.requestId ?? crypto.randomUUID();
      try {
        const viewer = await authenticate(authorizationOf(payload), requestId);
        if (socket.readyState !== WebSocket.OPEN) return;
        if (!join(viewer.tenant, socket)) {
          socket.close(CLOSE.tryAgain, 'The tenant has too many sockets. Close some, or try again later.');
          return;
        }
        socket.serializeAttachment({ ...attachment, viewer } satisfies Attachment);
        if (viewer.expiresAtMs !== null) expiresAt(viewer.expiresAtMs);
        socket.send('{"type":"connection_ack"}');
      } catch (error) {
        const { code, message } = toFailure(error, log, requestId);
        socket.close(closeCodeOf(code), closeReason(message));
      } finally {
        initialising.delete(socket);
      }
    },

    countStart(socket) {
      const allowance = allowances.get(socket) ?? createTokenBucket(SUBSCRIBES);
      allowances.set(socket, allowance);
      const retryAfterMs = allowance.take(now());
      if (retryAfterMs === 0) return null;
      const message = `A socket begins at most ${SUBSCRIBES.perSecond} operations a second.`;
      return { code: 'RATE_LIMITED', message, retryable: true, retryAfterMs };
    },
  };
}

/** Returns the close code for a `connection_init` that was refused. */
function closeCodeOf(code: ErrorCode): number {
  if (code === 'UNAUTHENTICATED') return CLOSE.forbidden;
  return code === 'INTERNAL' ? CLOSE.internal : CLOSE.tryAgain;
}

/** Ignores case, because GraphiQL sends its headers as the payload. */
function authorizationOf(payload: Readonly<Record<string, unknown>>): string | null {
  const [, value] = Object.entries(payload).find(([name]) => name.toLowerCase() === 'authorization') ?? [];
  return typeof value === 'string' ? value : null;
}

/** The state of a socket. It is serialized with the socket, so that it survives the eviction of the hub. */
export interface Attachment {
  readonly socketId: string;
  /** Null until `connection_init` was accepted. */
  readonly viewer: Viewer | null;
  /** True for a socket that the Worker dialled for an SSE or multipart response. Its messages carry cursors. */
  readonly isStream: boolean;
  /** The id of the request that a stream answers or that opened the socket. Operations of a socket get ids of their own. */
  readonly requestId: string | null;
  /** The network of the client; null if unknown. */
  readonly network: string | null;
  readonly origin: string;
  readonly openedAtMs: number;
}

/** Returns null for a socket that no hub has accepted. */
export function attachmentOf(socket: WebSocket): Attachment | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the hub and its connection write it
  return socket.deserializeAttachment() as Attachment | null;
}

/** The time that a socket has to send `connection_init`. */
const INIT_MS = 10_000;

/** Returns when a socket is closed: its client has not authenticated by then, or its token expires. Infinity if it never is. */
export function deadlineOf(attachment: Attachment | null): number {
  if (attachment === null) return Number.POSITIVE_INFINITY;
  const { viewer, openedAtMs } = attachment;
  return viewer === null ? openedAtMs + INIT_MS : (viewer.expiresAtMs ?? Number.POSITIVE_INFINITY);
}

/** Tells whether the token of a socket has expired. Reads each attachment once, because that is expensive. */
export function createIsExpired(now: () => number): (socket: WebSocket) => boolean {
  const known = new WeakMap<WebSocket, number>();
  return (socket) => {
    let expiresAtMs = known.get(socket);
    if (expiresAtMs === undefined) {
      expiresAtMs = attachmentOf(socket)?.viewer?.expiresAtMs ?? Number.POSITIVE_INFINITY;
      known.set(socket, expiresAtMs);
    }
    return now() >= expiresAtMs;
  };
}

/** Counts the open sockets of a hub by owner, and bounds each owner. */
export interface SocketCounter {
  hasRoom(owner: string): boolean;
  add(owner: string, socket: WebSocket): void;
  remove(owner: string, socket: WebSocket): void;
}

/** `max` is the most sockets of one owner. Counts are in memory, and rebuilt from the sockets when the hub wakes. */
export function createSocketCounter(max: number): SocketCounter {
  const byOwner = new Map<string, Set<WebSocket>>();

  return {
    hasRoom(owner) {
      const sockets = byOwner.get(owner);
      if (sockets === undefined || sockets.size < max) return true;
      // A socket that the hub closed stays until its peer answers, which it may never do.
      for (const socket of sockets) if (socket.readyState !== WebSocket.OPEN) sockets.delete(socket);
      return sockets.size < max;
    },
    add(owner, socket) {
      const sockets = byOwner.get(owner) ?? new Set();
      byOwner.set(owner, sockets.add(socket));
    },
    remove(owner, socket) {
      const sockets = byOwner.get(owner);
      sockets?.delete(socket);
      if (sockets?.size === 0) byOwner.delete(owner);
    },
  };
}
