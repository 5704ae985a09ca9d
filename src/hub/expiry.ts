import type { Attachment } from './attachment.ts';

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
