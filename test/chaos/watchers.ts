import { setTimeout as wait } from 'node:timers/promises';
import { sendOperation } from '../node/send-operation.ts';
import type { ReadEvent } from './events.ts';
import { concerning, positionOf, type History } from './history.ts';
import type { WatcherPlan } from './watch-plan.ts';
import { runWatcher, type Place } from './watcher.ts';

/** All watchers of a round. */
export interface Watchers {
  readonly histories: readonly History[];
  /** Counts the ends of connections by cause. */
  readonly ends: ReadonlyMap<string, number>;
  /** Makes all watchers stay connected. */
  calm(): void;
  /** Waits until all watchers have received their events of the log. Returns the others after the timeout. */
  catchUp(log: readonly ReadEvent[], forMs: number): Promise<readonly History[]>;
  /** Stops all watchers. */
  end(): Promise<void>;
}

export interface WatchersOptions {
  readonly gatewayUrl: string;
  readonly plans: readonly WatcherPlan[];
  /** Sets the newest known task, by its global id. */
  readonly newestTask: () => string | null;
}

/** The wait after the last event, in which a repeated event could arrive. */
const QUIET_MS = 500;

const FIRST = `{ events: taskUpdates(first: 1) { edges { node { sequence cursor } } } }`;

/** Starts each watcher at its time. */
export function startWatchers({ gatewayUrl, plans, newestTask }: WatchersOptions): Watchers {
  const histories: History[] = [];
  const ends = new Map<string, number>();
  const ending = new AbortController();
  let isCalm = false;
  let first: Place | null = null;

  async function firstPlace(): Promise<Place | null> {
    if (first !== null) return first;
    const sent = await sendOperation(gatewayUrl, { query: FIRST, variables: {} }, null);
    const data = 'answer' in sent ? (sent.answer.data as FirstAnswer | null | undefined) : null;
    const node = data?.events.edges[0]?.node;
    first ??= node === undefined ? null : { seq: node.sequence, cursor: node.cursor };
    return first;
  }

  const running = plans.map((plan) =>
    runWatcher(plan, {
      gatewayUrl,
      newestTask,
      firstPlace,
      isCalm: () => isCalm,
      ended: ending.signal,
      onHistory: (history) => void histories.push(history),
      onEnd: (reason) => void ends.set(reason, (ends.get(reason) ?? 0) + 1),
    }),
  );

  return {
    histories,
    ends,
    calm() {
      isCalm = true;
    },
    async catchUp(log, forMs) {
      const deadlineMs = Date.now() + forMs;
      const lastOf = new Map(histories.map((history) => [history, concerning(history.watched, log).at(-1)?.seq ?? 0]));
      let behind: readonly History[];
      do {
        await wait(QUIET_MS);
        behind = histories.filter((history) => isBehind(history, lastOf.get(history) ?? 0));
      } while (behind.length > 0 && Date.now() < deadlineMs);
      await wait(QUIET_MS);
      return behind;
    },
    async end() {
      ending.abort();
      await Promise.all(running);
    },
  };
}

interface FirstAnswer {
  readonly events: { readonly edges: readonly { readonly node: { sequence: number; cursor: string } }[] };
}

/** Whether a history is complete. One that started with the present state and has no place in the log is complete. */
function isBehind(history: History, last: number): boolean {
  if (history.watched.taskId !== null) return !history.isCompleted;
  const position = positionOf(history);
  return position !== null && Math.max(position.seq, history.told.at(-1)?.seq ?? 0) < last;
}
