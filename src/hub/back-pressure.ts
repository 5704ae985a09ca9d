import { sleep } from '../lib/sleep.ts';

/**
 * What sockets were sent and have not read. The platform does not tell (`send` never blocks, and there is no
 * `bufferedAmount`), so the peer is asked: graphql-transport-ws has it answer a ping, which it reads behind everything
 * that was sent before. In memory alone: a hub that was evicted had nothing to send.
 */
export interface Unread {
  /** So many characters went out. Answers with `chars`. */
  sent(socket: WebSocket, chars: number): number;
  /** A pong has come. */
  answered(socket: WebSocket): void;
  chars(socket: WebSocket): number;
  /** Waits until the peer has read most of what it was sent. False: it reads nothing. */
  drained(socket: WebSocket): Promise<boolean>;
}

/** A ping goes out after so much. */
const PING_CHARS = 131_072;

/** Past this a catch-up waits for its reader: a day's changes are more than a socket may leave unread. */
const AHEAD_CHARS_MAX = 262_144;

/** A reader that takes nothing for so long is gone, or as good as. */
const STALLED_MS = 10_000;
const LOOK_MS = 20;

interface Account {
  unread: number;
  sincePing: number;
  /** What each ping that is not answered stands for, oldest first. */
  readonly pings: number[];
}

export function createUnread(now: () => number): Unread {
  const accounts = new WeakMap<WebSocket, Account>();

  function open(socket: WebSocket): Account {
    const account = { unread: 0, sincePing: 0, pings: [] };
    accounts.set(socket, account);
    return account;
  }

  function chars(socket: WebSocket): number {
    return accounts.get(socket)?.unread ?? 0;
  }

  return {
    chars,

    sent(socket, count) {
      const account = accounts.get(socket) ?? open(socket);
      account.unread += count;
      account.sincePing += count;
      if (account.sincePing >= PING_CHARS) {
        account.pings.push(account.sincePing);
        account.sincePing = 0;
        socket.send('{"type":"ping"}');
      }
      return account.unread;
    },

    answered(socket) {
      const account = accounts.get(socket);
      if (account !== undefined) account.unread -= account.pings.shift() ?? 0;
    },

    async drained(socket) {
      let least = chars(socket);
      let progressAtMs = now();
      while (socket.readyState === WebSocket.OPEN && chars(socket) > AHEAD_CHARS_MAX) {
        await sleep(LOOK_MS);
        if (chars(socket) < least) {
          least = chars(socket);
          progressAtMs = now();
        } else if (now() - progressAtMs > STALLED_MS) {
          return false;
        }
      }
      return true;
    },
  };
}
