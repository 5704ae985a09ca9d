import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { onLastCore } from './cores.ts';
import { openConnection, type Connection, type HttpAnswer } from './http-client.ts';

/** A server's process, with its startup time. */
export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** The time from the start to the first right answer. The port listens before the Worker's script has run. */
  readonly answerMs: number;
  /** Sends SIGKILL. Resolves once the process has exited. */
  kill(): Promise<void>;
}

/** The command that starts a server, and its port. */
export interface Command {
  readonly command: readonly string[];
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** The running processes. They are killed when this process exits, except by SIGKILL. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const LISTEN_MS_MAX = 60_000;
const ANSWER_MS_MAX = 20_000;
const RETRY_MS = 1;

/** Starts a server, and sends `request` once it accepts a connection. `check` throws for a wrong answer. */
export async function startProcess(
  { command, port, env = {} }: Command,
  request: Buffer,
  check: (answer: HttpAnswer) => void,
): Promise<ServerProcess> {
  const [file = '', ...args] = onLastCore(command);
  const startedMs = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-2_000)));

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => void child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async function connectWhenUp(): Promise<Connection> {
    for (;;) {
      const connection = await openConnection(port, () => {}).catch(() => null);
      if (connection !== null) return connection;
      if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended with ${child.exitCode}: ${said}`);
      if (performance.now() - startedMs > LISTEN_MS_MAX) throw new Error(`${command.join(' ')} does not listen`);
      await wait(RETRY_MS);
    }
  }

  try {
    const connection = await connectWhenUp();
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const late = setTimeout(() => reject(new Error(`${command.join(' ')} does not answer: ${said}`)), ANSWER_MS_MAX);
    connection.send(request, resolve);
    const answer = await promise.finally(() => clearTimeout(late));
    const answerMs = performance.now() - startedMs;
    connection.close();
    check(answer);
    return { pid: child.pid ?? 0, port, answerMs, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

/** Returns the resident memory of a process, in bytes. Linux only. */
export function residentBytes(pid: number): number {
  const kb = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb ?? Number.NaN) * 1_024;
}
