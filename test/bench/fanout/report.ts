import type { Measured } from './measure.ts';
import { quartiles, withQuartiles, type Quartiles } from '../quartiles.ts';
import type { Side } from './sides.ts';

/** From this many sockets on the gateway has to be faster than the peer. */
const TARGET_SOCKETS = 1_000;

/** One line of the table. */
export interface Row {
  readonly sockets: number;
  readonly side: Side['name'];
  /** How many times the gateway's time, by medians; null with another number of sockets. */
  readonly ratio: number | null;
  /** How many times the gateway's CPU of the server for a message, by medians. */
  readonly cpuRatio: number;
  readonly lastSocketMs: Quartiles;
  readonly serverUs: Quartiles;
  readonly clientUs: Quartiles;
}

const NAMES: Readonly<Record<Side['name'], string>> = {
  gateway: 'gateway',
  peer: 'Node + Yoga + graphql-ws',
  hub: 'bare hub in workerd',
  limit: 'hand-written Node',
};

/** One row for each side, in the order they were measured in. `all`: of one number of sockets. */
export function toRows(all: readonly Measured[]): readonly Row[] {
  const gateway = all.find(({ side }) => side === 'gateway');
  const gatewayMs = quartiles(gateway?.lastSocketMs ?? []).median;
  const gatewayUs = quartiles(gateway?.serverUs ?? []).median;
  return all.map(({ sockets, side, lastSocketMs, serverUs, clientUs }) => {
    const ms = quartiles(lastSocketMs);
    return {
      sockets,
      side,
      ratio: sockets === gateway?.sockets ? ms.median / gatewayMs : null,
      cpuRatio: quartiles(serverUs).median / gatewayUs,
      lastSocketMs: ms,
      serverUs: quartiles(serverUs),
      clientUs: quartiles(clientUs),
    };
  });
}

/** The table, and below it a line for every target that was missed or that says that none was. */
export function toText(rows: readonly Row[]): string {
  const head = [
    'sockets',
    'side',
    'time / gateway',
    'CPU / gateway',
    'ms to the last socket',
    'server us / message',
    'client us',
  ];
  const cells = rows.map(({ sockets, side, ratio, cpuRatio, lastSocketMs, serverUs, clientUs }) => [
    String(sockets),
    NAMES[side],
    ratio?.toFixed(2) ?? '-',
    cpuRatio.toFixed(2),
    withQuartiles(lastSocketMs),
    withQuartiles(serverUs),
    clientUs.median.toFixed(1),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const lines = [head, ...cells].map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '));
  return [...lines, '', ...verdicts(rows)].join('\n');
}

function verdicts(rows: readonly Row[]): readonly string[] {
  return rows
    .filter(({ side, sockets }) => side === 'peer' && sockets >= TARGET_SOCKETS)
    .map(({ sockets, ratio }) =>
      ratio !== null && ratio > 1
        ? `target met: with ${sockets} sockets the gateway is ${ratio.toFixed(2)} times as fast as the peer`
        : `TARGET NOT MET: with ${sockets} sockets the gateway is slower than the peer, which needs ${ratio?.toFixed(2) ?? '?'} of its time`,
    );
}
