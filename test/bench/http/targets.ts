import { quartiles } from '../quartiles.ts';
import type { Cold } from './cold.ts';
import type { Measured, Scenario } from './measure.ts';
import type { OperationName } from './operations.ts';
import { compare } from './ratios.ts';

/** A target for one ratio or difference, with the measured value. */
export interface Verdict {
  readonly text: string;
  /** The median. Null if it was not measured. */
  readonly actual: number | null;
  readonly limit: number;
  /** Whether the limit is an upper or a lower bound. */
  readonly bound: 'MOST' | 'LEAST';
  readonly unit: 'x' | 'ms';
}

/** The number of connections of the targets. */
const CONNECTIONS = 32;

/** Returns all targets, met or missed. */
export function toVerdicts(measured: readonly Measured[], cold: readonly Cold[]): readonly Verdict[] {
  function cpu(text: string, operation: OperationName, base: string, limit: number): Verdict {
    const actual = compare(measured, ['gateway', base], under(operation), (one, other) => {
      return one.cpuUsPerRequest / other.cpuUsPerRequest;
    });
    return {
      text: `${text}: CPU of the ${base} Worker's`,
      actual: actual?.median ?? null,
      limit,
      bound: 'MOST',
      unit: 'x',
    };
  }

  function p50(text: string, latencyMs: number, limit: number): Verdict {
    const pair = ['gateway', 'pass-through'] as const;
    const actual = compare(measured, pair, under('task', 1, latencyMs), (one, other) => one.p50Ms - other.p50Ms);
    return { text, actual: actual?.median ?? null, limit, bound: 'MOST', unit: 'ms' };
  }

  function rate(operation: OperationName, peer: string, limit: number): Verdict {
    const actual = compare(measured, ['gateway', peer], under(operation), (one, other) => {
      return one.perSecond / other.perSecond;
    });
    const text = `${operation}: throughput of ${peer}'s`;
    return { text, actual: actual?.median ?? null, limit, bound: 'LEAST', unit: 'x' };
  }

  const answerMs = (server: string): number => {
    return quartiles(cold.find((one) => one.server === server)?.answerMs ?? []).median;
  };
  const coldMs = answerMs('gateway') - answerMs('empty');

  return [
    cpu('one task', 'task', 'guarded', 1.6),
    cpu('page of 30', 'page', 'guarded', 1.4),
    cpu('list of 500', 'list', 'guarded', 1.15),
    cpu('one task', 'task', 'yoga', 0.75),
    cpu('page of 30', 'page', 'yoga', 0.5),
    cpu('list of 500', 'list', 'yoga', 0.2),
    cpu('fan-out', 'fan-out', 'hand-written', 1.15),
    p50('one task, one connection: p50 over the pass-through', 0, 0.15),
    p50('the same with 50 ms at Kling', 50, 1),
    rate('ledger', 'object', 0.5),
    {
      text: 'first right answer of a cold process, over an empty Worker',
      actual: Number.isNaN(coldMs) ? null : coldMs,
      limit: 130,
      bound: 'MOST',
      unit: 'ms',
    },
  ];
}

export function isReached({ actual, limit, bound }: Verdict): boolean | null {
  if (actual === null) return null;
  return bound === 'MOST' ? actual <= limit : actual >= limit;
}

function under(operation: OperationName, connections = CONNECTIONS, latencyMs = 0): Scenario {
  return { operation, latencyMs, connections };
}
