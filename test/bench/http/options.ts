import { parseArgs } from 'node:util';
import type { Scenario } from './measure.ts';
import { OPERATIONS } from './operations.ts';

/** The options of a run. */
export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  /** The names of servers. Empty means all. */
  readonly only: readonly string[];
  /** Folders of other checkouts whose gateways are measured too. Each gateway has the name of its folder. */
  readonly beside: readonly string[];
  readonly scenarios: readonly Scenario[];
  /** Whether each round also measures the start of new processes. */
  readonly cold: boolean;
  readonly profile: boolean;
}

/** The delay of a distant Kling. Read-through operations are measured with it and without a delay. */
const LATENCY_MS = 50;
const LATE_OPERATIONS = new Set(['task', 'page']);
/** The largest number of connections with the delay. More would only measure waiting. */
const LATE_CONNECTIONS_MAX = 32;

/** Reads the command line. Throws for unknown options. */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '11' },
      seconds: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      beside: { type: 'string', default: '' },
      operations: { type: 'string', default: OPERATIONS.map(({ name }) => name).join(',') },
      connections: { type: 'string', default: '1,32,128' },
      'no-cold': { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
    },
  });
  const operations = OPERATIONS.filter(({ name }) => listOf(values.operations).includes(name));
  const unknown = listOf(values.operations).filter((name) => !operations.some((operation) => operation.name === name));
  if (unknown.length > 0) throw new Error(`--operations: there is no ${unknown.join(', ')}`);
  const connections = listOf(values.connections).map((text) => number('connections', text));
  const only = listOf(values.only);
  return {
    rounds: number('rounds', values.rounds),
    seconds: number('seconds', values.seconds),
    // The gateway is always included, because all others are compared with it.
    only: only.length === 0 ? [] : [...new Set(['gateway', ...only])],
    beside: listOf(values.beside),
    scenarios: [0, LATENCY_MS].flatMap((latencyMs) =>
      operations.flatMap(({ name }) =>
        connections
          .filter((count) => latencyMs === 0 || (LATE_OPERATIONS.has(name) && count <= LATE_CONNECTIONS_MAX))
          .map((count) => ({ operation: name, latencyMs, connections: count })),
      ),
    ),
    cold: !values['no-cold'],
    profile: values.profile,
  };
}

function listOf(text: string): string[] {
  return text.split(',').filter((name) => name !== '');
}

function number(option: string, text: string): number {
  const value = /^\d{1,4}(?:\.\d{1,2})?$/.test(text) ? Number(text) : 0;
  if (value <= 0) throw new Error(`--${option} takes numbers above 0`);
  return value;
}
