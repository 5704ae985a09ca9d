import type { Attachment } from './attachment.ts';

/** A socket that has not said `connection_init` by then is closed. */
const INIT_MS = 10_000;

/** When a socket is closed, if nothing changes: it has not said who it is by then, or its token expires. */
export function deadlineOf(attachment: Attachment | null): number {
  if (attachment === null) return Number.POSITIVE_INFINITY;
  const { viewer, openedAtMs } = attachment;
  return viewer === null ? openedAtMs + INIT_MS : (viewer.expiresAtMs ?? Number.POSITIVE_INFINITY);
}

/** Whether a socket's token has expired. Attachments are dear to read, so each is read once for it. */
export function createIsExpired(
  attachmentOf: (socket: WebSocket) => Attachment | null,
  now: () => number,
): (socket: WebSocket) => boolean {
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
