import { DurableObject } from 'cloudflare:workers';
import { createAuthenticate, createScopedLedger } from '../auth/access.ts';
import { createIssuerVerify } from '../auth/issuer-keys.ts';
import { fileUrlsOf } from '../auth/signed-token.ts';
import { configOf } from '../config/index.ts';
import type { GatewayContext, Ledger, Viewer } from '../domain/ports.ts';
import type { TaskChange } from '../domain/records.ts';
import { createDocuments } from '../graphql/documents.ts';
import { createLedgerPort, createReach } from '../ledger/rpc.ts';
import { sleep } from '../lib/time.ts';
import { createObjectAlarm, type ObjectAlarm } from '../lib/durable-object.ts';
import { createLog } from '../lib/log.ts';
import { schema } from '../schema/schema.ts';
import {
  type Attachment,
  attachmentOf,
  createAdmission,
  createIsExpired,
  createSocketCounter,
  deadlineOf,
  type SocketCounter,
} from './admission.ts';
import { createTurns, createUnread, createWork, type Work } from './back-pressure.ts';
import { createCatchUp, createSharedCatchUp, createSharedReads, NO_UPSTREAM } from './catch-up.ts';
import { type Connection, createConnection } from './connection.ts';
import { createFanOut, EXPIRED, type FanOut } from './fan-out.ts';
import { createOperations, createWatchUsage } from './operations.ts';
import { callerOf, perShard, toNoRoom } from './pool.ts';
import { CLOSE, parseClientMessage, SUBPROTOCOL } from './protocol.ts';
import { createGroups, RegistrationStore } from './registrations.ts';

const now = (): number => Date.now();

/** The most sockets of one hub. The Worker tries the next shard of the pool if this one is full. */
const SOCKETS_MAX = 2_500;

/** Codes that report a close without a code, or without a handshake. They are never sent (RFC 6455, 7.4.1). */
const UNSENDABLE_CODES = new Set([1005, 1006, 1015]);

/**
 * The sockets of one shard of the pool: graphql-transport-ws over the Hibernation API. A hub may serve several tenants, and
 * keys everything by the tenant of the socket. If its storage is wiped, nothing is lost.
 */
