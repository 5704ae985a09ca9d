import type { GatewayContext } from '../context.ts';
import type { CatchUp, PresentPlace, Watch } from '../domain/watch.ts';
import type { Ledger } from '../domain/ports.ts';
import { isFinal } from '../domain/task.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Failure } from '../errors.ts';
import type { Result } from '../ledger/result.ts';
import type { FanOut } from './fan-out.ts';
import { messageCostOf } from './live-cost.ts';
import type { OperationReference, Operations } from './operations.ts';
import type { Turns } from './turns.ts';
import type { Unread } from './back-pressure.ts';

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
    const payload = await operations.run(operation, { ...event, task: event.record }, context);
    await turns.take(viewer.tenant, messageCostOf(payload));
    if (!isWanted()) return false;
    fanOut.send(socket, id, payload, isStream ? event.cursor : null);
    if (!(await unread.drained(socket))) {
      fanOut.cutSlow(socket);
      return false;
    }
    if (watch.taskId === null || !isFinal(event.record.status)) return true;
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
