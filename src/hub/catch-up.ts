import type { GatewayContext } from '../context.ts';
import type { Ledger, Upstream } from '../domain/ports.ts';
import { isFinal } from '../domain/task.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { CatchUp, PresentPlace, Watch } from '../domain/watch.ts';
import type { Failure } from '../errors.ts';
import type { Result } from '../ledger/result.ts';
import { createBoundedCache } from '../lib/cache.ts';
import type { Turns, Unread } from './back-pressure.ts';
import type { FanOut } from './fan-out.ts';
import type { OperationReference, Operations } from './operations.ts';
import { messageCostOf } from './usage.ts';

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
  /** A tenant's ledger, of which each read is made once: made for one event. */
  readonly openReads: (tenant: string) => Ledger;
  readonly contextOf: (viewer: Viewer, ledger: Ledger) => GatewayContext;
}

/** A subscription that has begun, before live events reach it. */
export interface Subscriber {
  readonly socket: WebSocket;
  readonly id: string;
  readonly isStream: boolean;
  readonly viewer: Viewer;
  readonly watch: Watch;
  /** The cursor of the last event that its client has seen; null: the present state comes first. */
  readonly after: string | null;
  readonly operation: OperationReference;
  /** What one event costs it, in fields. */
  readonly cost: number;
  /** False once its client has ended it or has left: nothing more is sent. */
  readonly isWanted: () => boolean;
  /** Everything up to `headSeq` was sent: from here on it gets live events. */
  readonly join: (headSeq: number, headCursor: string) => void;
}

export type Caught =
  /** It has joined those who get live events. */
  | { readonly type: 'JOINED' }
  | { readonly type: 'REFUSED'; readonly failure: Failure }
  /** Nothing follows: the watched task has ended, or the client has left or does not read. */
  | { readonly type: 'OVER' };

const OVER: Caught = { type: 'OVER' };
const JOINED: Caught = { type: 'JOINED' };

/** Sends a new subscriber what was before the live events, in turn with other tenants. */
export function createCatchUp(deps: CatchUpDeps): (subscriber: Subscriber) => Promise<Caught> {
  const { operations, fanOut, unread, turns } = deps;

  /** False: nothing may follow. */
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
    if (watch.taskId === null || !isFinal(event.task.status)) return true;
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
    // Until the copy is at least as new as what has been fanned out here: from then on every event comes by itself.
    for (;;) {
      const caught = await deps.catchUp(tenant, watch, after, seen, rest);
      if (!isWanted()) return OVER;
      if (!caught.ok) return { type: 'REFUSED', failure: caught.failure };
      const { events, isOver, headSeq, headCursor, hasMore } = caught.value;
      for (const event of events) if (!(await send(subscriber, event))) return OVER;
      if (isOver) {
        fanOut.complete(socket, id);
        return OVER;
      }
      ({ rest } = caught.value);
      if (rest !== null) continue;
      seen = headSeq;
      if (hasMore || seen < fanOut.appliedSeq(tenant)) continue;
      // Invariant: in the same turn as the comparison. A promise in between is long enough for an event to be missed.
      subscriber.join(headSeq, headCursor);
      return JOINED;
    }
  };
}

/** A record takes about so many characters. */
const RECORD_CHARS = 1_000;
/** 2 MB: pages that clients who come together ask for one after the other. */
const PAGES = { charsPerEntryMax: 1_000_000, charsMax: 1_000_000, charsOf };

/**
 * Clients that subscribe together share what is read for them, as after a deploy. A page is read again once an event behind
 * it has come: until then it holds all that there is. One that is older is no fault, since a subscriber goes on from it.
 */
export function createSharedCatchUp(
  read: CatchUpDeps['catchUp'],
  appliedSeq: (tenant: string) => number,
): CatchUpDeps['catchUp'] {
  const pages = createBoundedCache<CatchUp>(PAGES);
  const reading = new Map<string, Promise<Result<CatchUp>>>();

  async function readAlone(key: string, ...what: Parameters<CatchUpDeps['catchUp']>): Promise<Result<CatchUp>> {
    const [, watch] = what;
    try {
      const result = await read(...what);
      // A task that Kling refuses may be withdrawn without an event.
      if (result.ok && watch.taskId === null) pages.set(key, result.value);
      return result;
    } finally {
      reading.delete(key);
    }
  }

  return async (...what) => {
    const [tenant, , , , rest] = what;
    const key = JSON.stringify(what);
    const kept = pages.get(key);
    // A page of a present state that has begun shows one moment, whatever has come since.
    if (kept !== undefined && (rest !== null || kept.headSeq >= appliedSeq(tenant))) return { ok: true, value: kept };
    const known = reading.get(key);
    if (known !== undefined) return known;
    const begun = readAlone(key, ...what);
    reading.set(key, begun);
    return begun;
  };
}

function charsOf({ events }: CatchUp): number {
  return (events.length + 1) * RECORD_CHARS;
}

/**
 * A tenant's ledger for the time of one event: each read is made once, however many operations need it. It stands below
 * the scopes, which every operation checks for itself. Writes are refused: no field of an event writes.
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
    tasks: (filter, window) => share((ledger) => ledger.tasks(filter, window), 'tasks', filter, window),
    faceScan: (id) => share((ledger) => ledger.faceScan(id), 'faceScan', id),
    voice: (voiceId) => share((ledger) => ledger.voice(voiceId), 'voice', voiceId),
    voices: (window) => share((ledger) => ledger.voices(window), 'voices', window),
    queuePosition: (taskId) => share((ledger) => ledger.queuePosition(taskId), 'queuePosition', taskId),
    events: (task, window) => share((ledger) => ledger.events(task, window), 'events', task?.id ?? null, window),
    usage: (month) => share((ledger) => ledger.usage(month), 'usage', month),
    write: refuse,
  };
}

async function refuse(): Promise<never> {
  throw new Error('a subscription wrote to the ledger');
}

/** No field of an event reads from Kling. */
export const NO_UPSTREAM: Upstream = {
  presetVoices: refuseList,
  listPresetVoices: refuseList,
  listVoiceTasks: refuseList,
  listLipSyncTasks: refuseList,
  listResourcePacks: refuseList,
};

async function refuseList(): Promise<never> {
  throw new Error('a subscription read a list of Kling');
}
