import type { WorkLimits } from '../config/index.ts';
import type { Failure } from '../errors.ts';
import { createTokenBucket, type TokenBucket } from '../lib/token-bucket.ts';
import { type ClientMessage, CLOSE, MESSAGE_BYTES_MAX } from './protocol.ts';

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

export function createUnread(now: () => number, sleep: (ms: number) => Promise<void>): Unread {
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

/** Shares the one thread of a hub between its tenants: none is served twice while another waits. */
export interface Turns {
  /** Waits until the tenant may do work that costs so many fields. Null: at once. */
  take(tenant: string, cost: number): Promise<void> | null;
}

/**
 * After so many fields, about 2 ms, everybody else has a turn: other tenants, and messages that have come in. What one event of
 * another tenant takes has some 20 steps, each of which may wait for a slice.
 */
const SLICE = 1_000;

interface Waiting {
  readonly cost: number;
  readonly go: () => void;
}

/** `pause` lets the event loop go on. Work is counted by its cost, since the clock stands still while a Worker computes. */
export function createTurns(pause: () => Promise<void>): Turns {
  // A Map keeps the order of insertion: the first tenant is the one that has waited for longest.
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
 * Estimates, in milliseconds of a hub's one thread; the clock of a Worker stands still while it computes. Measured in
 * workerd, 2026-11, for what is most expensive for its length.
 */
const COST = {
  message: 0.05,
  /** JSON of many small objects. A text is parsed 100 times faster. */
  messageChar: 0.000_05,
  /** Of a document that is not known: it is parsed and validated. */
  documentChar: 0.003,
  /** A document has at most 2,000 tokens; the rest is comments and texts. */
  documentCharsMax: 8_192,
  start: 0.5,
  /** More than it takes: an honest client makes few, and a socket that makes nothing else is to be closed soon. */
  error: 5,
} as const;

/** A socket may save up 10 seconds of its work, and owe as much before it is closed. */
const SOCKET_SECONDS = 10;

/** Work of a tenant waits its turn for so long, and is refused if that is not enough. */
const TURN_MS_MAX = 10_000;
/** What a tenant's work may take without a break: another tenant waits for no longer. */
const TENANT_BURST_SECONDS = 0.4;

/** What a tenant's messages may hold, for each millisecond of its work a second: four seconds of them at once. */
const READ = { charsPerWorkMs: 4_000, seconds: 4 } as const;

/** Before `connection_init` there is one message to read, of a token that has 8,192 characters at most. */
const STRANGER = { burst: 5, perSecond: 0.5 } as const;

/** Past so many the tenants that have done nothing for longest are forgotten: their allowances are full again. */
const TENANTS_MAX = 5_000;

export interface WorkDeps {
  readonly limits: WorkLimits;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Meters sockets and tenants by what they make a hub do. In memory: a hub that slept had nothing to do. */
export interface Work {
  /** A message has come; it is not parsed yet. Null: it may be, else its socket is closed. `tenant` is null before `connection_init`. */
  read(socket: WebSocket, tenant: string | null, chars: number): Extract<ClientMessage, { type: 'invalid' }> | null;
  /** Why the socket may not begin an operation; null: it may. */
  refusal(socket: WebSocket): Failure | null;
  /** Waits until the tenant may begin an operation of this document. Failure: it may not. */
  turn(socket: WebSocket, tenant: string, document: string, isKnown: () => boolean): Promise<Failure | null>;
  /** The socket was told of an error. */
  failed(socket: WebSocket): void;
}

interface Tenant {
  readonly chars: TokenBucket;
  readonly work: TokenBucket;
}

export function createWork({ limits, now, sleep }: WorkDeps): Work {
  const { socketMsPerSecond, tenantMsPerSecond } = limits;
  const strangers = new WeakMap<WebSocket, TokenBucket>();
  const sockets = new WeakMap<WebSocket, TokenBucket>();
  const tenants = new Map<string, Tenant>();
  /** New documents that wait their turn: only the first who asks for one pays for it. */
  const paid = new Set<string>();

  function socketBucket(socket: WebSocket): TokenBucket {
    const known = sockets.get(socket);
    if (known !== undefined) return known;
    const bucket = createTokenBucket({ burst: socketMsPerSecond * SOCKET_SECONDS, perSecond: socketMsPerSecond });
    sockets.set(socket, bucket);
    return bucket;
  }

  function strangerBucket(socket: WebSocket): TokenBucket {
    const known = strangers.get(socket);
    if (known !== undefined) return known;
    const bucket = createTokenBucket(STRANGER);
    strangers.set(socket, bucket);
    return bucket;
  }

  function tenantOf(name: string): Tenant {
    const known = tenants.get(name);
    // The last in the order of insertion is the one that was used last.
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
    if (waitMs > TURN_MS_MAX) {
      work.spend(nowMs, -cost);
      return limited('A tenant', tenantMsPerSecond, waitMs - TURN_MS_MAX);
    }
    socketBucket(socket).spend(nowMs, cost);
    if (waitMs > 0) await sleep(waitMs);
    return null;
  }

  return {
    read(socket, tenant, chars) {
      // It is not read: the protocol closes the socket.
      if (chars > MESSAGE_BYTES_MAX) return null;
      const nowMs = now();
      const cost = COST.message + chars * COST.messageChar;
      if (tenant === null) {
        if (strangerBucket(socket).take(nowMs, cost) === 0) return null;
        return { type: 'invalid', code: CLOSE.tooManyInits, reason: 'Too much before connection_init' };
      }
      if (socketBucket(socket).spend(nowMs, cost) > SOCKET_SECONDS * 1_000) {
        return { type: 'invalid', code: CLOSE.tryAgain, reason: 'Too much work' };
      }
      if (tenantOf(tenant).chars.take(nowMs, chars) === 0) return null;
      return { type: 'invalid', code: CLOSE.tryAgain, reason: 'Too many messages of the tenant' };
    },

    refusal(socket) {
      const waitMs = socketBucket(socket).spend(now(), 0);
      return waitMs === 0 ? null : limited('A socket', socketMsPerSecond, waitMs);
    },

    async turn(socket, tenant, document, isKnown) {
      const documentCost = Math.min(document.length, COST.documentCharsMax) * COST.documentChar;
      const pays = !isKnown() && !paid.has(document);
      if (pays) paid.add(document);
      const refused = await reserve(socket, tenant, COST.start + (pays ? documentCost : 0));
      if (pays) paid.delete(document);
      // It may have been wrong, or forgotten again: then it is parsed once more.
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
