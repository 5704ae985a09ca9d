import type { Authenticate } from '../auth/authenticate.ts';
import { type Failure, GatewayError } from '../errors.ts';
import { logBug, type Log } from '../lib/log.ts';
import { createTokenBucket, type TokenBucket } from '../lib/token-bucket.ts';
import type { Attachment } from './attachment.ts';
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
