import type { Measured } from './measure.ts';
import { quartiles, withQuartiles, type Quartiles } from '../quartiles.ts';
import type { Side } from './sides.ts';

/** The smallest number of sockets with which the gateway must be faster than the peer. */
const TARGET_SOCKETS = 1_000;

/** A row of the table. */
export interface Row {
  readonly sockets: number;
  readonly side: Side['name'];
  /** The time of a side divided by the gateway's, by medians. Null if the number of sockets differs. */
  readonly ratio: number | null;
  /** The server's CPU for a message divided by the gateway's, by medians. */
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

/** Returns a row for each side, in the order of the measurements. `all` has one number of sockets. */
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

/** Prints the table, and a line for each missed target, or one line that all are met. */
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
