import { checkAll, type Validation, validOrThrow } from '../domain/check.ts';
import type { Slice, Window } from '../domain/list.ts';
import type { NamedDelivery, NamedEndpoint } from '../domain/ports.ts';
import type { TaskChange } from '../domain/records.ts';
import {
  checkWebhookChange,
  parseDeliveryId,
  type StoredDelivery,
  type WebhookChange,
  type WebhookDelivery,
  type WebhookDeliveryStatus,
  type WebhookEndpoint,
  type WebhookEvent,
  type WebhookObject,
  type WebhookSecret,
  WEBHOOKS_MAX,
  type WebhookUrlRule,
  urlsOfChange,
} from '../domain/webhook.ts';
import { badUserInput, fromResult, GatewayError, unknownId, wrongIdType } from '../errors.ts';
import { jittered } from '../lib/time.ts';
import type { Log } from '../lib/log.ts';
import type { EventStore } from './stores/events.ts';
import { type EndpointRow, type EndpointStore, settingsOf } from './stores/webhooks.ts';

/** An object is called at once. If the ledger is evicted before its answer, the alarm calls it again after this time. */
const GUARD_MS = 1_500;

/** The wait before an object that did not answer is called again. */
const SYNC_RETRY_MS = 30_000;

/** The time in which a new endpoint gets its secret. After that it is deleted, because its caller has no answer. */
const OPENING_MS_MAX = 60_000;

/** The most changes before a gap that are handed over at once. */
const REST_MAX = 100;

/** The webhook endpoints of a tenant: their list, and the calls of their objects. */
export interface Webhooks {
  create(input: WebhookChange & { readonly url: string }): Promise<WebhookSecret>;
  update(input: NamedEndpoint & WebhookChange): Promise<WebhookEndpoint>;
  rotate(named: NamedEndpoint): Promise<WebhookSecret>;
  /** Ends its deliveries, in the background. */
  delete(named: NamedEndpoint): NamedEndpoint;
  sendTest(named: NamedEndpoint): Promise<WebhookDelivery>;
  redeliver(named: NamedDelivery): Promise<WebhookDelivery>;
  deliveries(endpointId: string, status: WebhookDeliveryStatus | null, window: Window): Promise<Slice<WebhookDelivery>>;
  delivery(id: string): Promise<WebhookDelivery | null>;
  /** Records that an object has paused itself. Ignores a report that is older than the caller's last word. */
  paused(endpointId: string, pauseRevision: number, reason: string): void;
  /** Tells objects what they do not know yet, for the alarm. */
  run(): Promise<void>;
  /** Hands changes over to an endpoint, as the outbox asks. Returns the number of the last one that is dealt with. */
  deliver(endpointId: string, changes: readonly TaskChange[]): Promise<number>;
  /** Continues after a gap: the changes up to `forgotten` that are still there, and a mark on the next message. */
  skip(endpointId: string, forgotten: number): Promise<number>;
}

interface WebhooksDeps {
  readonly endpoints: EndpointStore;
  readonly events: Pick<EventStore, 'after' | 'lastUpTo'>;
  readonly objectOf: (endpointId: string) => WebhookObject;
  /** Lets an endpoint read the log from the newest change on. */
  readonly attach: (endpointId: string) => void;
  readonly urls: WebhookUrlRule;
  readonly newId: () => string;
  readonly arm: () => void;
  readonly now: () => number;
  readonly random: () => number;
  readonly background: (work: () => Promise<unknown>) => void;
  readonly log: Log;
}

