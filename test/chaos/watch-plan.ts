import type { Transport, Watched } from './history.ts';
import type { Random } from './random.ts';

/** One watcher, decided by the seed alone. */
export interface WatcherPlan {
  readonly name: string;
  readonly transport: Transport;
  /** `TASK`: one after the other, each to its end. */
  readonly scope: 'TASK' | Omit<Watched, 'taskId'>;
  /** Where it begins: with the present state, or right behind the log's first event. */
  readonly start: 'PRESENT' | 'BEGINNING';
  /** When it first subscribes, in milliseconds after the start of the load. */
  readonly atMs: number;
  /** Its absences and its waits. */
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

/** Every third is of the same transport; of each ten, five watch everything. */
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
      // Some are there before anything happens.
      atMs: own.chance(0.2) ? 0 : own.next() * 0.8 * overMs,
      random: own,
    };
  });
}
