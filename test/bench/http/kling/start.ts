import { startChild } from '../../fanout/child.ts';
import { openConnection, toRequest, type HttpAnswer } from '../http-client.ts';

/** The fake Kling, in a process of its own. */
export interface Kling {
  readonly url: string;
  readonly pid: number;
  /** From now on its answers come so late. */
  setLatency(ms: number): Promise<void>;
  /** How many requests it has had. */
  count(): Promise<number>;
  /** What it answers to this, as JSON. */
  ask(method: string, path: string, body: string): Promise<unknown>;
  close(): void;
}

export async function startKling(): Promise<Kling> {
  const child = await startChild('../http/kling/server.ts', []);

  async function ask(method: string, path: string, body: string): Promise<unknown> {
    const answer = await askOnce(child.port, toRequest(method, path, body));
    return JSON.parse(answer.body.toString('utf8'));
  }

  return {
    url: `http://127.0.0.1:${child.port}`,
    pid: child.pid,
    async setLatency(ms) {
      await ask('GET', `/bench/latency?ms=${ms}`, '');
    },
    async count() {
      return ((await ask('GET', '/bench/count', '')) as { count: number }).count;
    },
    ask,
    close: () => child.close(),
  };
}

/** Sends one request on a connection of its own. */
export async function askOnce(port: number, request: Buffer): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const connection = await openConnection(port, (reason) => reject(new Error(reason)));
  connection.send(request, resolve);
  return promise.finally(() => connection.close());
}
