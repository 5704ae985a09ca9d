import type { Failure } from '../errors.ts';
import { createTokenBucket, type TokenBucket } from '../lib/token-bucket.ts';
import { type ClientMessage, CLOSE, MESSAGE_BYTES_MAX } from './protocol.ts';

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

/** Milliseconds of estimated work a second. */
export interface WorkLimits {
  readonly socketMsPerSecond: number;
  /** Of one tenant, in one hub. */
  readonly tenantMsPerSecond: number;
}

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
