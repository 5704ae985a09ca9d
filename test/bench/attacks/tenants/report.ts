import { percentile } from '../../percentile.ts';
import type { Outcome } from './attack.ts';
import type { Observed } from './bystander.ts';
import type { Kind } from './samples.ts';

/** The figures of tenant B for one attack. */
export interface MeasuredAttack {
  readonly name: string;
  readonly idle: Observed;
  readonly attacked: Observed;
  readonly outcome: Outcome;
  /** The last output of the gateway if its process has ended. Null while it runs. */
  readonly death: string | null;
  /** The share of the time that the gateway waited for a core, from 0 to 1, because of other processes. */
  readonly coreWait: number;
}

/** The longest latency of tenant B that is allowed. */
const SLOWEST_MS_MAX = 250;

const KINDS: readonly Kind[] = ['query', 'mutation', 'event by WebSocket', 'event by SSE', 'new socket'];

/** Prints a line for each kind: slowest and p99 with and without the attack. B's own delay belongs to this process. */
export function toText({ name, idle, attacked, outcome, coreWait }: MeasuredAttack): string {
  const lines = KINDS.map((kind) => {
    const [under, alone] = [attacked, idle].map(({ ms }) => (ms.get(kind) ?? []).toSorted((a, b) => a - b));
    const figures = [under ?? [], alone ?? []].flatMap((ms) => [percentile(ms, 1), percentile(ms, 0.99)]);
    const count = String(under?.length ?? 0).padStart(7);
    return `  ${kind.padEnd(19)}${count}${figures.map((value) => value.toFixed(0).padStart(10)).join('')}`;
  });
  return [
    name,
    ...lines,
    `  A: ${outcome.notes}`,
    `  this machine: the gateway had no core ${(coreWait * 100).toFixed(0)} % of the time, B's process was away for ${attacked.ownDelayMs.toFixed(0)} ms at most (idle: ${idle.ownDelayMs.toFixed(0)})`,
  ].join('\n');
}

export const HEADER = '                     samples   slowest       p99 idle slow  idle p99   in ms';

/** Returns the missed targets of tenant B. */
export function problemsOf({ name, attacked, outcome, death }: MeasuredAttack): readonly string[] {
  const slowest = slowestOf(attacked);
  return [
    ...(death === null ? [] : [`${name}: the gateway's process has ended: ${death}`]),
    ...(outcome.excess === null ? [] : [`${name}: A got ${outcome.excess}`]),
    ...(attacked.unanswered > 0 ? [`${name}: ${attacked.unanswered} were not answered`] : []),
    ...(slowest > SLOWEST_MS_MAX ? [`${name}: the slowest took ${slowest.toFixed(0)} ms`] : []),
    ...attacked.problems.map((problem) => `${name}: ${problem}`),
  ];
}

function slowestOf({ ms }: Observed): number {
  return Math.max(0, ...[...ms.values()].flat());
}
