/** How a hub is spoken to: the messages of graphql-transport-ws, and the dial of a shard of the pool by the Worker. */

import { documentIdOf, type DocumentReference } from '../graphql/documents.ts';
import { JSON_DEPTH_MAX } from '../graphql/limits.ts';
import { isRecord, jsonDepth, readOwnJson } from '../lib/json.ts';
import type { Viewer } from '../domain/ports.ts';
import type { Failure } from '../errors.ts';
import type { Log } from '../lib/log.ts';

/** The subprotocol that a client asks for (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). */
export const SUBPROTOCOL = 'graphql-transport-ws';

/** The largest message that is parsed. */
export const MESSAGE_BYTES_MAX = 65_536;

/** Close codes: those of the protocol, and 1009, 1012 and 1013 of the WebSocket registry. */
export const CLOSE = {
  badRequest: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  badSubprotocol: 4406,
  initTimeout: 4408,
  subscriberExists: 4409,
  tooManyInits: 4429,
  internal: 4500,
  tooLarge: 1009,
  restart: 1012,
  tooSlow: 1013,
  tryAgain: 1013,
} as const;

/** The most bytes of UTF-8 in the reason of a close (RFC 6455, 5.5). `close` throws for a longer one. */
const REASON_BYTES_MAX = 123;

/** Cuts the reason of a close to what a frame holds. */
export function closeReason(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(REASON_BYTES_MAX));
  return text.slice(0, read);
}

export interface OperationPayload extends DocumentReference {
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

export type ClientMessage =
  | { readonly type: 'connection_init' | 'ping' | 'pong'; readonly payload: Readonly<Record<string, unknown>> | null }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: OperationPayload }
  | { readonly type: 'complete'; readonly id: string }
  | { readonly type: 'invalid'; readonly code: number; readonly reason: string };

const ID_CHARS_MAX = 128;
const INVALID_ID = `An id is a text of 1 to ${ID_CHARS_MAX} characters`;

/** The longest payload that a pong echoes, so that a ping costs an attacker as much as the hub. */
const PONG_PAYLOAD_CHARS_MAX = 1_024;

/** Returns the answer to a ping. It echoes the payload, unless that is too long. */
export function pongMessage(payload: Readonly<Record<string, unknown>> | null): string {
  const echo = payload === null ? '' : JSON.stringify(payload);
  return echo === '' || echo.length > PONG_PAYLOAD_CHARS_MAX ? '{"type":"pong"}' : `{"type":"pong","payload":${echo}}`;
}

/**
 * Parses a message of a client, from a frame of text or of bytes, which Apollo iOS 2 sends. `invalid` is how the socket is
 * closed.
 */
export function parseClientMessage(data: string | ArrayBuffer): ClientMessage {
  if (isTooLarge(data)) return { type: 'invalid', code: CLOSE.tooLarge, reason: 'Message too large' };
  let message: unknown;
  try {
    const text = typeof data === 'string' ? data : new TextDecoder('utf-8', { fatal: true }).decode(data);
    if (jsonDepth(text, JSON_DEPTH_MAX) > JSON_DEPTH_MAX) return invalid('Message is nested too deep');
    message = JSON.parse(text);
  } catch {
    return invalid('Message is not JSON');
  }
  if (!isRecord(message)) return invalid('Message is not an object');
  const { type, id, payload } = message;
  switch (type) {
    case 'connection_init':
    case 'ping':
    case 'pong':
      return isObjectOrAbsent(payload)
        ? { type, payload: payload ?? null }
        : invalid(`The payload of ${type} is not an object`);
    case 'complete':
      return isId(id) ? { type, id } : invalid(INVALID_ID);
    case 'subscribe': {
      if (!isId(id)) return invalid(INVALID_ID);
      const operation = toOperation(payload);
      return typeof operation === 'string' ? invalid(operation) : { type, id, payload: operation };
    }
    default:
      return invalid('Unknown message type');
  }
}

function isTooLarge(text: string | ArrayBuffer): boolean {
  if (typeof text !== 'string') return text.byteLength > MESSAGE_BYTES_MAX;
  // A UTF-16 unit has 1 to 3 bytes in UTF-8.
  if (text.length > MESSAGE_BYTES_MAX) return true;
  return text.length * 3 > MESSAGE_BYTES_MAX && new TextEncoder().encode(text).length > MESSAGE_BYTES_MAX;
}

/** Returns a string, the reason, if the payload is not an operation. An empty name counts as no name. */
function toOperation(payload: unknown): OperationPayload | string {
  if (!isRecord(payload)) return 'The payload of subscribe is not an object';
  const { query, operationName, variables, extensions } = payload;
  if (!isTextOrAbsent(query)) return 'The query of subscribe is not a text';
  if (!isTextOrAbsent(operationName)) return 'The operationName of subscribe is not a text';
  if (!isObjectOrAbsent(variables)) return 'The variables of subscribe are not an object';
  if (!isObjectOrAbsent(extensions)) return 'The extensions of subscribe are not an object';
  const documentId = documentIdOf(payload);
  if (typeof query !== 'string' && documentId === null && extensions?.['persistedQuery'] === undefined) {
    return 'The payload of subscribe has no query';
  }
  return {
    query: query ?? null,
    documentId,
    operationName: operationName || null,
    variables: variables ?? {},
    extensions: extensions ?? null,
  };
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= ID_CHARS_MAX;
}

function isTextOrAbsent(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || typeof value === 'string';
}

function isObjectOrAbsent(value: unknown): value is Record<string, unknown> | null | undefined {
  return value === undefined || value === null || isRecord(value);
}

function invalid(reason: string): ClientMessage {
  return { type: 'invalid', code: CLOSE.badRequest, reason };
}

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
