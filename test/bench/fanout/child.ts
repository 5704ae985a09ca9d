import { fork } from 'node:child_process';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** A server in a Node process of its own. */
export interface ChildServer {
  readonly pid: number;
  readonly port: number;
  close(): void;
}

/** Runs a script of this folder that ends in `serve`. Resolves once it listens. */
export async function startChild(script: string, args: readonly string[]): Promise<ChildServer> {
  const child = fork(join(import.meta.dirname, script), args, {
    env: { ...process.env, NODE_ENV: 'production' },
    // As many listeners as sockets are meant.
    execArgv: ['--disable-warning=MaxListenersExceededWarning'],
  });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
  });
  return { pid: child.pid ?? 0, port, close: end };
}

/** The child's half: listens on a free port of the loopback and tells which. Ends with its parent. */
export function serve(server: Server): void {
  server.keepAliveTimeout = 600_000;
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, () => {
    process.send?.({ port: (server.address() as AddressInfo).port });
  });
  process.once('disconnect', () => process.exit());
}

/** The whole of a request. */
export async function readBody(request: IncomingMessage): Promise<string> {
  return text(request);
}
