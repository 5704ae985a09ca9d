import type { WorkLimits } from '../config/index.ts';
import type { Failure } from '../errors.ts';
import { createTokenBucket, type TokenBucket } from '../lib/time.ts';
import { type ClientMessage, CLOSE, MESSAGE_BYTES_MAX } from './protocol.ts';

/**
 * Counts what sockets were sent and have not read. The platform does not report it: `send` never blocks, and there is no
 * `bufferedAmount`. So the hub sends pings, which graphql-transport-ws has the peer answer. A peer reads a ping after
 * everything that was sent before it. Counts are in memory only, because an evicted hub had nothing to send.
 */
export interface Unread {
  /** Counts sent characters. Returns how many are unread. */
  sent(socket: WebSocket, chars: number): number;
  /** Counts a pong: everything before its ping is read. */
  answered(socket: WebSocket): void;
  chars(socket: WebSocket): number;
  /** Waits until the peer has read most of what it was sent. Returns false if it reads nothing. */
  drained(socket: WebSocket): Promise<boolean>;
}

/** The characters between two pings. */
const PING_CHARS = 131_072;

/** A catch-up pauses while its socket has more than this unread. Otherwise a day's changes would close the socket. */
const AHEAD_CHARS_MAX = 262_144;

/** A peer that reads nothing for this long is treated as gone. */
const STALLED_MS = 10_000;
const LOOK_MS = 20;

interface UnreadCount {
  unread: number;
  sincePing: number;
  /** The characters before each unanswered ping, oldest first. */
  readonly pings: number[];
}

