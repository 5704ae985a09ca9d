import {
  type GatewayContext,
  type CatchUp,
  isEnd,
  type Ledger,
  type PresentPlace,
  type Upstream,
  type Watch,
  type Viewer,
} from '../domain/ports.ts';
import type { Failure, Result } from '../errors.ts';
import { createBoundedCache } from '../lib/cache.ts';
import type { Turns, Unread } from './back-pressure.ts';
import type { FanOut } from './fan-out.ts';
import { type OperationReference, type Operations, CALL_COST, messageCostOf } from './operations.ts';

export interface CatchUpDeps {
  readonly operations: Operations;
  readonly fanOut: FanOut;
  readonly unread: Unread;
  readonly turns: Turns;
  readonly attach: (tenant: string) => Promise<Result<number>>;
  readonly catchUp: (
    tenant: string,
    watch: Watch,
    after: string | null,
    afterSeq: number | null,
    rest: PresentPlace | null,
  ) => Promise<Result<CatchUp>>;
  /** Opens a tenant's ledger for one event. Operations that make the same read share it. */
  readonly openReads: (tenant: string) => Ledger;
  readonly contextOf: (viewer: Viewer, ledger: Ledger) => GatewayContext;
}

/** A subscription that has started and gets no live events yet. */
export interface Subscriber {
  readonly socket: WebSocket;
  readonly id: string;
  readonly isStream: boolean;
  readonly viewer: Viewer;
  readonly watch: Watch;
  /** The cursor of the last event that the client has seen. Null asks for the present state first. */
  readonly after: string | null;
  readonly operation: OperationReference;
  /** The cost of running it for one event, in fields. */
  readonly cost: number;
  /** Returns false once the client has ended it or has left. Nothing more is sent then. */
  readonly isWanted: () => boolean;
  /** Registers the subscription for live events, since everything up to `headSeq` was sent. The next one may owe a resync. */
  readonly join: (headSeq: number, headCursor: string, owesResync: boolean) => void;
}

export type CatchUpResult =
  /** It gets live events from now on. */
  | { readonly type: 'JOINED' }
  | { readonly type: 'REFUSED'; readonly failure: Failure }
  /** Nothing follows: the watched task is final, or the client has left or does not read. */
  | { readonly type: 'OVER' };

const OVER: CatchUpResult = { type: 'OVER' };
const JOINED: CatchUpResult = { type: 'JOINED' };

/** Sends a new subscriber everything before the live events. Other tenants get turns between two events. */
export function createCatchUp(deps: CatchUpDeps): (subscriber: Subscriber) => Promise<CatchUpResult> {
  const { operations, fanOut, unread, turns } = deps;

  /** Returns false if nothing may follow. */
  async function send(subscriber: Subscriber, event: CatchUp['events'][number]): Promise<boolean> {
    const { socket, id, isStream, viewer, watch, operation, cost, isWanted } = subscriber;
    await turns.take(viewer.tenant, cost);
    const context = deps.contextOf(viewer, deps.openReads(viewer.tenant));
    const payload = await operations.run(operation, event, context);
    await turns.take(viewer.tenant, messageCostOf(payload));
    if (!isWanted()) return false;
    fanOut.send(socket, id, payload, isStream ? event.cursor : null);
    if (!(await unread.drained(socket))) {
      fanOut.cutSlow(socket);
      return false;
    }
    if (!isEnd(watch, event.task)) return true;
    fanOut.complete(socket, id);
    return false;
  }

  return async (subscriber) => {
    const { socket, id, viewer, watch, after, isWanted } = subscriber;
    const { tenant } = viewer;
    const attached = await deps.attach(tenant);
    if (!isWanted()) return OVER;
    if (!attached.ok) return { type: 'REFUSED', failure: attached.failure };
    fanOut.startFrom(tenant, attached.value);
    let seen: number | null = null;
    let rest: PresentPlace | null = null;
    // A filter may leave no present state that carries the mark of a resync. The next event does then.
    let resync: 'NONE' | 'OWED' | 'SENT' = 'NONE';
    // Repeats until the ledger's copy is as new as the events that were fanned out here. Every later event is fanned out.
    for (;;) {
      // A filter may hide every event of a page, which then takes no other turn.
      await turns.take(tenant, CALL_COST);
      const caught = await deps.catchUp(tenant, watch, after, seen, rest);
      if (!isWanted()) return OVER;
      if (!caught.ok) return { type: 'REFUSED', failure: caught.failure };
      const { events, isOver, headSeq, headCursor, hasMore } = caught.value;
      if (caught.value.resync && resync === 'NONE') resync = 'OWED';
      for (const event of events) {
        if (!(await send(subscriber, resync === 'OWED' ? { ...event, resync: true } : event))) return OVER;
        if (resync === 'OWED') resync = 'SENT';
      }
      if (isOver) {
        fanOut.complete(socket, id);
        return OVER;
      }
      ({ rest } = caught.value);
      if (rest !== null) continue;
      seen = headSeq;
      if (hasMore || seen < fanOut.appliedSeq(tenant)) continue;
      // Invariant: no await between the comparison and the join, or an event could be missed in between.
      subscriber.join(headSeq, headCursor, resync === 'OWED');
      return JOINED;
    }
  };
}

