import type { Viewer } from '../domain/viewer.ts';
import { toCallerHeaders, type Dialled } from '../hub/pool.ts';
import { CLOSE } from '../hub/protocol.ts';
import { type Backoff, backoffMs } from '../lib/backoff.ts';
import type { Log } from '../lib/log.ts';
import { readOwnJson } from '../lib/json.ts';
import { sleep } from '../lib/deadline.ts';
import type { GraphqlParams, ReadRequest } from './read-params.ts';
import { failureResponse } from './respond.ts';
import { type Dial, noRoomFailure } from './socket.ts';
import { type StreamFormat, streamFormatOf, UNCOMPRESSED } from './stream-format.ts';
import type { OperationFinder } from '../graphql/operation.ts';
import type { AnswerStream } from './graphql.ts';

/** What a client may leave unread: past that it is cut, and comes back with its cursor. The largest present state fits. */
const UNREAD_CHARS_MAX = 4 * 1_048_576;

/** The hub moves at a deploy; it is dialled again this often in a row before the stream is given up. */
const DIALS_MAX = 5;
const REDIAL: Backoff = { baseMs: 250, capMs: 4_000, jitter: 'EVEN' };

export interface StreamLimits {
  /** A client that has gone is noticed on the next write. */
  readonly heartbeatMs: number;
  /** A stream ends after this, and its client comes back with the cursor. */
  readonly lastsMs: number;
}

const LIMITS: StreamLimits = { heartbeatMs: 12_000, lastsMs: 3_600_000 };

const OPERATION_ID = '1';
const NEXT = `{"id":"${OPERATION_ID}","type":"next",`;

/** An operation as a hub takes it. */
export interface StreamPayload extends Omit<GraphqlParams, 'query'> {
  /** Either of the two. */
  readonly query?: string;
  readonly documentId?: string;
}

export interface StreamDeps {
  readonly dial: Dial;
  readonly viewer: Viewer;
  /** Of the client; null where nobody tells. */
  readonly network: string | null;
  readonly requestId: string;
  /** What the client accepts; null: it did not say. */
  readonly accept: string | null;
  readonly origin: string;
  readonly format: StreamFormat;
  /** What the client has seen: `Last-Event-ID`. */
  readonly lastCursor: string | null;
  readonly log: Log;
}

/**
 * Answers a subscription with a stream, pumped from a socket to a hub: the hub may hibernate, and be moved, while the
 * stream stays. It ends when the operation does, when its client goes, when its token
 * expires, or after an hour. Where no hub has room, the answer is a failure and no stream.
 */
export async function answerStream(
  params: StreamPayload,
  deps: StreamDeps,
  limits: StreamLimits = LIMITS,
): Promise<Response> {
  const first = await dialHub(deps);
  if (first.type !== 'SOCKET') {
    const { status, failure } = noRoomFailure(first.type);
    return failureResponse(failure, { requestId: deps.requestId, status, accept: deps.accept });
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void pump(params, first.socket, writable.getWriter(), deps, limits).catch((error: unknown) => {
    const { requestId, viewer } = deps;
    deps.log({ level: 'warn', message: 'stream failed', requestId, tenant: viewer.tenant, cause: String(error) });
  });
  return new Response(readable, { headers: { ...deps.format.headers } });
}

/** `first`: a socket that nobody has accepted yet, so that nothing it brings is missed. */
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
          async event(payload, at) {
            dials = 0;
            cursor = at ?? cursor;
            await write(format.event(payload, at));
          },
          refusal: (errors) => write(format.refusal(errors)),
          tooSlow: () => void writer.abort(new Error('too much is unread')).catch(() => {}),
          async position(at) {
            dials = 0;
            cursor = at;
          },
        });
        isOver = ended;
        if (ended) break;
      }
      await sleep(backoffMs(dials + 1, REDIAL, Math.random));
    }
    // A stream that ends for another reason ends without a word, and its client comes back with its cursor.
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

/** A stream that was interrupted goes on behind what its client has seen. */
function withCursor(params: StreamPayload, cursor: string | null): object {
  return cursor === null ? params : { ...params, extensions: { ...params.extensions, after: cursor } };
}

async function dialHub({ dial, viewer, network, requestId, origin, log }: StreamDeps): Promise<Dialled> {
  const { tenant } = viewer;
  const headers = { upgrade: 'websocket', ...toCallerHeaders({ network, tenant, streamViewer: viewer, requestId }) };
  try {
    return await dial(new Request(`${origin}/graphql`, { headers }), tenant);
  } catch (error) {
    // A hub that is moved while it is dialled.
    log({ level: 'warn', message: 'hub does not answer', requestId, tenant, cause: String(error) });
    return { type: 'FULL' };
  }
}

async function redial(deps: StreamDeps): Promise<WebSocket | null> {
  const dialled = await dialHub(deps);
  return dialled.type === 'SOCKET' ? dialled.socket : null;
}

function subscribe(socket: WebSocket, payload: object): void {
  socket.accept();
  socket.send(JSON.stringify({ id: OPERATION_ID, type: 'subscribe', payload }));
}

/** What becomes of what a hub says. Each is awaited before the next. */
interface Relayed {
  readonly event: (payload: string, cursor: string | null) => Promise<void>;
  /** The operation was refused; `errors` is the JSON of a list. */
  readonly refusal: (errors: string) => Promise<void>;
  /** Everything up to here has been told: where to go on after a break. */
  readonly position: (cursor: string) => Promise<void>;
  /** The client does not read. */
  readonly tooSlow: () => void;
}

/** Hands on what the socket says, in order. True: the operation is over; false: the socket broke. */
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
    // Answered behind all that was said before it, and written: so the hub knows what the client leaves unread.
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

/** The payload goes on as it is printed: nothing is parsed for it. */
function splitNext(message: string): { readonly cursor: string | null; readonly payload: string } {
  const start = message.indexOf('"payload":', NEXT.length);
  const [, cursor = null] = /^"cursor":"([^"]*)",$/.exec(message.slice(NEXT.length, start)) ?? [];
  return { cursor, payload: message.slice(start + '"payload":'.length, -1) };
}

/** Past this a hub does not read an operation. */
const OPERATION_CHARS_MAX = 60_000;

export interface AnswerStreamDeps extends Pick<StreamDeps, 'dial' | 'log'> {
  readonly finder: OperationFinder;
  readonly networkOf: (request: Request) => string | null;
  /** Whether streams pass through `wrangler dev`, which compresses them. */
  readonly isDevelopment: boolean;
}

/** Creates the function that answers a subscription in the format that its client accepts first. */
export function createAnswerStream(deps: AnswerStreamDeps): AnswerStream {
  const { finder, networkOf, isDevelopment, dial, log } = deps;

  function isSubscription({ query, operationName }: ReadRequest['params']): boolean {
    // Some clients accept a stream with every query.
    if (!query.includes('subscription')) return false;
    const found = finder.find(query, operationName);
    // Yoga answers what is refused, in the same format.
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
      // An EventSource that has seen no id sends none, a polyfill an empty one.
      lastCursor: request.headers.get('last-event-id') || null,
      log,
    });
    if (isDevelopment) stream.headers.set(UNCOMPRESSED.name, UNCOMPRESSED.value);
    return stream;
  };
}

/** A hub that serves trusted documents only takes no text, and knows each document by its id. */
function payloadOf({ params, documentId }: ReadRequest): StreamPayload {
  if (documentId === null) return params;
  const { query: _text, ...others } = params;
  return { documentId, ...others };
}
