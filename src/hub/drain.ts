import { sleep } from '../lib/sleep.ts';
import { unreadBytes } from './fan-out.ts';
import { CLOSE } from './protocol.ts';

/** Past this a catch-up waits for its reader: a day's changes are more than a socket may leave unread. */
const AHEAD_BYTES_MAX = 262_144;

/** A reader that takes nothing for so long is gone, or as good as. */
const STALLED_MS = 10_000;
const LOOK_MS = 20;

/** Whether the peer has more unread than a catch-up leaves it. */
export function isAhead(socket: WebSocket): boolean {
  return unreadBytes(socket) > AHEAD_BYTES_MAX;
}

/** Waits until the peer has read most of what it was sent. Cuts one that takes nothing: it comes back with its cursor. */
export async function drain(socket: WebSocket, now: () => number): Promise<void> {
  let least = unreadBytes(socket);
  let progressAtMs = now();
  while (socket.readyState === WebSocket.OPEN && isAhead(socket)) {
    await sleep(LOOK_MS);
    const unread = unreadBytes(socket);
    if (unread < least) {
      least = unread;
      progressAtMs = now();
    } else if (now() - progressAtMs > STALLED_MS) {
      socket.close(CLOSE.tooSlow, 'Too much is unread');
    }
  }
}