/** The estimated length of a task record. */
const RECORD_CHARS = 1_000;
/** 2 MB: the pages that clients who reconnect together request. */
const PAGES = { charsPerEntryMax: 1_000_000, charsMax: 1_000_000, charsOf };

/**
 * Shares reads between clients that subscribe together, as after a deploy. A cached page is complete until a later event
 * comes, and is then read again. A page that became old meanwhile does no harm: its subscriber continues from it.
 */
export function createSharedCatchUp(
  read: CatchUpDeps['catchUp'],
  appliedSeq: (tenant: string) => number,
): CatchUpDeps['catchUp'] {
  const pages = createBoundedCache<CatchUp>(PAGES);
  const reading = new Map<string, Promise<Result<CatchUp>>>();

  async function readAndKeep(key: string, ...what: Parameters<CatchUpDeps['catchUp']>): Promise<Result<CatchUp>> {
    const [, watch] = what;
    try {
      const result = await read(...what);
      // Not for a single task: one that Kling refuses may disappear without an event.
      if (result.ok && watch.task === null) pages.set(key, result.value);
      return result;
    } finally {
      reading.delete(key);
    }
  }

  return async (...what) => {
    const [tenant, , , , rest] = what;
    const key = JSON.stringify(what);
    const kept = pages.get(key);
    // The pages of one present state show the same moment, so later events do not make them stale.
    if (kept !== undefined && (rest !== null || kept.headSeq >= appliedSeq(tenant))) return { ok: true, value: kept };
    const known = reading.get(key);
    if (known !== undefined) return known;
    const begun = readAndKeep(key, ...what);
    reading.set(key, begun);
    return begun;
  };
}

function charsOf({ events }: CatchUp): number {
  return (events.length + 1) * RECORD_CHARS;
}

/**
 * Wraps a tenant's ledger for one event, and makes each read once for all operations. Scopes are checked above it, by each
 * operation. It refuses writes, because no field of an event writes.
 */
export function createSharedReads(ledgerOf: () => Ledger): Ledger {
  const reads = new Map<string, Promise<unknown>>();

  function share<T>(read: (ledger: Ledger) => Promise<T>, ...what: readonly unknown[]): Promise<T> {
    const key = JSON.stringify(what);
    const known = reads.get(key);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key names one read and its arguments
    if (known !== undefined) return known as Promise<T>;
    const made = read(ledgerOf());
    reads.set(key, made);
    return made;
  }

  return {
    task: (reference) => share((ledger) => ledger.task(reference), 'task', reference),
    tasks: (filter, window, order) =>
      share((ledger) => ledger.tasks(filter, window, order), 'tasks', filter, window, order),
    faceScan: (id) => share((ledger) => ledger.faceScan(id), 'faceScan', id),
    faceScans: (window) => share((ledger) => ledger.faceScans(window), 'faceScans', window),
    speech: (audioId) => share((ledger) => ledger.speech(audioId), 'speech', audioId),
    speeches: (window) => share((ledger) => ledger.speeches(window), 'speeches', window),
    voice: (voiceId) => share((ledger) => ledger.voice(voiceId), 'voice', voiceId),
    voices: (window) => share((ledger) => ledger.voices(window), 'voices', window),
    mediaById: (id) => share((ledger) => ledger.mediaById(id), 'mediaById', id),
    media: (window) => share((ledger) => ledger.media(window), 'media', window),
    receivedBytes: (mediaId) => share((ledger) => ledger.receivedBytes(mediaId), 'receivedBytes', mediaId),
    queuePosition: (taskId) => share((ledger) => ledger.queuePosition(taskId), 'queuePosition', taskId),
    events: (watch, window) => share((ledger) => ledger.events(watch, window), 'events', watch, window),
    fileUsage: () => share((ledger) => ledger.fileUsage(), 'fileUsage'),
    usage: (month) => share((ledger) => ledger.usage(month), 'usage', month),
    webhookEndpoint: (id) => share((ledger) => ledger.webhookEndpoint(id), 'webhookEndpoint', id),
    webhookEndpoints: () => share((ledger) => ledger.webhookEndpoints(), 'webhookEndpoints'),
    webhookDelivery: (id) => share((ledger) => ledger.webhookDelivery(id), 'webhookDelivery', id),
    webhookDeliveries: (id, status, window) =>
      share((ledger) => ledger.webhookDeliveries(id, status, window), 'webhookDeliveries', id, status, window),
    write: refuse,
    lipSyncQuote: refuse,
  };
}

async function refuse(): Promise<never> {
  throw new Error('a subscription wrote to the ledger, or asked for a quote');
}

/** Refuses every read of Kling: no field of an event needs one. */
export const NO_UPSTREAM: Upstream = {
  presetVoices: refuseList,
  klingTasks: refuseList,
  klingTask: refuseList,
  listResourcePacks: refuseList,
};

async function refuseList(): Promise<never> {
  throw new Error('a subscription read a list of Kling');
}
