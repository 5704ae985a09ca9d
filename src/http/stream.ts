import type { GatewayContext, Viewer } from '../domain/ports.ts';
import type { OperationFinder } from '../graphql/operation.ts';
import { type Dial, type Dialled, noRoomFailure, toCallerHeaders } from '../hub/pool.ts';
import { CLOSE } from '../hub/protocol.ts';
import { type Backoff, backoffMs, sleep } from '../lib/time.ts';
import { readOwnJson } from '../lib/json.ts';
import type { Log } from '../lib/log.ts';
import type { GraphqlParams, ReadRequest } from './read-params.ts';
import { respond, respondFailure } from './respond.ts';

/** The longest operation, as JSON. A hub does not read a longer message. */
const OPERATION_CHARS_MAX = 60_000;

/** Answers a subscription with a stream. Returns null for other operations, and if the client accepts no stream. */
export type AnswerStream = (
  request: Request,
  read: ReadRequest,
  caller: Pick<GatewayContext, 'viewer' | 'requestId'>,
) => Promise<Response | null>;

/** The dependencies of `createAnswerStream`. */
export interface AnswerStreamDeps extends Pick<StreamDeps, 'dial' | 'log'> {
  readonly finder: OperationFinder;
  readonly networkOf: (request: Request) => string | null;
  /** Whether streams pass through `wrangler dev`, which compresses them. */
  readonly isDevelopment: boolean;
}

/** Creates the function that answers a subscription in the format that its client prefers. */
export function createAnswerStream(deps: AnswerStreamDeps): AnswerStream {
  const { finder, networkOf, isDevelopment, dial, log } = deps;

  function isSubscription({ query, operationName }: ReadRequest['params']): boolean {
    const found = finder.find(query, operationName);
    // Yoga answers a refused document, in the same format.
    return found.type === 'operation' && found.node.operation === 'subscription';
  }

  return async (request, read, { viewer, requestId }) => {
    const accept = request.headers.get('accept');
    const format = streamFormatOf(accept);
    if (format === null || !isSubscription(read.params)) return null;
    const payload = payloadOf(read);
    if (JSON.stringify(payload).length > OPERATION_CHARS_MAX) return null;
    const stream = await answerStream(payload, {
      dial,
      viewer,
      network: networkOf(request),
      requestId,
      accept,
      origin: new URL(request.url).origin,
      format,
      // A native EventSource without a cursor sends no header, and a polyfill sends an empty one.
      lastCursor: request.headers.get('last-event-id') || null,
      log,
    });
    if (isDevelopment) stream.headers.set(UNCOMPRESSED.name, UNCOMPRESSED.value);
    return stream;
  };
}

/** Leaves out the text of a trusted document. A hub that serves only trusted documents takes their ids, and no text. */
function payloadOf({ params, documentId }: ReadRequest): StreamPayload {
  if (documentId === null) return params;
  const { query: _text, ...others } = params;
  return { documentId, ...others };
}

/** The most characters that a client may leave unread before it is disconnected. The largest present state fits. */
const UNREAD_CHARS_MAX = 4 * 1_048_576;

/** The most dials in a row before a stream ends. A hub moves at each deploy. */
const DIALS_MAX = 5;
const REDIAL: Backoff = { baseMs: 250, capMs: 4_000, jitter: 'EVEN' };

/** The times of a stream. */
export interface StreamLimits {
  /** The time between heartbeats. A client that disconnected is only noticed on the next write. */
  readonly heartbeatMs: number;
  /** The longest life of a stream. Its client then reconnects with its cursor. */
  readonly lastsMs: number;
}

const LIMITS: StreamLimits = { heartbeatMs: 12_000, lastsMs: 3_600_000 };

const OPERATION_ID = '1';
const NEXT = `{"id":"${OPERATION_ID}","type":"next",`;

/** The payload of a `subscribe` message. Has a `query` or a `documentId`. */
export interface StreamPayload extends Omit<GraphqlParams, 'query'> {
  readonly query?: string;
  readonly documentId?: string;
}

/** The dependencies of a stream, and the request that opened it. */
export interface StreamDeps {
  readonly dial: Dial;
  readonly viewer: Viewer;
  /** The client's network. Null if it is not known. */
  readonly network: string | null;
  readonly requestId: string;
  /** The client's `accept` header. */
  readonly accept: string | null;
  readonly origin: string;
  readonly format: StreamFormat;
  /** The cursor of the last event that the client has seen, from `Last-Event-ID`. */
  readonly lastCursor: string | null;
  readonly log: Log;
}

/**
 * Answers a subscription with a stream, pumped from a socket to a hub. The hub may hibernate or move while the stream
 * stays open. The stream ends when the operation ends, the client disconnects, the token expires, or after an hour. If no
 * hub has room, the response is a failure instead of a stream.
 */
