import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A CPU profile of the DevTools protocol. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** The node of each sample. */
  readonly samples: readonly number[];
  /** The microseconds between each sample and the one before. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** The line, from 0. */
    readonly lineNumber: number;
  };
  readonly children?: readonly number[];
}

/** The inspector of a workerd that serves one Worker. */
export interface Inspector {
  start(): Promise<void>;
  stop(): Promise<CpuProfile>;
  close(): void;
}

const SAMPLE_US = 250;

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Connects to the first Worker that the inspector lists. */
export async function openInspector(port: number): Promise<Inspector> {
  const response = await fetch(`http://127.0.0.1:${port}/json`);
  const [target] = (await response.json()) as { readonly webSocketDebuggerUrl: string }[];
  if (target === undefined) throw new Error('the inspector lists no Worker');
  const socket = new WebSocket(target.webSocketDebuggerUrl, { maxPayload: 1_000_000_000 });
  await once(socket, 'open');
  const waiting = new Map<number, (message: Message) => void>();
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString('utf8')) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
  });

  async function call(method: string, params: object = {}): Promise<unknown> {
    const id = waiting.size + 1;
    const { promise, resolve } = Promise.withResolvers<Message>();
    waiting.set(id, resolve);
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await promise;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  await call('Profiler.enable');
  await call('Profiler.setSamplingInterval', { interval: SAMPLE_US });
  return {
    async start() {
      await call('Profiler.start');
    },
    async stop() {
      const { profile } = (await call('Profiler.stop')) as { readonly profile: CpuProfile };
      return profile;
    },
    close: () => socket.close(),
  };
}
