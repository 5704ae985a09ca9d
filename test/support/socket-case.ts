import { runInDurableObject } from 'cloudflare:test';
import type { ExpectStatic } from 'vitest';
import { attachmentOf } from '../../src/hub/admission.ts';
import { openReady, openSocket, withBusyHubs, type StartedTask, type TestSocket } from './socket.ts';

/** A step of a client of graphql-transport-ws: a message that it sends, or what it must receive. */
export type Step =
  | { readonly send: string | object }
  /** Sends both on a new socket. The second is read while the first is being answered. */
  | { readonly sendBoth: readonly [string, object] }
  /** Expects this frame next. */
  | { readonly gets: object }
  /** Expects an `error` for operation 1 next, with these errors in this order. */
  | { readonly refused: readonly { readonly message: RegExp; readonly locations?: readonly object[] }[] }
  /** Expects the server to close the socket. */
  | { readonly closes: number; readonly reason: string | RegExp }
  /** Closes the socket with this code. */
  | { readonly leaves: number }
  | { readonly task: Parameters<StartedTask['advance']>[0] }
  /** Expects no frame until everything sent has been read. */
  | 'quiet';

export interface SocketCase {
  readonly name: string;
  /** Starts before `connection_init` if true. By default the connection is acknowledged. */
  readonly isNew?: boolean;
  /** A function gets the id of a new task. */
  readonly steps: readonly Step[] | ((taskId: string) => readonly Step[]);
  /** The behaviour of the reference server, or why the gateway differs from it. */
  readonly differs?: string;
}

/** Pairs each case with the name of its test. */
export function titled<Case extends Pick<SocketCase, 'name' | 'differs'>>(cases: readonly Case[]): [string, Case][] {
  return cases.map((one) => [one.differs === undefined ? one.name : `${one.name} (differs: ${one.differs})`, one]);
}

export async function playSteps(
  { isNew = false, steps }: Omit<SocketCase, 'name'>,
  startTask: () => Promise<StartedTask>,
  expect: ExpectStatic,
): Promise<void> {
  const task = typeof steps === 'function' ? await startTask() : null;
  const socket = isNew ? await openSocket() : await openReady();
  for (const step of typeof steps === 'function' ? steps(task!.globalId) : steps) {
    await play(step, socket, task, expect);
  }
  socket.socket.close(1000);
}

async function play(step: Step, socket: TestSocket, task: StartedTask | null, expect: ExpectStatic): Promise<void> {
  if (step === 'quiet') {
    await socket.isQuiet();
    expect(socket.socket.readyState).toBe(WebSocket.OPEN);
  } else if ('send' in step) {
    socket.send(step.send);
  } else if ('sendBoth' in step) {
    await sendBoth(step.sendBoth);
  } else if ('gets' in step) {
    expect(await socket.next()).toEqual(step.gets);
  } else if ('refused' in step) {
    const payload = step.refused.map(({ message, ...rest }) => ({
      ...rest,
      message: expect.stringMatching(message),
      extensions: { requestId: expect.any(String) },
    }));
    expect(await socket.next()).toMatchObject({ id: '1', type: 'error', payload });
  } else if ('task' in step) {
    await task!.advance(step.task);
  } else if ('leaves' in step) {
    socket.socket.close(step.leaves, 'Bye');
  } else {
    const { code, reason } = await socket.closed();
    expect([code, reason]).toEqual([
      step.closes,
      typeof step.reason === 'string' ? step.reason : expect.stringMatching(step.reason),
    ]);
  }
}

/** Calls the hub directly, since the platform may hold a message back until the one before is answered. */
async function sendBoth(messages: readonly [string, object]): Promise<void> {
  await withBusyHubs((hub) =>
    runInDurableObject(hub, async (instance, state) => {
      for (const socket of state.getWebSockets()) {
        if (socket.readyState !== WebSocket.OPEN || attachmentOf(socket)?.viewer) continue;
        await Promise.all(
          messages.map((one) => instance.webSocketMessage(socket, typeof one === 'string' ? one : JSON.stringify(one))),
        );
      }
    }),
  );
}
