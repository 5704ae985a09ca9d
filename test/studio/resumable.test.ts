import { describe, it } from 'vitest';
import { subscribeResumably, type Progress } from '../../src/studio/api/resumable.ts';

type Subscribe = Parameters<typeof subscribeResumably>[2]['socket']['subscribe'];
type Handlers = Parameters<Subscribe>[1];

/** A client of a socket that the test controls. */
function createSocket() {
  const attempts: { variables: Record<string, unknown>; handlers: Handlers; stopped: boolean }[] = [];
  const subscribe = ((payload: { variables: Record<string, unknown> }, handlers: Handlers) => {
    const attempt = { variables: payload.variables, handlers, stopped: false };
    attempts.push(attempt);
    return () => void (attempt.stopped = true);
  }) as Subscribe;
  return { attempts, socket: { subscribe } };
}

function start() {
  const { attempts, socket } = createSocket();
  const waits: number[] = [];
  const wakes: (() => void)[] = [];
  const ended: unknown[] = [];
  const progress: Progress = { cursor: null, isWaiting: false };
  const stop = subscribeResumably(
    { query: 'subscription', variables: { filter: 'mine' } },
    { next: () => {}, error: (error) => ended.push(error), complete: () => {} },
    {
      socket,
      progress,
      waitToRetry(retries) {
        waits.push(retries);
        return new Promise((resolve) => wakes.push(resolve));
      },
    },
  );
  async function wake(): Promise<void> {
    wakes.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  }
  return { attempts, waits, ended, progress, stop, wake };
}

const event = (cursor: string) => ({ data: { taskUpdates: { cursor } } });
const refusal = (extensions: object) => [{ message: 'No.', extensions }] as never;

describe('a subscription that the gateway ends with an error', () => {
  it('resumes after its last event, later with each attempt, and early again after an event', async ({ expect }) => {
    const { attempts, waits, ended, progress, wake } = start();
    attempts[0]!.handlers.next(event('c1'));
    attempts[0]!.handlers.error(refusal({ code: 'RATE_LIMITED', retryable: true }));
    expect(progress.isWaiting).toBe(true);
    await wake();
    expect(attempts[1]!.variables).toEqual({ filter: 'mine', after: 'c1' });
    expect(progress.isWaiting).toBe(false);
    attempts[1]!.handlers.error(refusal({ code: 'INTERNAL', retryable: true }));
    await wake();
    attempts[2]!.handlers.next(event('c2'));
    attempts[2]!.handlers.error(refusal({}));
    await wake();
    expect(attempts[3]!.variables).toEqual({ filter: 'mine', after: 'c2' });
    expect(waits).toEqual([0, 1, 0]);
    expect(ended).toEqual([]);
  });

  it.for([
    ['the error is not retryable', refusal({ code: 'FORBIDDEN', retryable: false })],
    ['graphql-ws has given up', new Error('closed')],
  ] as const)('ends if %s', async ([, error], { expect }) => {
    const { attempts, waits, ended, progress } = start();
    attempts[0]!.handlers.error(error);
    expect(ended).toEqual([error]);
    expect([attempts.length, waits, progress.isWaiting]).toEqual([1, [], false]);
  });

  it('does not resume after it was unsubscribed', async ({ expect }) => {
    const { attempts, progress, stop, wake } = start();
    attempts[0]!.handlers.error(refusal({ retryable: true }));
    stop();
    await wake();
    expect([attempts.length, attempts[0]!.stopped, progress.isWaiting]).toEqual([1, true, false]);
  });
});