/** Creates the endpoints of a ledger. Every call of an object that must not be lost is stored before it is made. */
export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { endpoints, events, objectOf, attach, urls, newId, arm, now, random, background, log } = deps;

  function checkNamed({ endpointId }: NamedEndpoint): Validation<EndpointRow> {
    if (endpointId === null) return { ok: false, issues: [wrongIdType('endpointId', 'webhook endpoint')] };
    const row = endpoints.live(endpointId);
    if (row === null) return { ok: false, issues: [unknownId('endpointId', 'webhook endpoint')] };
    return { ok: true, value: row };
  }

  const named = (of: NamedEndpoint): EndpointRow => validOrThrow(checkNamed(of));

  /** Calls an object for a caller who waits. Throws `UPSTREAM_UNAVAILABLE` if it is lost during the call. */
  async function ask<T>(endpointId: string, call: (object: WebhookObject) => Promise<T>): Promise<T> {
    try {
      return await call(objectOf(endpointId));
    } catch (error) {
      log({ level: 'warn', message: 'webhook object lost during a call', endpointId, cause: String(error) });
      const message = 'The gateway was interrupted. Repeat the call.';
      const failure = { code: 'UPSTREAM_UNAVAILABLE', message, retryable: true, retryAfterMs: 1_000 } as const;
      throw new GatewayError(failure, { cause: error });
    }
  }

  async function sync(endpointId: string): Promise<void> {
    const row = endpoints.read(endpointId);
    if (row === null) return;
    try {
      if (row.state === 'LIVE') {
        await objectOf(endpointId).configure(settingsOf(row));
        endpoints.synced(endpointId, row.revision);
      } else {
        endpoints.doom(endpointId, now() + GUARD_MS);
        await objectOf(endpointId).discard();
        endpoints.delete(endpointId);
      }
    } catch (error) {
      endpoints.retrySync(endpointId, now() + jittered(SYNC_RETRY_MS, random));
      log({ level: 'warn', message: 'webhook object not reached', endpointId, cause: String(error) });
    }
    arm();
  }

  /** Returns the object's part of a delivery's id, for an endpoint of this tenant. */
  function placeOf(deliveryId: string): { readonly endpoint: WebhookEndpoint; readonly n: number } | null {
    const parsed = parseDeliveryId(deliveryId);
    const row = parsed === null ? null : endpoints.live(parsed.endpointId);
    return parsed === null || row === null ? null : { endpoint: row.endpoint, n: parsed.n };
  }

  /** A note on a task whose earlier changes the log has deleted is no arrival, unless the endpoint may have missed it. */
  function isArrivalOf(change: TaskChange, owesResync: boolean): boolean {
    const before = events.lastUpTo(change.task.id, change.seq - 1);
    const isNote = change.task.notedAtMs === change.atMs;
    return before === null ? !isNote || owesResync : before.task.status !== change.task.status;
  }

  /** Looks for the change before only if the endpoint may want this one. */
  function toEvent(endpoint: WebhookEndpoint, change: TaskChange, owesResync: boolean): WebhookEvent | null {
    if (urlsOfChange(endpoint, change.task, true).length === 0) return null;
    const isArrival = isArrivalOf(change, owesResync);
    const targets = urlsOfChange(endpoint, change.task, isArrival);
    return targets.length === 0 ? null : { change, isArrival, urls: targets };
  }

  async function deliver(endpointId: string, changes: readonly TaskChange[]): Promise<number> {
    const lastSeq = changes.at(-1)?.seq ?? 0;
    const row = endpoints.live(endpointId);
    if (row === null) return lastSeq;
    const { endpoint, owesResync } = row;
    const wanted = changes.map((change) => toEvent(endpoint, change, owesResync)).filter((event) => event !== null);
    const [first, ...others] = wanted;
    if (first === undefined) return lastSeq;
    const marked = owesResync ? { ...first, change: { ...first.change, resync: true } } : first;
    const acceptedSeq = await objectOf(endpointId).accept(settingsOf(row), [marked, ...others]);
    // The log keeps the changes meanwhile, and the outbox tries again.
    if (acceptedSeq === null) throw new Error('the queue of the endpoint is full');
    if (owesResync) endpoints.oweResync(endpointId, false);
    return acceptedSeq >= (wanted.at(-1)?.change.seq ?? 0) ? lastSeq : acceptedSeq;
  }

  return {
    deliver,

    async create(input) {
      const { url, description = null, statuses = [] } = validOrThrow(checkWebhookChange(input, urls));
      if (endpoints.count() >= WEBHOOKS_MAX.endpoints) {
        const message = `a tenant has at most ${WEBHOOKS_MAX.endpoints} endpoints: delete one first`;
        throw badUserInput([{ path: ['url'], code: 'OUT_OF_RANGE', message }]);
      }
      const id = newId();
      const made = { id, url: url ?? '', description, statuses, isPaused: false, pausedReason: null };
      const endpoint: WebhookEndpoint = { ...made, createdAtMs: now() };
      endpoints.insert(endpoint, now() + OPENING_MS_MAX);
      arm();
      try {
        const settings = { url: endpoint.url, isPaused: false, revision: 1, pauseRevision: 1 };
        const secret = await ask(id, (object) => object.open(settings));
        attach(id);
        return { endpoint: named({ endpointId: id }).endpoint, ...secret };
      } catch (error) {
        endpoints.doom(id, now());
        throw error;
      } finally {
        arm();
      }
    },

    async update({ endpointId, ...input }) {
      const { row, change } = validOrThrow(
        checkAll<{ row: EndpointRow; change: WebhookChange }>({
          row: checkNamed({ endpointId }),
          change: checkWebhookChange(input, urls),
        }),
      );
      const revision = row.revision + 1;
      const isPauseSaid = change.isPaused !== undefined;
      const endpoint = { ...row.endpoint, ...change, ...(isPauseSaid ? { pausedReason: null } : {}) };
      const pauseRevision = isPauseSaid ? revision : row.pauseRevision;
      endpoints.change({ endpoint, revision, pauseRevision }, now() + GUARD_MS);
      arm();
      await sync(endpoint.id);
      return endpoint;
    },

    async rotate(of) {
      const { endpoint } = named(of);
      return { endpoint, ...fromResult(await ask(endpoint.id, (object) => object.rotate())) };
    },

    delete(of) {
      const { endpoint } = named(of);
      endpoints.doom(endpoint.id, now() + GUARD_MS);
      arm();
      background(() => sync(endpoint.id));
      return { endpointId: endpoint.id };
    },

    async sendTest(of) {
      const { endpoint } = named(of);
      return shown(endpoint, fromResult(await ask(endpoint.id, (object) => object.sendTest())));
    },

    async redeliver({ deliveryId }) {
      if (deliveryId === null) throw badUserInput([wrongIdType('deliveryId', 'webhook delivery')]);
      const place = placeOf(deliveryId);
      if (place === null) throw badUserInput([unknownId('deliveryId', 'webhook delivery')]);
      return shown(place.endpoint, fromResult(await ask(place.endpoint.id, (object) => object.redeliver(place.n))));
    },

    async deliveries(endpointId, status, window) {
      const row = endpoints.live(endpointId);
      if (row === null) return { edges: [], hasNextPage: false };
      const slice = fromResult(await ask(endpointId, (object) => object.deliveries(status, window)));
      return {
        ...slice,
        edges: slice.edges.map(({ cursor, node }) => ({ cursor, node: shown(row.endpoint, node) })),
      };
    },

    async delivery(id) {
      const place = placeOf(id);
      if (place === null) return null;
      const stored = await ask(place.endpoint.id, (object) => object.delivery(place.n));
      return stored === null ? null : shown(place.endpoint, stored);
    },

    paused(endpointId, pauseRevision, reason) {
      const row = endpoints.live(endpointId);
      if (row?.pauseRevision !== pauseRevision || row.endpoint.isPaused) return;
      endpoints.report({ ...row.endpoint, isPaused: true, pausedReason: reason });
    },

    async run() {
      const due = endpoints.unsynced(now());
      // A call that hangs must not be due again at once, or the alarm would fire in a loop.
      for (const id of due) endpoints.retrySync(id, now() + SYNC_RETRY_MS);
      await Promise.all(due.map(sync));
    },

    async skip(endpointId, forgotten) {
      endpoints.oweResync(endpointId, true);
      const from = endpoints.find(endpointId)?.appliedSeq ?? forgotten;
      const rest = events.after(null, from, REST_MAX).filter(({ seq }) => seq <= forgotten);
      return rest.length === 0 ? forgotten : deliver(endpointId, rest);
    },
  };
}

function shown(endpoint: WebhookEndpoint, stored: StoredDelivery): WebhookDelivery {
  return { ...stored, endpoint };
}
