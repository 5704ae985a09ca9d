import type { Measured, Scenario } from './measure.ts';
import { quartiles, type Quartiles } from '../quartiles.ts';
import type { Round } from './load.ts';

/** A figure of a round that can be compared with another server's. */
export type Figure = Exclude<keyof Round, 'requests'>;

/** Returns the rounds of a server under a load. Returns null if it was not measured. */
export function roundsOf(measured: readonly Measured[], server: string, scenario: Scenario): readonly Round[] | null {
  const found = measured.find(
    (candidate) =>
      candidate.server === server &&
      candidate.operation === scenario.operation &&
      candidate.latencyMs === scenario.latencyMs &&
      candidate.connections === scenario.connections,
  );
  return found?.rounds ?? null;
}

/** Returns the quartiles of the ratios of two servers' alternating rounds. Returns null if one was not measured. */
export function compare(
  measured: readonly Measured[],
  [one, other]: readonly [string, string],
  scenario: Scenario,
  toFigure: (one: Round, other: Round) => number,
): Quartiles | null {
  const ones = roundsOf(measured, one, scenario);
  const others = roundsOf(measured, other, scenario);
  if (ones === null || others === null) return null;
  return quartiles(ones.map((round, i) => toFigure(round, others[i]!)));
}

export function figuresOf(rounds: readonly Round[], figure: Figure): Quartiles {
  return quartiles(rounds.map((round) => round[figure]));
}
