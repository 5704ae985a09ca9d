import { draw, planOneCall, type OneCall } from './one-call-plan.ts';
import type { Random } from './random.ts';

/** One task of a client, decided only by the seed. */
export interface Intent {
  readonly externalId: string;
  readonly kind: 'VOICE' | 'LIP_SYNC' | 'ONE_CALL';
  /** The input of a one-call task. Missing for the other kinds. */
  readonly oneCall?: OneCall;
  /** The scenario word of its fault, see `src/sandbox/README.md`. Null for no fault. */
  readonly word: string | null;
  /** When its first create is sent, in milliseconds after the start of the load. */
  readonly atMs: number;
  /** When the connection of each attempt is cut, in milliseconds. Later attempts are not cut. */
  readonly cutsMs: readonly number[];
  /** Whether the client abandons the task after its first attempt. */
  readonly isAbandoned: boolean;
  /** Whether the client cancels the task as soon as it knows its id. */
  readonly isCancelled: boolean;
  /** The delays before the client's reads of the task, in milliseconds. */
  readonly readsMs: readonly number[];
  /** The webhook of this task. Missing for most tasks. */
  readonly webhookUrl?: string | undefined;
}

/** The probability of each word. The other tasks have no fault. */
const WORDS: readonly (readonly [word: string, share: number])[] = [
  ['slow', 0.06],
  ['error-after', 0.03],
  ['timeout-after', 0.03],
  ['hang-after', 0.01],
  ['html', 0.02],
  ['cut-off', 0.02],
  ['flaky-1', 0.03],
  ['content-rejected', 0.03],
  ['internal-failure', 0.04],
  ['risk-control', 0.02],
  ['slow-task', 0.02],
  ['unknown-status', 0.02],
  ['number-id', 0.03],
  ['callback-dropped', 0.05],
  ['callback-duplicated', 0.04],
  ['callback-late', 0.02],
  ['callback-reordered', 0.04],
  ['callback-forged', 0.04],
  ['acts-late', 0.01],
  ['acts-late-cut', 0.02],
];

/** Plans the tasks of a round, in the order of their times. `oneCallShare` of them are made in one call. */
export function planIntents(
  random: Random,
  { tasks, overMs, oneCallShare }: { tasks: number; overMs: number; oneCallShare: number },
): readonly Intent[] {
  const round = random.between(1, 1_000_000_000).toString(36);
  const intents = Array.from({ length: tasks }, (_, number): Intent => {
    const cuts = random.chance(0.25) ? random.between(1, 3) : 0;
    return {
      externalId: `chaos-${round}-${number}`,
      kind: random.chance(0.5) ? 'VOICE' : 'LIP_SYNC',
      word: draw(random, WORDS),
      atMs: random.next() * overMs,
      // Most cuts are short, so that they hit the mutation, which takes some tens of milliseconds.
      cutsMs: Array.from({ length: cuts }, () => Math.round(200 * random.next() ** 2)),
      isAbandoned: random.chance(0.03),
      isCancelled: random.chance(0.1),
      readsMs: Array.from({ length: random.between(0, 3) }, () => random.between(0, 1_500)),
    };
  });
  return withOneCalls(
    random.fork('one call'),
    intents.toSorted((a, b) => a.atMs - b.atMs),
    oneCallShare,
  );
}

/** Turns some tasks into one-call tasks. */
function withOneCalls(random: Random, intents: readonly Intent[], share: number): readonly Intent[] {
  const tasks = Math.ceil(intents.length * share);
  const earlier: Intent[] = [];
  return intents.map((intent) => {
    if (!random.chance(share)) return intent;
    const { externalId } = intent;
    const made = { ...intent, kind: 'ONE_CALL' as const, ...planOneCall(random, { externalId, tasks, earlier }) };
    earlier.push(made);
    return made;
  });
}
