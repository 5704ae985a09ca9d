import { startChild } from '../../fanout/child.ts';
import { openConnection, toRequest, type HttpAnswer } from '../http-client.ts';

/** The fake Kling, in its own process. */
export interface Kling {
  readonly url: string;
  readonly pid: number;
  /** Sets the delay of all later answers. */
  setLatency(ms: number): Promise<void>;
  /** Returns the number of its requests. */
  count(): Promise<number>;
  /** Returns its answer to a request, as JSON. */
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

/** Sends one request on a new connection. */
export async function askOnce(port: number, request: Buffer): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const connection = await openConnection(port, (reason) => reject(new Error(reason)));
  connection.send(request, resolve);
  return promise.finally(() => connection.close());
}
