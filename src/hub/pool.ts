import type { Viewer } from '../domain/ports.ts';
import type { Failure } from '../errors.ts';
import { readOwnJson } from '../lib/json.ts';
import type { Log } from '../lib/log.ts';

/** Shards of the pool. Each takes 2,500 sockets. The shard of a socket is routing only: it carries no authority. */
export const SHARDS = 4;

/** Why a shard refuses a socket: it is full, or has too many sockets of this tenant or of this client address. */
export type NoRoom = 'FULL' | 'TENANT' | 'ADDRESS';

export type Dialled = { readonly type: 'SOCKET'; readonly socket: WebSocket } | { readonly type: NoRoom };

/** Dials a hub. Prefers the tenant's own hub if the tenant is known. */
export type Dial = (request: Request, tenant: string | null) => Promise<Dialled>;

/** The namespace of the hubs. */
export interface Hubs {
  getByName(name: string): Pick<Fetcher, 'fetch'>;
}

const REASON_HEADER = 'x-no-room';

/**
 * Dials a shard of the pool: the tenant's own first, so that few shards receive its events, or a random one if the tenant
 * is unknown. If a shard has no room, or does not answer because it moves, the next one is tried.
 */
export async function dial(
  hubs: Hubs,
  request: Request,
  tenant: string | null,
  { random, log }: { readonly random: () => number; readonly log: Log },
): Promise<Dialled> {
  const first = tenant === null ? Math.floor(random() * SHARDS) : shardOf(tenant);
  let type: NoRoom = 'FULL';
  for (let i = 0; i < SHARDS; i += 1) {
    const shard = shardName((first + i) % SHARDS);
    try {
      const response = await hubs.getByName(shard).fetch(new Request(request));
      const socket = response.webSocket;
      if (socket) return { type: 'SOCKET', socket };
      // Prefers a reason that the caller can do something about.
      const reason = response.headers.get(REASON_HEADER);
      if (reason === 'TENANT' || reason === 'ADDRESS') type = reason;
    } catch (error) {
      log({
        level: 'warn',
        message: 'hub does not answer',
        shard,
        ...(tenant !== null && { tenant }),
        cause: String(error),
      });
    }
  }
  return { type };
}

const RETRY_AFTER_MS = 5_000;

const NO_ROOM = {
  FULL: { status: 503, message: 'No room for another socket. Try again.' },
  TENANT: { status: 429, message: 'The tenant has too many sockets and streams. Close some, or try again later.' },
  ADDRESS: { status: 429, message: 'This address has too many sockets and streams. Close some, or try again later.' },
} as const satisfies Record<NoRoom, { readonly status: number; readonly message: string }>;

/** Returns the failure of a socket or stream for which no hub has room, with its HTTP status. */
export function noRoomFailure(reason: NoRoom): { readonly status: number; readonly failure: Failure } {
  const { status, message } = NO_ROOM[reason];
  return { status, failure: { code: 'RATE_LIMITED', message, retryable: true, retryAfterMs: RETRY_AFTER_MS } };
}

/** The response of a shard that refuses a socket. */
export function toNoRoom(reason: NoRoom): Response {
  return new Response(null, { status: NO_ROOM[reason].status, headers: { [REASON_HEADER]: reason } });
}

/**
 * The part of a pool-wide bound that one shard enforces, since a shard counts its own sockets only: a quarter, rounded
 * up. All shards together may exceed the bound by up to three.
 */
export function perShard(max: number): number {
  return Math.ceil(max / SHARDS);
}

/** The number of the tenant's own shard. FNV-1a spreads names evenly. */
export function shardOf(tenant: string): number {
  let hash = 0x811c9dc5;
  for (const char of tenant) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0) % SHARDS;
}

/**
 * The name of a shard's object. Shards were called leaves once: the name identifies the object and its sockets, and
 * ledgers keep it in their table `leaf`, so it stays.
 */
export function shardName(shard: number): string {
  return `leaf-${shard}`;
}

/** The header in which the Worker sends a hub the caller. No header of a client is passed on. */
const CALLER_HEADER = 'x-caller';

/** The client that opens a socket, as the Worker knows it. */
export interface Caller {
  readonly network: string | null;
  /** From the token of the request; null without one. A socket authenticates again in `connection_init`. */
  readonly tenant: string | null;
  /** Set for a stream: the Worker itself opens the socket, for this viewer. */
  readonly streamViewer: Viewer | null;
  /** The id of the request that a stream answers or that opens the socket. */
  readonly requestId: string | null;
}

const NOBODY: Caller = { network: null, tenant: null, streamViewer: null, requestId: null };

export function toCallerHeaders(caller: Caller): Record<string, string> {
  return { [CALLER_HEADER]: encodeURIComponent(JSON.stringify(caller)) };
}

export function callerOf(headers: Headers): Caller {
  const text = headers.get(CALLER_HEADER);
  return text === null ? NOBODY : readOwnJson<Caller>(decodeURIComponent(text));
}
