import type { Transport, Watched } from './history.ts';
import type { Random } from './random.ts';

/** One watcher, decided only by the seed. */
export interface WatcherPlan {
  readonly name: string;
  readonly transport: Transport;
  /** `TASK` watches single tasks one after the other, each to its end. */
  readonly scope: 'TASK' | Omit<Watched, 'taskId'>;
  /** Where it starts: with the present state, or after the first event of the log. */
  readonly start: 'PRESENT' | 'BEGINNING';
  /** When it first subscribes, in milliseconds after the start of the load. */
  readonly atMs: number;
  /** The stream for its absences and delays. */
  readonly random: Random;
}

const TRANSPORTS: readonly Transport[] = ['ws', 'sse', 'multipart'];

const SCOPES: readonly WatcherPlan['scope'][] = [
  ...Array.from({ length: 5 }, () => ({ kind: null, statuses: [] })),
  { kind: 'VOICE', statuses: [] },
  { kind: 'LIP_SYNC', statuses: [] },
  { kind: null, statuses: ['PROCESSING'] },
  { kind: null, statuses: ['SUCCEEDED', 'FAILED'] },
  'TASK',
];

/** Plans the watchers. The transports alternate, and five of ten watch all tasks. */
export function planWatchers(
  random: Random,
  { watchers, overMs }: { watchers: number; overMs: number },
): readonly WatcherPlan[] {
  return Array.from({ length: watchers }, (_, number): WatcherPlan => {
    const own = random.fork(`watcher ${number}`);
    return {
      name: `watcher ${number}`,
      transport: TRANSPORTS[number % TRANSPORTS.length] ?? 'ws',
      scope: SCOPES[number % SCOPES.length] ?? 'TASK',
      start: own.chance(0.4) ? 'BEGINNING' : 'PRESENT',
      // Some subscribe before the load starts.
      atMs: own.chance(0.2) ? 0 : own.next() * 0.8 * overMs,
      random: own,
    };
  });
}
