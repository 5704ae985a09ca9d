import { type Position, settleError } from './position.ts';
import type { Frame } from './frame.ts';
import type { Complete } from './site.ts';

/**
 * The value of a promise at its position. It takes exactly as many turns as graphql's own executor: which of two errors
 * makes an object null may depend on which is first.
 */
export async function completePromised(
  promise: PromiseLike<unknown>,
  complete: Complete,
  position: Position,
  frame: Frame,
): Promise<unknown> {
  try {
    const value = await promise;
    if (frame.run.isEnded) throw new Error('Aborted!');
    const completed = complete(value, frame);
    return completed instanceof Promise ? await completed : completed;
  } catch (error) {
    return settleError(error, position, frame);
  }
}

/** The value that a promise was completed to, or null for its error. */
export function settled(completed: Promise<unknown>, position: Position, frame: Frame): Promise<unknown> {
  return completed.then(undefined, (error: unknown) => settleError(error, position, frame));
}
