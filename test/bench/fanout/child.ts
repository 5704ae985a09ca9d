import { fork } from 'node:child_process';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** A server in its own Node process. */
export interface ChildServer {
  readonly pid: number;
  readonly port: number;
  close(): void;
}

/** Runs a script of this folder that calls `serve`. Resolves once it listens. */
export async function startChild(script: string, args: readonly string[]): Promise<ChildServer> {
  const child = fork(join(import.meta.dirname, script), args, {
    env: { ...process.env, NODE_ENV: 'production' },
    // One listener for each socket is intended.
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

/** Listens on a free port of the loopback in the child, and sends the port to the parent. Exits with its parent. */
export function serve(server: Server): void {
  server.keepAliveTimeout = 600_000;
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, () => {
    process.send?.({ port: (server.address() as AddressInfo).port });
  });
  process.once('disconnect', () => process.exit());
}

/** Reads the whole body of a request. */
export async function readBody(request: IncomingMessage): Promise<string> {
  return text(request);
}
