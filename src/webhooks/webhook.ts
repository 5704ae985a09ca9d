import { DurableObject } from 'cloudflare:workers';
import { fileUrlsOf } from '../auth/signed-token.ts';
import { type Config, configOf, configResultOf } from '../config/index.ts';
import type { GatewayContext } from '../domain/ports.ts';
import type { Slice, Window } from '../domain/list.ts';
import {
  type NewSecret,
  SECRET_OVERLAP_MS,
  type StoredDelivery,
  type WebhookDeliveryStatus,
  type WebhookEvent,
  type WebhookObject,
  WEBHOOKS_MAX,
  type WebhookSettings,
  webhookUrlRuleOf,
} from '../domain/webhook.ts';
import { badUserInput, GatewayError, type Result, toResult, unknownId } from '../errors.ts';
import { startTimer, createTokenBucket, type TokenBucket } from '../lib/time.ts';
import {
  createObjectAlarm,
  createRetention,
  earliest,
  type ObjectAlarm,
  type Retention,
} from '../lib/durable-object.ts';
import { createLog, type Log, withFields } from '../lib/log.ts';
import { NO_READS, NO_UPSTREAM, taskBody, testBody, withResync } from './body.ts';
import { DeliveryStore, migrate } from './delivery-store.ts';
import {
  createQueue,
  createSend,
  type EndpointState,
  isPaused,
  type Queue,
  SECRETS_MAX,
  signingSecrets,
  withSecret,
} from './queue.ts';

/** The wait before the ledger is told again that the endpoint is paused, and before an alarm with wrong settings. */
const RETRY_MS = 30_000;

const STATE = 'endpoint';

/** Kept after `discard`, so that a call that comes late does not create the endpoint again. */
const DISCARDED = 'discarded';

/** The time in which a call may come late. */
const LATE_MS_MAX = 24 * 60 * 60 * 1_000;

/**
 * The object of one webhook endpoint: its secrets, its queue and its deliveries. The ledger of its tenant hands changes
 * over and does not wait for deliveries, so a slow or dead endpoint delays no other. Named `<endpoint id> <tenant>`.
 */
