import { quartiles, withQuartiles, type Quartiles } from '../quartiles.ts';
import type { Cold } from './cold.ts';
import type { Footprint, Measured, Scenario } from './measure.ts';
import { OPERATIONS, type OperationName } from './operations.ts';
import { compare, figuresOf, roundsOf } from './ratios.ts';
import { isReached, toVerdicts, type Verdict } from './targets.ts';

/** One server under one load. Ratios come first. They compare adjacent rounds. */
export interface Row extends Scenario {
  readonly server: string;
  /** The server's CPU divided by that of its baseline. Null if the baseline was not measured or its CPU is too small. */
  readonly cpuRatio: Quartiles | null;
  /** The gateway's CPU divided by this server's. Null as above. */
  readonly gatewayCpu: Quartiles | null;
  /** The gateway's throughput divided by this server's. */
  readonly gatewayRate: Quartiles | null;
  readonly cpuUs: Quartiles;
  readonly perSecond: Quartiles;
  readonly p50Ms: Quartiles;
  readonly p99Ms: Quartiles;
  /** The busy share of the load and the fake Kling. */
  readonly loadBusy: number;
}

/** A server's process. */
export interface ProcessRow extends Footprint {
  /** The startup time minus that of an empty Worker, by medians. Null if it was not measured. */
  readonly startMs: number | null;
  readonly answerMs: number | null;
}

export interface Report {
  readonly rows: readonly Row[];
  readonly processes: readonly ProcessRow[];
  readonly verdicts: readonly (Verdict & { readonly reached: boolean | null })[];
}

/** The smallest CPU time of a round that is compared. */
const CPU_US_MIN = 20_000;

/** The busy share above which the load may be the bottleneck. */
const BUSY_MAX = 0.9;

/** Returns the baseline of an operation: the simplest server that does the same. */
function baseOf(operation: OperationName): string {
  if (operation === 'ledger') return 'object';
  return operation === 'fan-out' ? 'hand-written' : 'pass-through';
}

export function toReport(
  measured: readonly Measured[],
  footprints: readonly Footprint[],
  cold: readonly Cold[],
): Report {
  const empty = cold.find(({ server }) => server === 'empty');
  const over = (server: string, figure: 'startMs' | 'answerMs'): number | null => {
    const own = cold.find((one) => one.server === server);
    return own === undefined || empty === undefined
      ? null
      : quartiles(own[figure]).median - quartiles(empty[figure]).median;
  };
  return {
    rows: measured.map(({ server, operation, latencyMs, connections, rounds }) => {
      const scenario = { operation, latencyMs, connections };
      return {
        ...scenario,
        server,
        cpuRatio: cpuRatio(measured, [server, baseOf(operation)], scenario),
        gatewayCpu: cpuRatio(measured, ['gateway', server], scenario),
        gatewayRate: compare(measured, ['gateway', server], scenario, (one, other) => one.perSecond / other.perSecond),
        cpuUs: figuresOf(rounds, 'cpuUsPerRequest'),
        perSecond: figuresOf(rounds, 'perSecond'),
        p50Ms: figuresOf(rounds, 'p50Ms'),
        p99Ms: figuresOf(rounds, 'p99Ms'),
        loadBusy: figuresOf(rounds, 'loadBusy').median,
      };
    }),
    processes: footprints.map((footprint) => ({
      ...footprint,
      startMs: over(footprint.server, 'startMs'),
      answerMs: over(footprint.server, 'answerMs'),
    })),
    verdicts: toVerdicts(measured, cold).map((verdict) => ({ ...verdict, reached: isReached(verdict) })),
  };
}

/** Prints the loads, the processes and the targets as tables. */
export function toText({ rows, processes, verdicts }: Report): string {
  return [
    toTable(
      [
        'operation',
        'Kling',
        'at once',
        'server',
        'CPU x',
        'gateway CPU x',
        'gateway faster x',
        'CPU us',
        'requests/s',
        'p50 ms',
        'p99 ms',
      ],
      rows.map((row) => [
        OPERATIONS.find(({ name }) => name === row.operation)?.title ?? row.operation,
        `${row.latencyMs} ms`,
        String(row.connections),
        row.server,
        ratio(row.cpuRatio),
        ratio(row.gatewayCpu),
        ratio(row.gatewayRate),
        withQuartiles(row.cpuUs),
        `${withQuartiles(row.perSecond)}${row.loadBusy > BUSY_MAX ? ' (load at its limit)' : ''}`,
        row.p50Ms.median.toFixed(3),
        row.p99Ms.median.toFixed(3),
      ]),
    ),
    toTable(
      [
        'server',
        'what it is',
        'first right answer, ms over empty',
        'script has run, ms over empty',
        'gzip KB',
        'memory after MB',
      ],
      processes.map((row) => [
        row.server,
        row.title,
        row.answerMs?.toFixed(0) ?? '-',
        row.startMs?.toFixed(0) ?? '-',
        row.gzipBytes === null ? '-' : (row.gzipBytes / 1_024).toFixed(1),
        (row.residentBytes / 1_048_576).toFixed(0),
      ]),
    ),
    toTable(
      ['promised', 'target', 'measured', ''],
      verdicts.map(({ text, actual, limit, bound, unit, reached }) => [
        text,
        `${bound === 'MOST' ? '<=' : '>='} ${limit} ${unit}`,
        actual === null ? '-' : `${actual.toFixed(2)} ${unit}`,
        reached === null ? 'not measured' : reached ? 'reached' : 'NOT REACHED',
      ]),
    ),
  ].join('\n\n');
}

function ratio(value: Quartiles | null): string {
  return value === null ? '-' : `${value.median.toFixed(2)} [${value.q1.toFixed(2)}-${value.q3.toFixed(2)}]`;
}

/** Returns null also if the CPU time of a round is too small for its clock, which ticks every 10 ms. */
function cpuRatio(
  measured: readonly Measured[],
  pair: readonly [string, string],
  scenario: Scenario,
): Quartiles | null {
  const isTold = pair.every((server) =>
    roundsOf(measured, server, scenario)?.every(
      ({ cpuUsPerRequest, requests }) => cpuUsPerRequest * requests >= CPU_US_MIN,
    ),
  );
  if (!isTold) return null;
  return compare(measured, pair, scenario, (one, other) => one.cpuUsPerRequest / other.cpuUsPerRequest);
}

function toTable(head: readonly string[], cells: readonly (readonly string[])[]): string {
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');
  return [head, ...cells].map((row) => line(row).trimEnd()).join('\n');
}