export async function answerStream(
  params: StreamPayload,
  deps: StreamDeps,
  limits: StreamLimits = LIMITS,
): Promise<Response> {
  const first = await dialHub(deps);
  if (first.type !== 'SOCKET') {
    const { status, failure } = noRoomFailure(first.type);
    return respondFailure(failure, { requestId: deps.requestId, status, accept: deps.accept });
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void pump(params, first.socket, writable.getWriter(), deps, limits).catch((error: unknown) => {
    const { requestId, viewer } = deps;
    deps.log({ level: 'warn', message: 'stream failed', requestId, tenant: viewer.tenant, cause: String(error) });
  });
  const { contentType } = deps.format;
  return respond({ status: 200, body: readable, contentType, cacheControl: STREAM_CACHE_CONTROL });
}

/** Pumps events until the stream ends. `first` is a socket that has not been accepted yet, so that no message is missed. */
async function pump(
  params: StreamPayload,
  first: WebSocket,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  deps: StreamDeps,
  { heartbeatMs, lastsMs }: StreamLimits,
): Promise<void> {
  const { format } = deps;
  const encoder = new TextEncoder();
  const endsAtMs = Math.min(Date.now() + lastsMs, deps.viewer.expiresAtMs ?? Number.POSITIVE_INFINITY);
  const write = (text: string): Promise<void> => writer.write(encoder.encode(text));
  let cursor = deps.lastCursor;
  const client = { isGone: false };
  let isOver = false;
  let dialled: WebSocket | null = first;
  const gone = writer.closed
    .catch(() => {})
    .finally(() => {
      client.isGone = true;
    });

  const heartbeat = setInterval(() => void write(format.heartbeat).catch(() => {}), heartbeatMs);
  try {
    await write(format.head);
    for (let dials = 0; dials < DIALS_MAX && !client.isGone && Date.now() < endsAtMs; dials += 1) {
      const socket: WebSocket | null = dialled ?? (await redial(deps));
      dialled = null;
      if (socket !== null) {
        subscribe(socket, withCursor(params, cursor));
        const ended = await relay(socket, gone, endsAtMs - Date.now(), {
          async event(payload, eventCursor) {
            dials = 0;
            cursor = eventCursor ?? cursor;
            await write(format.event(payload, eventCursor));
          },
          refusal: (errors) => write(format.refusal(errors)),
          tooSlow: () => void writer.abort(new Error('too much is unread')).catch(() => {}),
          async position(positionCursor) {
            dials = 0;
            cursor = positionCursor;
          },
        });
        isOver = ended;
        if (ended) break;
      }
      await sleep(backoffMs(dials + 1, REDIAL, Math.random));
    }
    // If the operation is not over, the stream ends without this, and the client reconnects with its cursor.
    if (isOver && !client.isGone) await write(format.end);
  } catch (error) {
    if (!client.isGone) throw error;
  } finally {
    clearInterval(heartbeat);
    dialled?.accept();
    dialled?.close(1000, 'Stream over');
    await writer.close().catch(() => {});
  }
}

/** Adds the cursor from which an interrupted stream continues. */
function withCursor(params: StreamPayload, cursor: string | null): object {
  return cursor === null ? params : { ...params, extensions: { ...params.extensions, after: cursor } };
}

function dialHub({ dial, viewer, network, requestId, origin }: StreamDeps): Promise<Dialled> {
  const { tenant } = viewer;
  const headers = { upgrade: 'websocket', ...toCallerHeaders({ network, tenant, streamViewer: viewer, requestId }) };
  return dial(new Request(`${origin}/graphql`, { headers }), tenant);
}

async function redial(deps: StreamDeps): Promise<WebSocket | null> {
  const dialled = await dialHub(deps);
  return dialled.type === 'SOCKET' ? dialled.socket : null;
}

function subscribe(socket: WebSocket, payload: object): void {
  socket.accept();
  socket.send(JSON.stringify({ id: OPERATION_ID, type: 'subscribe', payload }));
}

/** The handlers of a hub's messages. Each is awaited before the next. */
interface Relayed {
  readonly event: (payload: string, cursor: string | null) => Promise<void>;
  /** Handles the refusal of the operation. `errors` is the JSON of a list. */
  readonly refusal: (errors: string) => Promise<void>;
  /** Handles a position: every event up to this cursor has been sent. */
  readonly position: (cursor: string) => Promise<void>;
  /** Disconnects a client that does not read. */
  readonly tooSlow: () => void;
}

/**
 * Passes the messages of a socket to the handlers, in order. Resolves to true once the operation is over or the client has
 * left. Resolves to false if the socket closed before that, or after `lastsMs`.
 */
async function relay(
  socket: WebSocket,
  gone: Promise<void>,
  lastsMs: number,
  { event, refusal, position, tooSlow }: Relayed,
): Promise<boolean> {
  const { promise: over, resolve: finish } = Promise.withResolvers<boolean>();
  let written = Promise.resolve();
  let unreadChars = 0;
  function inTurn(chars: number, write: () => Promise<void>): void {
    unreadChars += chars;
    if (unreadChars > UNREAD_CHARS_MAX) tooSlow();
    const before = written;
    written = (async () => {
      await before;
      await write();
      unreadChars -= chars;
    })().catch(() => finish(true));
  }
  socket.addEventListener('message', ({ data }) => {
    const message = String(data);
    if (message.startsWith(NEXT)) {
      const { cursor, payload } = splitNext(message);
      inTurn(message.length, () => event(payload, cursor));
      return;
    }
    const said = readOwnJson<{ readonly type: string; readonly payload?: unknown; readonly cursor?: string }>(message);
    const { cursor } = said;
    // The pong follows everything before it, once written, so that the hub learns how much the client leaves unread.
    if (said.type === 'ping') inTurn(0, async () => socket.send('{"type":"pong"}'));
    if (said.type === 'position' && cursor !== undefined) inTurn(0, () => position(cursor));
    if (said.type === 'error') inTurn(message.length, () => refusal(JSON.stringify(said.payload)));
    if (said.type === 'error' || said.type === 'complete') void written.then(() => finish(true));
  });
  socket.addEventListener('close', ({ code }) => {
    if (code === CLOSE.tooSlow) tooSlow();
    void written.then(() => finish(false));
  });
  socket.addEventListener('error', () => void written.then(() => finish(false)));
  void gone.then(() => finish(true));
  const timer = setTimeout(() => finish(false), lastsMs);
  const ended = await over;
  clearTimeout(timer);
  if (socket.readyState === WebSocket.OPEN) socket.close(1000, 'Stream over');
  return ended;
}

/** Splits a `next` message into its cursor and the text of its payload, without parsing the payload. */
function splitNext(message: string): { readonly cursor: string | null; readonly payload: string } {
  const start = message.indexOf('"payload":', NEXT.length);
  const [, cursor = null] = /^"cursor":"([^"]*)",$/.exec(message.slice(NEXT.length, start)) ?? [];
  return { cursor, payload: message.slice(start + '"payload":'.length, -1) };
}

