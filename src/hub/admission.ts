import type { Authenticate } from '../auth/authenticate.ts';
import type { Viewer } from '../domain/viewer.ts';
import { type Failure, GatewayError } from '../errors.ts';
import { logBug, type Log } from '../lib/log.ts';
import { createTokenBucket, type TokenBucket } from '../lib/token-bucket.ts';
import { CLOSE, closeReason } from './protocol.ts';

/** Operations that one socket may begin. After a reconnect it begins all of its own at once: the burst is for that. */
const SUBSCRIBES = { burst: 100, perSecond: 20 };

export interface AdmissionDeps {
  readonly authenticate: Authenticate;
  /** Counts the socket among its tenant's; false: there is no room for another. */
  readonly join: (tenant: string, socket: WebSocket) => boolean;
  /** A socket is to be closed at this instant, when its token expires. */
  readonly expiresAt: (atMs: number) => void;
  readonly now: () => number;
  readonly log: Log;
}

/** Which socket is let in, and how fast it may go. */
export interface Admission {
  /**
   * Answers `connection_init`: 4403 for a token that is refused, 4429 for a second one, and 1013, after which clients come
   * back, when the token cannot be checked or its tenant has too many sockets. 4500 is a bug, and in the log.
   */
  initialise(socket: WebSocket, attachment: Attachment, payload: Readonly<Record<string, unknown>>): Promise<void>;
  /** Why the socket may not begin another operation now; null: it may. */
  refusal(socket: WebSocket): Failure | null;
}

export function createAdmission({ authenticate, join, expiresAt, now, log }: AdmissionDeps): Admission {
  /** Sockets whose token is being verified. */
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
        if (!(error instanceof GatewayError)) {
          logBug(log, requestId, error);
          socket.close(CLOSE.internal, 'Internal error');
          return;
        }
        const { code, message } = error.failure;
        socket.close(code === 'UNAUTHENTICATED' ? CLOSE.forbidden : CLOSE.tryAgain, closeReason(message));
      } finally {
        initialising.delete(socket);
      }
    },

    refusal(socket) {
      const allowance = allowances.get(socket) ?? createTokenBucket(SUBSCRIBES);
      allowances.set(socket, allowance);
      const retryAfterMs = allowance.take(now());
      if (retryAfterMs === 0) return null;
      const message = `A socket begins at most ${SUBSCRIBES.perSecond} operations a second.`;
      return { code: 'RATE_LIMITED', message, retryable: true, retryAfterMs };
    },
  };
}

/** Header names have no case, and GraphiQL sends its headers as the payload. */
function authorizationOf(payload: Readonly<Record<string, unknown>>): string | null {
  const [, value] = Object.entries(payload).find(([name]) => name.toLowerCase() === 'authorization') ?? [];
  return typeof value === 'string' ? value : null;
}

/** What the hub knows of a socket; kept with it, so that it survives the hub's eviction. */
export interface Attachment {
  readonly socketId: string;
  /** Null until `connection_init` was accepted. */
  readonly viewer: Viewer | null;
  /** A socket of the Worker's own, behind an SSE or multipart answer: its messages carry cursors. */
  readonly isStream: boolean;
  /** The id of the request that a stream answers, or that asked for a socket, whose operations have ids of their own. */
  readonly requestId: string | null;
  /** Of the client; null where nobody tells. */
  readonly network: string | null;
  readonly origin: string;
  readonly openedAtMs: number;
}

export function attachmentOf(socket: WebSocket): Attachment | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the hub and its connection write it
  return socket.deserializeAttachment() as Attachment | null;
}

/** A socket that has not said `connection_init` by then is closed. */
const INIT_MS = 10_000;

/** When a socket is closed, if nothing changes: it has not said who it is by then, or its token expires. */
export function deadlineOf(attachment: Attachment | null): number {
  if (attachment === null) return Number.POSITIVE_INFINITY;
  const { viewer, openedAtMs } = attachment;
  return viewer === null ? openedAtMs + INIT_MS : (viewer.expiresAtMs ?? Number.POSITIVE_INFINITY);
}

/** Whether a socket's token has expired. Attachments are dear to read, so each is read once for it. */
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

/** Counts the open sockets of one hub by whose they are, and says who may have another. */
export interface Crowd {
  hasRoom(name: string): boolean;
  add(name: string, socket: WebSocket): void;
  remove(name: string, socket: WebSocket): void;
}

/** `max`: sockets of one name. In memory: filled again from the sockets themselves when the hub wakes. */
export function createCrowd(max: number): Crowd {
  const crowds = new Map<string, Set<WebSocket>>();

  return {
    hasRoom(name) {
      const crowd = crowds.get(name);
      if (crowd === undefined || crowd.size < max) return true;
      // A socket that was closed from here leaves when its peer says so, which it may never do.
      for (const socket of crowd) if (socket.readyState !== WebSocket.OPEN) crowd.delete(socket);
      return crowd.size < max;
    },
    add(name, socket) {
      const crowd = crowds.get(name) ?? new Set();
      crowds.set(name, crowd.add(socket));
    },
    remove(name, socket) {
      const crowd = crowds.get(name);
      crowd?.delete(socket);
      if (crowd?.size === 0) crowds.delete(name);
    },
  };
}
