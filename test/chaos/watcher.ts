import { setTimeout as wait } from 'node:timers/promises';
import { localId } from './events.ts';
import type { History, ToldEvent } from './history.ts';
import { createTransport, type Connection, type Result, type Subscribe } from './transports.ts';
import type { WatcherPlan } from './watch-plan.ts';

/** A place to start at: the number and cursor of an event. */
export interface Place {
  readonly seq: number;
  readonly cursor: string;
}

/** The state of the round for its watchers. */
export interface Surroundings {
  readonly gatewayUrl: string;
  /** Whether watchers stay connected and start no new subscriptions. */
  readonly isCalm: () => boolean;
  /** Whether watchers stop. */
  readonly ended: AbortSignal;
  /** The global id of the newest known task. Null before the first. */
  readonly newestTask: () => string | null;
  readonly firstPlace: () => Promise<Place | null>;
  readonly onHistory: (history: History) => void;
  /** Counts the ends of connections by cause. */
  readonly onEnd: (reason: string) => void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

interface TaskEventAnswer {
  readonly cursor: string;
  readonly sequence: number;
  readonly resync: boolean;
  readonly task: { readonly id: string; readonly status: string };
}

const EVENT = '{ cursor sequence resync task { id status } }';
const ONE_TASK = `subscription ($id: ID!, $after: String) { event: taskUpdates(taskId: $id, after: $after) ${EVENT} }`;
const ALL_TASKS = `subscription ($filter: TaskFilterInput, $after: String) { event: taskUpdates(filter: $filter, after: $after) ${EVENT} }`;

/** How long a watcher stays connected and away, in milliseconds. */
const STAYS_MS = [500, 15_000] as const;
const BACK_MS = [50, 500] as const;
const AWAY_MS = 1_000;
const POLL_MS = 100;

/** A close code or status for a fault of the client. Clients here have no faults. */
const FAULT = /^4\d\d\d?$/;

/** Watches until the round stops it: subscribes, is cut or leaves, and resumes with its last cursor. */
export async function runWatcher(plan: WatcherPlan, around: Surroundings): Promise<void> {
  const subscribe = createTransport(plan.transport, around.gatewayUrl);
  await wait(plan.atMs, undefined, { signal: around.ended }).catch(() => {});
  const watched = new Set<string>();
  while (!around.ended.aborted && !(around.isCalm() && watched.size > 0)) {
    const task = plan.scope === 'TASK' ? around.newestTask() : null;
    const place = plan.start === 'BEGINNING' ? await around.firstPlace() : null;
    const isTooEarly = (plan.scope === 'TASK' && task === null) || (plan.start === 'BEGINNING' && place === null);
    if (isTooEarly || watched.has(task ?? '')) {
      await wait(POLL_MS);
      continue;
    }
    watched.add(task ?? '');
    await runSubscription(plan, subscribe, { task, place }, around);
  }
}

/** Runs one subscription to the end of its task or of the round. */
async function runSubscription(
  { name, transport, scope, random }: WatcherPlan,
  subscribe: Subscribe,
  { task, place }: { readonly task: string | null; readonly place: Place | null },
  around: Surroundings,
): Promise<void> {
  const history: Mutable<History> = {
    watcher: name,
    transport,
    watched: scope === 'TASK' ? { taskId: localId(task ?? ''), kind: null, statuses: [] } : { ...scope, taskId: null },
    behind: place?.seq ?? null,
    told: [],
    connections: [],
    isCompleted: false,
    problems: [],
  };
  around.onHistory(history);
  const filter = scope === 'TASK' ? {} : { kind: scope.kind, status: scope.statuses };
  let after = place?.cursor ?? null;

  function take(result: Result): string | null {
    const event = result.data?.['event'] as TaskEventAnswer | null | undefined;
    if (result.errors !== undefined || !event) {
      const isForNow = result.errors?.every(({ extensions }) => extensions?.['retryable'] === true) ?? false;
      if (!isForNow) history.problems.push(`answered ${JSON.stringify(result).slice(0, 300)}`);
      return 'refused for now';
    }
    history.told.push(toTold(event));
    after = event.cursor;
    return null;
  }

  async function connectOnce(): Promise<string> {
    const { promise: ending, resolve } = Promise.withResolvers<string>();
    let isOver = false;
    let leaving: NodeJS.Timeout | undefined;
    function end(reason: string): void {
      if (isOver) return;
      isOver = true;
      clearTimeout(leaving);
      around.ended.removeEventListener('abort', go);
      resolve(reason);
    }
    function part(reason: string, how: (connection: Connection) => void): void {
      if (isOver) return;
      end(reason);
      how(connection);
    }
    const go = (): void => part('the end', ({ leave }) => leave());
    history.connections.push(history.told.length);
    const query = task === null ? ALL_TASKS : ONE_TASK;
    const connection = subscribe(
      { query, variables: { ...(task === null ? { filter } : { id: task }), after } },
      {
        next(result) {
          const refusal = isOver ? null : take(result);
          if (refusal !== null) part(refusal, ({ leave }) => leave());
        },
        complete() {
          history.isCompleted ||= !isOver;
          end('completed');
        },
        broke(reason) {
          if (!isOver && FAULT.test(reason)) history.problems.push(`cut off with ${reason}`);
          end(reason);
        },
      },
    );
    around.ended.addEventListener('abort', go);
    leaving = setTimeout(
      () => {
        if (around.isCalm()) return;
        if (random.chance(0.5)) part('reset by the watcher', ({ reset }) => reset());
        else part('left', ({ leave }) => leave());
      },
      random.between(...STAYS_MS),
    );
    return ending;
  }

  while (!around.ended.aborted && !history.isCompleted) {
    around.onEnd(await connectOnce());
    if (history.isCompleted || around.ended.aborted) return;
    await wait(random.chance(0.2) ? AWAY_MS : random.between(...BACK_MS));
  }
}

function toTold({ sequence, cursor, resync, task }: TaskEventAnswer): ToldEvent {
  return { seq: sequence, taskId: localId(task.id), status: task.status, cursor, resync };
}
