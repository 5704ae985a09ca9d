import { once } from 'node:events';
import { SETTINGS } from '../../../../src/config/settings.ts';
import { addressOf, makeTasks, stopped, type Target } from '../tenants/attack.ts';
import { createHttpPool, toCallbackRequest, toGraphqlRequest } from '../tenants/http-pool.ts';
import { createKlingControl } from '../tenants/kling-control.ts';
import { initFrame, openSocketClient, subscribeFrame } from '../tenants/socket-client.ts';
import { openStreamClient } from '../tenants/stream-client.ts';

/** A well-behaved app of one tenant, with a task that never ends. */
export interface App {
  readonly target: Target;
  /** Executes an operation. Throws if the answer has an error. */
  execute(query: string, variables?: object): Promise<unknown>;
  /** Opens a socket and waits until it is accepted. */
  openSocket(number: number): Promise<Watcher>;
  /** Subscribes over SSE. */
  openStream(number: number, operation: object): Watcher;
  /** Makes Kling report a change of the task. Every watcher gets one event. */
  change(): Promise<void>;
  close(): void;
}

/** A socket or stream with live operations. */
export interface Watcher {
  subscribe(id: string, operation: object): void;
  /** Resolves after `count` events over all operations. Rejects if an operation was refused, or after 30 s. */
  told(count: number): Promise<void>;
  /** Returns the cursor of the last event. */
  cursor(): string;
  close(): void;
}

const TOLD_MS_MAX = 30_000;

/** The number of sockets that one address may open. */
export const SOCKETS_PER_ADDRESS = Number(SETTINGS.ADDRESS_SOCKETS_MAX.fallback);

function addressFor(number: number): string {
  return addressOf(Math.floor(number / SOCKETS_PER_ADDRESS));
}

export async function startApp(target: Target): Promise<App> {
  const pool = createHttpPool(target.port);
  const kling = createKlingControl(target.klingPort);
  const [task] = await makeTasks(target, 1);
  let changes = 0;

  return {
    target,
    async execute(query, variables = {}) {
      const { status, body } = await pool.ask(toGraphqlRequest(target, { query, variables }));
      const text = body.toString();
      if (status !== 200 || text.includes('"errors":[')) throw new Error(`${status} ${text.slice(0, 300)}`);
      return (JSON.parse(text) as { readonly data: unknown }).data;
    },

    async openSocket(number) {
      const progress = createProgress();
      const { promise: accepted, resolve: accept } = Promise.withResolvers<string>();
      const caller = { ...target, address: addressFor(number) };
      const onMessage = (message: Buffer): void => {
        if (message.includes('"type":"connection_ack"')) accept('');
        else progress.take(message.toString());
      };
      const socket = await openSocketClient({ port: target.port, caller, onMessage });
      void socket.closed.then((code) => progress.fail(`socket ${number} was closed with ${code}`));
      socket.send(initFrame(target));
      await Promise.race([accepted, progress.failed]);
      return {
        ...progress,
        subscribe: (id, operation) => socket.send(subscribeFrame(id, operation)),
        close: () => socket.close(),
      };
    },

    openStream(number, operation) {
      const progress = createProgress();
      const caller = { ...target, address: addressFor(number) };
      const stream = openStreamClient(target.port, caller, operation, (json) => progress.take(json));
      void stream.closed.then((how) => progress.fail(`stream ${number} was answered ${how}`));
      return { ...progress, subscribe: () => {}, close: () => stream.close() };
    },

    async change() {
      const callback = await kling.change(task?.klingTaskId ?? '', `word-${(changes += 1)}`);
      const { status } = await pool.ask(toCallbackRequest(callback));
      if (status !== 204) throw new Error(`the callback was answered ${status}`);
    },

    close() {
      pool.close();
      kling.close();
    },
  };
}

interface Progress extends Pick<Watcher, 'told' | 'cursor'> {
  take(json: string): void;
  fail(reason: string): void;
  /** Rejects on a failure. Never resolves. */
  readonly failed: Promise<never>;
}

const CURSOR = '"cursor":"';

function createProgress(): Progress {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const counted = new EventTarget();
  const so = { count: 0, last: '' };
  return {
    failed,
    fail: (reason) => reject(new Error(reason)),
    take(json) {
      if (json.includes('"errors":[') || json.includes('"type":"error"')) reject(new Error(json.slice(0, 300)));
      if (json.includes('"type":"complete"')) reject(new Error('an operation was ended'));
      so.count += 1;
      const at = json.indexOf(CURSOR) + CURSOR.length;
      so.last = json.slice(at, json.indexOf('"', at));
      counted.dispatchEvent(new Event('counted'));
    },
    cursor: () => so.last,
    async told(wanted) {
      const late = AbortSignal.timeout(TOLD_MS_MAX);
      while (so.count < wanted) {
        await Promise.race([once(counted, 'counted'), failed, stopped(late)]);
        if (late.aborted) throw new Error(`${so.count} of ${wanted} events came in ${TOLD_MS_MAX} ms`);
      }
    },
  };
}