export class Webhook extends DurableObject<Env> implements WebhookObject {
  readonly #tenant: string;
  readonly #endpointId: string;
  readonly #deliveries: DeliveryStore;
  readonly #retention: Retention;
  readonly #alarm: ObjectAlarm;
  readonly #log: Log;
  readonly #queue: Queue;
  readonly #manual: TokenBucket;
  #state: EndpointState | null;
  #reportAtMs: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const [endpointId = '', ...tenant] = (ctx.id.name ?? '').split(' ');
    this.#endpointId = endpointId;
    this.#tenant = tenant.join(' ');
    const config = configResultOf(env);
    this.#log = withFields(createLog(config.ok ? config.config.logTenant : 'off'), { tenant: this.#tenant });
    migrate(ctx.storage);
    this.#state = ctx.storage.kv.get<EndpointState>(STATE) ?? null;
    this.#deliveries = new DeliveryStore(ctx.storage.sql, endpointId.slice(0, 8));
    this.#retention = createRetention([this.#deliveries.retainedRows()], Date.now);
    this.#alarm = createObjectAlarm(ctx.storage);
    this.#manual = createTokenBucket({
      burst: WEBHOOKS_MAX.manualPerMinute,
      perSecond: WEBHOOKS_MAX.manualPerMinute / 60,
    });
    this.#queue = createQueue({
      endpointId,
      deliveries: this.#deliveries,
      state: () => this.#state,
      setState: (state) => this.#setState(state),
      urls: config.ok ? webhookUrlRuleOf(config.config) : null,
      send: createSend({ fetch: (url, init) => fetch(url, init), now: Date.now, startTimer }),
      arm: () => this.#arm(),
      paused: () => this.#background(() => this.#report()),
      transaction: (work) => ctx.storage.transactionSync(work),
      background: (work) => this.#background(work),
      now: Date.now,
      random: Math.random,
      log: this.#log,
    });
    if (this.#state?.owesReport === true) this.#reportAtMs = Date.now();
    this.#arm();
  }

  async open(settings: WebhookSettings): Promise<NewSecret> {
    const { secrets } = this.#configure(settings);
    return { secret: secrets[0]?.text ?? '', previousSecretExpiresAtMs: null };
  }

  async configure(settings: WebhookSettings): Promise<void> {
    this.#configure(settings);
    this.#queue.run();
    this.#arm();
  }

  async accept(settings: WebhookSettings, events: readonly WebhookEvent[]): Promise<number | null> {
    this.#configure(settings);
    const context = this.#contextOf(configOf(this.env));
    const bodies = await Promise.all(events.map((event) => taskBody(event, context)));
    const acceptedSeq = this.ctx.storage.transactionSync(() => this.#store(events, bodies));
    this.#queue.run();
    return acceptedSeq;
  }

  async rotate(): Promise<Result<NewSecret>> {
    return toResult(() => {
      const state = this.#present();
      const nowMs = Date.now();
      if (signingSecrets(state, nowMs).length >= SECRETS_MAX) {
        const retryAfterMs = Math.min(...state.secrets.map(({ untilMs }) => untilMs ?? Infinity)) - nowMs;
        const message = `At most ${SECRETS_MAX} secrets sign at once. Wait until the oldest expires.`;
        throw new GatewayError({ code: 'RATE_LIMITED', message, retryable: true, retryAfterMs });
      }
      const secret = newSecret();
      this.#setState(withSecret(state, secret, nowMs));
      return { secret, previousSecretExpiresAtMs: nowMs + SECRET_OVERLAP_MS };
    });
  }

  async sendTest(): Promise<Result<StoredDelivery>> {
    return toResult(() => {
      this.#present();
      const body = testBody(Date.now());
      this.#takeManual(body.length);
      const n = this.#queue.add({ seq: null, task: null, url: null, isManual: true, body });
      return this.#started(n);
    });
  }

  async redeliver(n: number): Promise<Result<StoredDelivery>> {
    return toResult(() => {
      this.#present();
      const row = this.#deliveries.find(n);
      if (row === null) throw badUserInput([unknownId('deliveryId', 'webhook delivery')]);
      if (row.status === 'PENDING') {
        const existing = { type: 'WEBHOOK_DELIVERY', id: `${this.#endpointId}:${n}` } as const;
        const message = 'The delivery is PENDING: it is sent anyway.';
        throw new GatewayError({ code: 'CONFLICT', message, retryable: false, existing });
      }
      this.#takeManual(this.#deliveries.body(n).length);
      this.#queue.again(row);
      return this.#started(n);
    });
  }

  async deliveries(status: WebhookDeliveryStatus | null, window: Window): Promise<Result<Slice<StoredDelivery>>> {
    return toResult(() => {
      this.#present();
      const slice = this.#deliveries.list(status, window);
      if (slice === null) {
        throw badUserInput([{ path: ['after'], code: 'MALFORMED', message: 'is not a cursor of this list' }]);
      }
      return { ...slice, edges: slice.edges.map(({ cursor, node }) => ({ cursor, node: this.#queue.shown(node) })) };
    });
  }

  async delivery(n: number): Promise<StoredDelivery | null> {
    const row = this.#state === null ? null : this.#deliveries.find(n);
    return row === null ? null : this.#queue.shown(row);
  }

  async discard(): Promise<void> {
    this.#state = null;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.ctx.storage.kv.put(DISCARDED, true);
    this.#alarm.fired();
    this.#alarm.set(Date.now() + LATE_MS_MAX);
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    if (this.#state === null) return await this.#forget();
    if (!configResultOf(this.env).ok) {
      this.#alarm.set(Date.now() + RETRY_MS);
      return;
    }
    this.#retention.run();
    this.#queue.run();
    if (this.#reportAtMs !== null && this.#reportAtMs <= Date.now()) await this.#report();
    this.#arm();
  }

  /** Deletes the note of `discard`, once no call can come late. */
  async #forget(): Promise<void> {
    if (this.ctx.storage.kv.get(DISCARDED) === true) await this.ctx.storage.deleteAll();
  }

  /** Takes settings that are newer than its own. Creates the first secret. Throws after `discard`. */
  #configure(settings: WebhookSettings): EndpointState {
    const state = this.#state;
    if (state === null && this.ctx.storage.kv.get(DISCARDED) === true) throw new Error('the endpoint is deleted');
    if (state === null) return this.#setState(withSecret(firstState(settings), newSecret(), Date.now()));
    if (settings.revision <= state.settings.revision) return state;
    const isPauseSaid = settings.pauseRevision > state.settings.pauseRevision;
    const said = isPauseSaid ? { pausedReason: null, owesReport: false, failingSinceMs: null } : {};
    const next = this.#setState({ ...state, ...said, settings });
    // Resuming sends what has waited.
    if (isPaused(state) && !isPaused(next)) this.#queue.hasten();
    return next;
  }

  /** Stores what fits, and what was not stored by an earlier call whose answer was lost. */
  #store(events: readonly WebhookEvent[], bodies: readonly string[]): number | null {
    let state = this.#present();
    let stored: number | null = null;
    for (const [i, { change, urls }] of events.entries()) {
      const isNew = change.seq > state.acceptedSeq;
      const owes = state.owesResync === true || (change.resync && !isNew);
      // The lost changes may be newer than a change that was stored before, so the next new one says so, too.
      if (owes !== (state.owesResync === true)) state = { ...state, owesResync: owes };
      if (isNew) {
        const body = owes ? withResync(bodies[i] ?? '') : (bodies[i] ?? '');
        if (!this.#queue.hasRoom(body.length, urls.length)) break;
        const { id, kind } = change.task;
        for (const url of urls) this.#queue.add({ seq: change.seq, task: { id, kind }, url, isManual: false, body });
        state = { ...state, acceptedSeq: change.seq, owesResync: false };
      }
      stored = change.seq;
    }
    this.#setState(state);
    this.#arm();
    return stored;
  }

  #started(n: number): StoredDelivery {
    this.#arm();
    const row = this.#deliveries.find(n);
    if (row === null) throw new TypeError('a delivery is gone at once');
    const shown = this.#queue.shown(row);
    this.#queue.run();
    return shown;
  }

  /** Counts what a caller asked for. Throws `RATE_LIMITED` over the rate, and if the queue is full. */
  #takeManual(chars: number): void {
    const retryAfterMs = this.#queue.hasRoom(chars, 1) ? this.#manual.take(Date.now()) : RETRY_MS;
    if (retryAfterMs === 0) return;
    const message = `At most ${WEBHOOKS_MAX.manualPerMinute} test events and redeliveries of an endpoint a minute, and only while its queue is not full.`;
    throw new GatewayError({ code: 'RATE_LIMITED', message, retryable: true, retryAfterMs });
  }

  #present(): EndpointState {
    if (this.#state === null) throw badUserInput([unknownId('endpointId', 'webhook endpoint')]);
    return this.#state;
  }

  #setState(state: EndpointState): EndpointState {
    this.#state = state;
    this.ctx.storage.kv.put(STATE, state);
    return state;
  }

  /** Tells the ledger that the endpoint has paused itself, until it answers. */
  async #report(): Promise<void> {
    const { pausedReason = null, settings } = this.#state ?? {};
    this.#reportAtMs = null;
    // The caller may have resumed it meanwhile.
    if (pausedReason === null || settings === undefined) return;
    this.#reportAtMs = Date.now() + RETRY_MS;
    this.#arm();
    try {
      const ledger = this.env.TASK_LEDGER.getByName(this.#tenant);
      await ledger.webhookPaused(this.#endpointId, settings.pauseRevision, pausedReason);
    } catch (error) {
      this.#log({ level: 'warn', message: 'pause not reported', endpointId: this.#endpointId, cause: String(error) });
      return;
    }
    this.#reportAtMs = null;
    if (this.#state !== null) this.#setState({ ...this.#state, owesReport: false });
  }

  /** A body shows only what the change holds. */
  #contextOf(config: Config): GatewayContext {
    return {
      requestId: '',
      now: Date.now,
      viewer: { tenant: this.#tenant, subject: null, scopes: ['voices:read', 'lipsync:read'], expiresAtMs: null },
      ledger: NO_READS,
      upstream: NO_UPSTREAM,
      files: fileUrlsOf(config),
    };
  }

  #background(work: () => Promise<unknown>): void {
    this.ctx.waitUntil(
      work().catch((error: unknown) =>
        this.#log({ level: 'error', message: 'background work failed', cause: String(error) }),
      ),
    );
  }

  #arm(): void {
    if (this.#state === null) return;
    const atMs = earliest([this.#queue.nextAtMs(), this.#reportAtMs, this.#retention.nextAtMs()]);
    if (atMs !== null) this.#alarm.set(atMs);
  }
}

function firstState(settings: WebhookSettings): EndpointState {
  return { settings, pausedReason: null, owesReport: false, secrets: [], failingSinceMs: null, acceptedSeq: 0 };
}

/** Standard Webhooks: 24 to 64 random bytes in base64, after a prefix. */
function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}
