/** The messages of graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). */

import { documentIdOf, type DocumentReference } from '../graphql/documents.ts';
import { JSON_DEPTH_MAX } from '../graphql/limits.ts';
import { isRecord, jsonDepth } from '../lib/json.ts';

/** The subprotocol that a client asks for. */
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
