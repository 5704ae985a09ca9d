import { setTimeout as wait } from 'node:timers/promises';
import { sendOperation } from '../node/send-operation.ts';
import type { ReadEvent } from './events.ts';
import { concerning, positionOf, type History } from './history.ts';
import type { WatcherPlan } from './watch-plan.ts';
import { runWatcher, type Place } from './watcher.ts';

/** All watchers of a round. */
export interface Watchers {
  readonly histories: readonly History[];
  /** How often a connection ended, by how. */
  readonly ends: ReadonlyMap<string, number>;
  /** Nobody leaves on purpose from here on. */
  calm(): void;
  /** Waits until everybody has been told of all that the log holds for them; says who has not when the time is up. */
  catchUp(log: readonly ReadEvent[], forMs: number): Promise<readonly History[]>;
  /** Sends everybody home. */
  end(): Promise<void>;
}

export interface WatchersOptions {
  readonly gatewayUrl: string;
  readonly plans: readonly WatcherPlan[];
  /** The newest task that a client knows of, by its global id. */
  readonly newestTask: () => string | null;
}

/** After the last event somebody might still be told of one again. */
const QUIET_MS = 500;

const FIRST = `{ events(first: 1) { edges { node { sequence cursor } } } }`;

/** Starts them all, each at its time. */
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

/** One that was never told of a place in the log, and began with the present state, has missed nothing. */
function isBehind(history: History, last: number): boolean {
  if (history.watched.taskId !== null) return !history.isCompleted;
  const position = positionOf(history);
  return position !== null && Math.max(position.seq, history.told.at(-1)?.seq ?? 0) < last;
}
