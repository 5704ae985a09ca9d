import { cpuUs } from '../fanout/cpu.ts';
import { percentile } from '../percentile.ts';
import { OTHER_CORES } from './cores.ts';
import { openConnection, type Connection, type HttpAnswer } from './http-client.ts';

/** One server under one load for one round. */
export interface Round {
  readonly requests: number;
  readonly perSecond: number;
  /** The server's own, user and system. */
  readonly cpuUsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How much of the time the load and the fake Kling were at work: near 1 they are the slower side, and the throughput is theirs. */
  readonly loadBusy: number;
}

export interface Load {
  readonly pid: number;
  readonly port: number;
  readonly request: Buffer;
  readonly connections: number;
  readonly seconds: number;
  /** What every answer has to be, byte by byte. */
  readonly expected: Buffer;
  /** The fake Kling's process. */
  readonly klingPid: number;
}

/** An answer that is not what it has to be. */
export class WrongAnswer extends Error {}

/** Keeps `connections` requests under way for so many seconds. Throws `WrongAnswer` for the first answer that is not right. */
export async function runLoad({ pid, port, request, connections, seconds, expected, klingPid }: Load): Promise<Round> {
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const open: Connection[] = [];
  const onFault = (reason: string): void => fail(new WrongAnswer(reason));
  try {
    for (let i = 0; i < connections; i += 1) open.push(await openConnection(port, onFault));
    const ms: number[] = [];
    const clientBefore = cpuUs(process.pid);
    const klingBefore = cpuUs(klingPid);
    const cpuBefore = cpuUs(pid);
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1_000;

    async function repeat(connection: Connection): Promise<void> {
      return new Promise((resolve) => {
        let sentMs = performance.now();
        function onAnswer({ status, body }: HttpAnswer): void {
          const nowMs = performance.now();
          ms.push(nowMs - sentMs);
          if (status !== 200 || !expected.equals(body)) return fail(wrong(status, body));
          if (nowMs >= endMs) {
            // Servers close what is idle while the slowest are still waited for.
            connection.close();
            return resolve();
          }
          sentMs = nowMs;
          connection.send(request, onAnswer);
        }
        connection.send(request, onAnswer);
      });
    }

    await Promise.race([Promise.all(open.map(repeat)), failed]);
    const tookMs = performance.now() - startedMs;
    const cpu = cpuUs(pid) - cpuBefore;
    const clientBusy = (cpuUs(process.pid) - clientBefore) / 1_000 / tookMs;
    const klingBusy = (cpuUs(klingPid) - klingBefore) / 1_000 / tookMs;
    ms.sort((a, b) => a - b);
    return {
      requests: ms.length,
      perSecond: (ms.length * 1_000) / tookMs,
      cpuUsPerRequest: cpu / ms.length,
      p50Ms: percentile(ms, 0.5),
      p99Ms: percentile(ms, 0.99),
      loadBusy: Math.max(clientBusy, klingBusy, (clientBusy + klingBusy) / OTHER_CORES),
    };
  } finally {
    for (const connection of open) connection.close();
  }
}

function wrong(status: number, body: Buffer): WrongAnswer {
  return new WrongAnswer(`answered ${status} with ${body.toString('utf8').slice(0, 300)}`);
}