/** A format of subscriptions over HTTP: Server-Sent Events (graphql-sse, distinct connections) or Apollo's multipart. */
export interface StreamFormat {
  readonly contentType: string;
  /** The text before the first event. */
  readonly head: string;
  /** Formats an event. `payload` is the JSON of an execution result. */
  readonly event: (payload: string, cursor: string | null) => string;
  /** Formats the refusal of the whole operation. `errors` is the JSON of a list. */
  readonly refusal: (errors: string) => string;
  readonly heartbeat: string;
  readonly end: string;
}

/** The `cache-control` of every stream. A proxy that transforms a stream, such as by compressing it, holds events back. */
export const STREAM_CACHE_CONTROL = 'private, no-store, no-transform';

/** https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, with `id:`, so that EventSource resumes by itself. */
export const SSE: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  head: ':\n\n',
  event: (payload, cursor) => `${cursor === null ? '' : `id: ${cursor}\n`}event: next\ndata: ${payload}\n\n`,
  refusal: (errors) => `event: next\ndata: {"errors":${errors}}\n\n`,
  heartbeat: ':\n\n',
  end: 'event: complete\ndata:\n\n',
};

/**
 * https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol. Each delimiter follows
 * its part at once, because clients show an event only after its delimiter. Apollo iOS needs the version in the content
 * type, and no part header except the content type. A heartbeat comes first, as from Apollo Router, because OkHttp (Apollo
 * Kotlin) throws if a response ends without a part.
 */
export const MULTIPART: StreamFormat = {
  contentType: 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
  head: `\r\n--graphql${part('{}')}`,
  event: (payload) => part(`{"payload":${payload}}`),
  refusal: (errors) => part(`{"payload":null,"errors":${errors}}`),
  heartbeat: part('{}'),
  end: '--\r\n',
};

function part(json: string): string {
  return `\r\nContent-Type: application/json\r\n\r\n${json}\r\n--graphql`;
}

/**
 * The header that keeps `wrangler dev` from compressing a stream, which would hold back every event. Only sent in
 * development, because some clients reject a `Content-Encoding` that they did not ask for.
 */
export const UNCOMPRESSED = { name: 'content-encoding', value: 'identity' } as const;

/** Returns the first stream format in an `accept` header. Returns null without one. */
export function streamFormatOf(accept: string | null): StreamFormat | null {
  if (accept === null) return null;
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((token) => token.trim());
    if (type === 'text/event-stream') return SSE;
    const isSubscriptions = parameters.some((parameter) => /^subscriptionspec="?1\.0"?$/.test(parameter));
    if (type === 'multipart/mixed' && isSubscriptions) return MULTIPART;
  }
  return null;
}
