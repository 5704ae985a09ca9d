import { runInDurableObject } from 'cloudflare:test';
import type { ExpectStatic } from 'vitest';
import { attachmentOf } from '../../src/hub/admission.ts';
import { openReady, openSocket, withBusyHubs, type StartedTask, type TestSocket } from './socket.ts';

/** One thing that a client of graphql-transport-ws does, or has to see. */
export type Step =
  | { readonly send: string | object }
  /** On a new socket: the second message is read while the first is being answered. */
  | { readonly sendBoth: readonly [string, object] }
  /** The next frame, whole. */
  | { readonly gets: object }
  /** The next frame is an `error` for operation 1, with these errors in this order. */
  | { readonly refused: readonly { readonly message: RegExp; readonly locations?: readonly object[] }[] }
  /** The server closes the socket. */
  | { readonly closes: number; readonly reason: string | RegExp }
  /** The client closes it. */
  | { readonly leaves: number }
  | { readonly task: Parameters<StartedTask['advance']>[0] }
  /** Everything that was sent has been read, and nothing else has come. */
  | 'quiet';

export interface SocketCase {
  readonly name: string;
  /** True: on a socket that has said nothing yet. Otherwise it was acknowledged. */
  readonly isNew?: boolean;
  /** A function gets the id of a task of its own. */
  readonly steps: readonly Step[] | ((taskId: string) => readonly Step[]);
  /** The reference server does something else: what it is, or why the gateway does not do the same. */
  readonly differs?: string;
}

/** Cases with the name that a test has. */
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

/** Straight into the hub: the platform may hold a message back until the one before is answered. */
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