export function createUnread(now: () => number, sleep: (ms: number) => Promise<void>): Unread {
  const counts = new WeakMap<WebSocket, UnreadCount>();

  function open(socket: WebSocket): UnreadCount {
    const count = { unread: 0, sincePing: 0, pings: [] };
    counts.set(socket, count);
    return count;
  }

  function chars(socket: WebSocket): number {
    return counts.get(socket)?.unread ?? 0;
  }

  return {
    chars,

    sent(socket, sentChars) {
      const count = counts.get(socket) ?? open(socket);
      count.unread += sentChars;
      count.sincePing += sentChars;
      if (count.sincePing >= PING_CHARS) {
        count.pings.push(count.sincePing);
        count.sincePing = 0;
        socket.send('{"type":"ping"}');
      }
      return count.unread;
    },

    answered(socket) {
      const count = counts.get(socket);
      if (count !== undefined) count.unread -= count.pings.shift() ?? 0;
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

/** Shares the one thread of a hub between tenants. No tenant gets two turns while another waits. */
export interface Turns {
  /** Waits until the tenant may do work of this cost, in fields. Returns null if it may at once. */
  take(tenant: string, cost: number): Promise<void> | null;
}

/**
 * The fields per turn, about 2 ms of work. Then other tenants and received messages have a turn. An event takes some 20
 * steps, each of which may wait for one slice of another tenant.
 */
const SLICE = 1_000;

interface Waiting {
  readonly cost: number;
  readonly go: () => void;
}

/** `pause` lets the event loop continue. Turns are measured in cost, since a Worker's clock stands still while it computes. */
export function createTurns(pause: () => Promise<void>): Turns {
  // A Map keeps the order of insertion: the first tenant has waited the longest.
  const queues = new Map<string, Waiting[]>();
  let spent = 0;
  let isServing = false;

  async function serve(): Promise<void> {
    isServing = true;
    while (queues.size > 0) {
      await pause();
      spent = 0;
      const [next] = queues;
      if (next === undefined) break;
      const [tenant, queue] = next;
      queues.delete(tenant);
      while (spent < SLICE) {
        const first = queue.shift();
        if (first === undefined) break;
        spent += first.cost;
        first.go();
      }
      if (queue.length > 0) queues.set(tenant, queue);
    }
    isServing = false;
  }

  return {
    take(tenant, cost) {
      if (!isServing && (spent === 0 || spent + cost <= SLICE)) {
        spent += cost;
        return null;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const queue = queues.get(tenant) ?? [];
      queue.push({ cost, go: resolve });
      queues.set(tenant, queue);
      if (!isServing) void serve();
      return promise;
    },
  };
}

/**
 * Estimated costs, in milliseconds of a hub's one thread. They are estimates, since a Worker's clock stands still while it
 * computes. Measured in workerd, 2026-11, with the inputs that are the most expensive for their length.
 */
const COST = {
  message: 0.05,
  /** JSON of many small objects. Strings are parsed 100 times faster. */
  messageChar: 0.000_05,
  /** A document that is not cached, which is parsed and validated. */
  documentChar: 0.003,
  /** Longer documents cost no more: they have at most 2,000 tokens, and the rest is comments and strings. */
  documentCharsMax: 8_192,
  start: 0.5,
  /** More than it takes, so that a socket that makes nothing but errors is closed soon. An honest client makes few. */
  error: 5,
} as const;

/** A socket may save up 10 seconds of its allowance, and overdraw as much before it is closed. */
const SOCKET_SECONDS = 10;

/** The longest that an operation waits to start. It is refused if that is not enough. */
const START_WAIT_MS_MAX = 10_000;
/** The longest burst of a tenant's work, and so the longest that another tenant waits. */
const TENANT_BURST_SECONDS = 0.4;

/** The characters that a tenant may send, per millisecond of its work per second. The burst is four seconds. */
const READ = { charsPerWorkMs: 4_000, seconds: 4 } as const;

/** The work before `connection_init`, in milliseconds: one message, with a token of at most 8,192 characters. */
const UNAUTHENTICATED = { burst: 5, perSecond: 0.5 } as const;

/** Past this, the tenant that was idle the longest is dropped. Its allowance is full again by then. */
const TENANTS_MAX = 5_000;

export interface WorkDeps {
  readonly limits: WorkLimits;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Meters the work that sockets and tenants cause. Counts are in memory, because a hub that hibernated had no work. */
export interface Work {
  /**
   * Charges a received message before it is parsed. Returns null if it may be parsed, or how to close the socket. `tenant`
   * is null before `connection_init`.
   */
  read(socket: WebSocket, tenant: string | null, chars: number): Extract<ClientMessage, { type: 'invalid' }> | null;
  /** Returns a failure while the socket has overdrawn its allowance. Charges nothing. */
  overdraft(socket: WebSocket): Failure | null;
  /** Waits until the tenant may start an operation of this document. Returns a failure if it may not. */
  waitToStart(socket: WebSocket, tenant: string, document: string, isKnown: () => boolean): Promise<Failure | null>;
  /** Charges the socket for an error that it was sent. */
  failed(socket: WebSocket): void;
}

interface Tenant {
  readonly chars: TokenBucket;
  readonly work: TokenBucket;
}

export function createWork({ limits, now, sleep }: WorkDeps): Work {
  const { socketMsPerSecond, tenantMsPerSecond } = limits;
  const unauthenticated = new WeakMap<WebSocket, TokenBucket>();
  const sockets = new WeakMap<WebSocket, TokenBucket>();
  const tenants = new Map<string, Tenant>();
  /** New documents whose operations wait to start. Only the first request for a document pays for it. */
  const paid = new Set<string>();

  function socketBucket(socket: WebSocket): TokenBucket {
    const known = sockets.get(socket);
    if (known !== undefined) return known;
    const bucket = createTokenBucket({ burst: socketMsPerSecond * SOCKET_SECONDS, perSecond: socketMsPerSecond });
    sockets.set(socket, bucket);
    return bucket;
  }

  function unauthenticatedBucket(socket: WebSocket): TokenBucket {
    const known = unauthenticated.get(socket);
    if (known !== undefined) return known;
    const bucket = createTokenBucket(UNAUTHENTICATED);
    unauthenticated.set(socket, bucket);
    return bucket;
  }

  function tenantOf(name: string): Tenant {
    const known = tenants.get(name);
    // Moves the tenant to the end: the order of insertion is the order of use.
    tenants.delete(name);
    const charsPerSecond = tenantMsPerSecond * READ.charsPerWorkMs;
    const tenant = known ?? {
      chars: createTokenBucket({ burst: charsPerSecond * READ.seconds, perSecond: charsPerSecond }),
      work: createTokenBucket({ burst: tenantMsPerSecond * TENANT_BURST_SECONDS, perSecond: tenantMsPerSecond }),
    };
    tenants.set(name, tenant);
    const [oldest] = tenants.keys();
    if (tenants.size > TENANTS_MAX && oldest !== undefined) tenants.delete(oldest);
    return tenant;
  }

  async function reserve(socket: WebSocket, tenant: string, cost: number): Promise<Failure | null> {
    const nowMs = now();
    const { work } = tenantOf(tenant);
    const waitMs = work.spend(nowMs, cost);
    if (waitMs > START_WAIT_MS_MAX) {
      work.spend(nowMs, -cost);
      return limited('A tenant', tenantMsPerSecond, waitMs - START_WAIT_MS_MAX);
    }
    socketBucket(socket).spend(nowMs, cost);
    if (waitMs > 0) await sleep(waitMs);
    return null;
  }

  return {
    read(socket, tenant, chars) {
      // Not charged: it is not parsed, and the protocol closes the socket.
      if (chars > MESSAGE_BYTES_MAX) return null;
      const nowMs = now();
      const cost = COST.message + chars * COST.messageChar;
      if (tenant === null) {
        if (unauthenticatedBucket(socket).take(nowMs, cost) === 0) return null;
        return { type: 'invalid', code: CLOSE.tooManyInits, reason: 'Too much before connection_init' };
      }
      if (socketBucket(socket).spend(nowMs, cost) > SOCKET_SECONDS * 1_000) {
        return { type: 'invalid', code: CLOSE.tryAgain, reason: 'Too much work' };
      }
      if (tenantOf(tenant).chars.take(nowMs, chars) === 0) return null;
      return { type: 'invalid', code: CLOSE.tryAgain, reason: 'Too many messages of the tenant' };
    },

    overdraft(socket) {
      const waitMs = socketBucket(socket).spend(now(), 0);
      return waitMs === 0 ? null : limited('A socket', socketMsPerSecond, waitMs);
    },

    async waitToStart(socket, tenant, document, isKnown) {
      const documentCost = Math.min(document.length, COST.documentCharsMax) * COST.documentChar;
      const pays = !isKnown() && !paid.has(document);
      if (pays) paid.add(document);
      const refused = await reserve(socket, tenant, COST.start + (pays ? documentCost : 0));
      if (pays) paid.delete(document);
      // The document that another request paid for may be invalid or evicted. Then it is parsed again.
      return refused !== null || pays || isKnown() ? refused : reserve(socket, tenant, documentCost);
    },

    failed(socket) {
      socketBucket(socket).spend(now(), COST.error);
    },
  };
}

function limited(whose: string, msPerSecond: number, retryAfterMs: number): Failure {
  const message = `${whose} gets about ${msPerSecond} ms of a hub's work a second.`;
  return { code: 'RATE_LIMITED', message, retryable: true, retryAfterMs };
}
