import { cpuUs } from '../fanout/cpu.ts';
import { percentile } from '../percentile.ts';
import { OTHER_CORES } from './cores.ts';
import { openConnection, type Connection, type HttpAnswer } from './http-client.ts';

/** One server under one load for one round. */
export interface Round {
  readonly requests: number;
  readonly perSecond: number;
  /** The server's CPU for each request, user and system. */
  readonly cpuUsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The busy share of the load and the fake Kling. Near 1, they are the bottleneck of the throughput. */
  readonly loadBusy: number;
}

export interface Load {
  readonly pid: number;
  readonly port: number;
  readonly request: Buffer;
  readonly connections: number;
  readonly seconds: number;
  /** The expected bytes of every answer. */
  readonly expected: Buffer;
  /** The fake Kling's process. */
  readonly klingPid: number;
}

/** A wrong answer. */
export class WrongAnswer extends Error {}

/** Keeps `connections` requests under way for `seconds`. Throws `WrongAnswer` for the first wrong answer. */
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
            // Other connections become idle during the slowest requests, and the server would close them.
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