export class Hub extends DurableObject<Env> {
  readonly #store: RegistrationStore;
  readonly #connection: Connection;
  readonly #fanOut: FanOut;
  readonly #tenants: SocketCounter;
  readonly #networks: SocketCounter;
  readonly #work: Work;
  /** Fires when a socket has said nothing for too long, or when its token expires. */
  readonly #alarm: ObjectAlarm;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#alarm = createObjectAlarm(ctx.storage);
    const config = configOf(env);
    const { introspection, documents, auth, watch, work, sockets: bounds, logTenant } = config;
    this.#tenants = createSocketCounter(perShard(bounds.perTenantMax));
    this.#networks = createSocketCounter(perShard(bounds.perAddressMax));
    const log = createLog(logTenant);
    const shard = ctx.id.name ?? '';
    this.#store = new RegistrationStore(ctx.storage);
    const usage = createWatchUsage(watch);
    const groups = createGroups(({ tenant, key }) => usage.leave(tenant, key));
    // 1 ms, not 0: messages and events that have come in meanwhile are handled first.
    const turns = createTurns(() => sleep(1));
    const operations = createOperations({ schema, introspection, documents: createDocuments(documents), log });
    const ledgerOf = (tenant: string) => env.TASK_LEDGER.getByName(tenant);
    const reach = createReach(log);
    const unread = createUnread(now, sleep);
    const isExpired = createIsExpired(now);
    // Each read opens its own port: a stub stops working after its object was reset.
    const openReads = (tenant: string): Ledger => createSharedReads(() => createLedgerPort(ledgerOf(tenant), { log }));
    const files = fileUrlsOf(config);
    const contextOf = (viewer: Viewer, ledger: Ledger): GatewayContext => ({
      requestId: crypto.randomUUID(),
      now,
      viewer,
      get ledger() {
        return createScopedLedger(ledger, viewer);
      },
      upstream: NO_UPSTREAM,
      files,
    });
    const parts = { groups, operations, store: this.#store, unread, turns, openReads, contextOf };
    this.#fanOut = createFanOut({ ...parts, log, isExpired, attachmentOf });
    const readKeys = (newerThanMs: number) => env.ISSUER_KEYS.getByName('issuer').keys(newerThanMs);
    const authenticate = createAuthenticate(auth, {
      issuerVerify: createIssuerVerify(readKeys, now, log),
      now,
      log,
    });
    this.#work = createWork({ limits: work, now, sleep });
    this.#connection = createConnection({
      ...parts,
      admission: createAdmission({
        authenticate,
        join: (tenant, socket) => this.#join(tenant, socket),
        expiresAt: (atMs) => this.#alarm.setNoLaterThan(atMs),
        now,
        log,
      }),
      work: this.#work,
      usage,
      fanOut: this.#fanOut,
      catchUp: createCatchUp({
        ...parts,
        fanOut: this.#fanOut,
        attach: (tenant) => reach(ledgerOf(tenant).attach(shard)),
        catchUp: createSharedCatchUp(
          (tenant, ...what) => reach(ledgerOf(tenant).catchUp(...what)),
          (tenant) => this.#fanOut.appliedSeq(tenant),
        ),
      }),
      answer: async (request, viewer) => ctx.exports.SocketOperations({ props: viewer }).fetch(request),
      log,
    });
    // The runtime answers pings itself, so that a ping never wakes the hub.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"type":"ping"}', '{"type":"pong"}'));
    const sockets = new Map(
      ctx.getWebSockets().map((socket) => {
        const { socketId = '', isStream = false, viewer = null } = attachmentOf(socket) ?? {};
        return [socketId, { socket, isStream, viewer }];
      }),
    );
    for (const socket of this.#openSockets()) this.#count(socket, attachmentOf(socket));
    // The alarm that the hub set before it hibernated is unknown, and sockets that it closed may linger.
    this.#alarm.setNoLaterThan(Math.min(...this.#openSockets().map((socket) => deadlineOf(attachmentOf(socket)))));
    this.#connection.restore(sockets, this.#store.ofSockets(new Set(sockets.keys())));
  }

  /** Accepts a socket, or answers why there is no room for it. */
  override fetch(request: Request): Response {
    const { network, tenant, streamViewer: viewer, requestId } = callerOf(request.headers);
    if (network !== null && !this.#networks.hasRoom(network)) return toNoRoom('ADDRESS');
    if (tenant !== null && !this.#tenants.hasRoom(tenant)) return toNoRoom('TENANT');
    if (this.#openSockets().length >= SOCKETS_MAX) return toNoRoom('FULL');
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const attachment: Attachment = {
      socketId: crypto.randomUUID(),
      viewer,
      isStream: viewer !== null,
      requestId,
      network,
      origin: new URL(request.url).origin,
      openedAtMs: Date.now(),
    };
    server.serializeAttachment(attachment);
    this.#count(server, attachment);
    this.#alarm.setNoLaterThan(deadlineOf(attachment));
    return new Response(null, { status: 101, webSocket: client, headers: { 'sec-websocket-protocol': SUBPROTOCOL } });
  }

  /** Applies the events of a tenant after `prev`. Returns the newest one applied, or null if nobody watches the tenant here. */
  async deliver(tenant: string, prev: number, events: readonly TaskChange[]): Promise<number | null> {
    return this.#fanOut.deliver(tenant, prev, events);
  }

  /** The events up to `seq` are no longer stored. Cuts the sockets that watch the tenant, so that they resume with a resync. */
  async skip(tenant: string, seq: number): Promise<number | null> {
    return this.#fanOut.skip(tenant, seq);
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    // Ignores what the client sent before it read the close. Its tenant is not charged for that.
    if (socket.readyState !== WebSocket.OPEN) return;
    const attachment = attachmentOf(socket);
    if (attachment === null) {
      socket.close(CLOSE.internal, 'Internal error');
      return;
    }
    const chars = typeof data === 'string' ? data.length : data.byteLength;
    const message = this.#work.read(socket, attachment.viewer?.tenant ?? null, chars) ?? parseClientMessage(data);
    if (message.type === 'invalid') {
      this.#forget(socket);
      socket.close(message.code, message.reason);
      return;
    }
    if (attachment.viewer !== null && deadlineOf(attachment) <= now()) {
      this.#forget(socket);
      socket.close(CLOSE.forbidden, EXPIRED);
      return;
    }
    await this.#connection.take(socket, attachment, message);
    // A peer may never answer the close of a socket that was closed for its message.
    if (socket.readyState !== WebSocket.OPEN) this.#forget(socket);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#forget(socket);
    // The platform does not complete the closing handshake. Some clients wait up to 20 s for it before they reconnect.
    socket.close(UNSENDABLE_CODES.has(code) ? 1000 : code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#forget(socket);
  }

  /** Closes sockets whose deadline has passed. A timer instead of an alarm would keep the hub awake. */
  override alarm(): void {
    this.#alarm.fired();
    const nowMs = Date.now();
    for (const socket of this.#openSockets()) {
      const attachment = attachmentOf(socket);
      const untilMs = deadlineOf(attachment);
      if (untilMs > nowMs) {
        this.#alarm.setNoLaterThan(untilMs);
      } else {
        this.#forget(socket);
        if (attachment?.viewer) socket.close(CLOSE.forbidden, EXPIRED);
        else socket.close(CLOSE.initTimeout, 'Connection initialisation timeout');
      }
    }
  }

  /** Leaves out sockets that the hub has closed and whose peer has not answered: the platform ends those. */
  #openSockets(): WebSocket[] {
    return this.ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
  }

  #count(socket: WebSocket, attachment: Attachment | null): void {
    const { network = null, viewer = null } = attachment ?? {};
    if (network !== null) this.#networks.add(network, socket);
    if (viewer !== null) this.#tenants.add(viewer.tenant, socket);
  }

  #join(tenant: string, socket: WebSocket): boolean {
    if (!this.#tenants.hasRoom(tenant)) return false;
    this.#tenants.add(tenant, socket);
    return true;
  }

  #forget(socket: WebSocket): void {
    const attachment = attachmentOf(socket);
    const { network = null, viewer = null } = attachment ?? {};
    if (network !== null) this.#networks.remove(network, socket);
    if (viewer !== null) this.#tenants.remove(viewer.tenant, socket);
    this.#connection.left(socket);
    if (attachment !== null) this.#store.removeSocket(attachment.socketId);
  }
}
