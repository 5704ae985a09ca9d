import { DurableObject } from 'cloudflare:workers';
import { configOf } from '../config.ts';
import type { LiveEvent } from '../domain/live.ts';
import { createLog } from '../lib/log.ts';
import { createLedgerPort } from '../ledger/port.ts';
import { schema } from '../schema/schema.ts';
import { STREAM_TENANT_HEADER, SUBPROTOCOL, type Attachment } from './attachment.ts';
import { createConnection, type Connection } from './connection.ts';
import { createFanOut, type FanOut } from './fan-out.ts';
import { createGroups } from './groups.ts';
import { createOperations } from './operations.ts';
import { CLOSE, parseClientMessage } from './protocol.ts';
import { RegistrationStore } from './registration-store.ts';
import { createUnread } from './unread.ts';

/** Sockets of one hub: past that the Worker tries the next leaf of the pool. */
const SOCKETS_MAX = 2_500;

/** A socket that has not said `connection_init` by then is closed. */
const INIT_MS = 10_000;

/** RFC 6455, 7.4.1: told of a close without a code, and of none at all; never sent. */
const SAYS_NOTHING = new Set([1005, 1006, 1015]);

/**
 * Sockets, and nothing else: graphql-transport-ws over the Hibernation API. Its name is a leaf of the pool; it may serve
 * several tenants, and keys everything by the tenant of the socket. Wiped, it loses nothing.
 */
export class Hub extends DurableObject<Env> {
  readonly #store: RegistrationStore;
  readonly #connection: Connection;
  readonly #fanOut: FanOut;
  /** Whether an alarm will look for sockets that say nothing. */
  #isAlarmSet = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { introspection } = configOf(env);
    const log = createLog();
    const leaf = ctx.id.name ?? '';
    this.#store = new RegistrationStore(ctx.storage);
    const groups = createGroups();
    const onBug = (error: unknown): void => log({ level: 'error', message: 'unexpected error', cause: String(error) });
    const operations = createOperations({ schema, introspection, onBug });
    const ledgerOf = (tenant: string) => env.TASK_LEDGER.getByName(tenant);
    const unread = createUnread(() => Date.now());
    this.#fanOut = createFanOut({ groups, operations, store: this.#store, unread, log, attachmentOf });
    this.#connection = createConnection({
      groups,
      operations,
      store: this.#store,
      fanOut: this.#fanOut,
      unread,
      attach: async (tenant) => ledgerOf(tenant).attach(leaf),
      catchUp: async (tenant, watch, after, afterSeq) => ledgerOf(tenant).catchUp(watch, after, afterSeq),
      contextOf: (tenant) => ({
        requestId: `${leaf}-subscription`,
        now: Date.now,
        // Made anew for each read: a stub is dead once its object has been reset.
        get ledger() {
          return createLedgerPort(ledgerOf(tenant));
        },
        upstream: {
          listPresetVoices: refuse,
          listVoiceTasks: refuse,
          listLipSyncTasks: refuse,
          listResourcePacks: refuse,
        },
      }),
      answer: async (request) => ctx.exports.default.fetch(request),
      now: () => Date.now(),
      log,
    });
    // Answered by the runtime: a ping never wakes the hub.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"type":"ping"}', '{"type":"pong"}'));
    const sockets = new Map(
      ctx.getWebSockets().map((socket) => {
        const { socketId = '', isStream = false } = attachmentOf(socket) ?? {};
        return [socketId, { socket, isStream }];
      }),
    );
    this.#connection.restore(sockets, this.#store.ofSockets(new Set(sockets.keys())));
  }

  /** Takes a socket in; 503 when there is no room for it here. */
  override fetch(request: Request): Response {
    if (this.ctx.getWebSockets().length >= SOCKETS_MAX) return new Response('This hub is full.', { status: 503 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const streamTenant = request.headers.get(STREAM_TENANT_HEADER);
    if (streamTenant === null) this.#awaitInit(Date.now() + INIT_MS);
    server.serializeAttachment({
      socketId: crypto.randomUUID(),
      tenant: streamTenant,
      isStream: streamTenant !== null,
      origin: new URL(request.url).origin,
      openedAtMs: Date.now(),
    } satisfies Attachment);
    return new Response(null, { status: 101, webSocket: client, headers: { 'sec-websocket-protocol': SUBPROTOCOL } });
  }

  /** Takes in the events of a tenant behind `prev`. Answers with the newest that was applied; null: nobody watches here. */
  async deliver(tenant: string, prev: number, events: readonly LiveEvent[]): Promise<number | null> {
    return this.#fanOut.deliver(tenant, prev, events);
  }

  /** What is up to `seq` cannot be had any more: whoever watches the tenant is sent for the present state. */
  async skip(tenant: string, seq: number): Promise<number | null> {
    return this.#fanOut.skip(tenant, seq);
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const message = parseClientMessage(data);
    if (message.type === 'invalid') {
      this.#connection.left(socket);
      socket.close(message.code, message.reason);
      return;
    }
    const attachment = attachmentOf(socket);
    if (attachment === null) {
      socket.close(CLOSE.internal, 'Internal error');
      return;
    }
    await this.#connection.take(socket, attachment, message);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#forget(socket);
    // The platform leaves the closing handshake to us, and a client waits for its end: 20 s in some, before it dials again.
    socket.close(SAYS_NOTHING.has(code) ? 1000 : code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#forget(socket);
  }

  /** An alarm and no timer, which would keep the hub awake. */
  override alarm(): void {
    this.#isAlarmSet = false;
    const silent = this.ctx.getWebSockets().flatMap((socket) => {
      const attachment = attachmentOf(socket);
      return attachment?.tenant === null ? [{ socket, untilMs: attachment.openedAtMs + INIT_MS }] : [];
    });
    const nowMs = Date.now();
    for (const { socket, untilMs } of silent.toSorted((a, b) => a.untilMs - b.untilMs)) {
      if (untilMs > nowMs) return this.#awaitInit(untilMs);
      socket.close(CLOSE.initTimeout, 'Connection initialisation timeout');
    }
  }

  #awaitInit(untilMs: number): void {
    if (this.#isAlarmSet) return;
    this.#isAlarmSet = true;
    void this.ctx.storage.setAlarm(untilMs);
  }

  #forget(socket: WebSocket): void {
    const attachment = attachmentOf(socket);
    this.#connection.left(socket);
    if (attachment !== null) this.#store.removeSocket(attachment.socketId);
  }
}

function attachmentOf(socket: WebSocket): Attachment | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `fetch` above and the connection write it
  return socket.deserializeAttachment() as Attachment | null;
}

/** No field of an event reads from Kling. */
async function refuse(): Promise<never> {
  throw new Error('a subscription read a list of Kling');
}
