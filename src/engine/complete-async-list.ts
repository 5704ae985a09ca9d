import { locatedError } from 'graphql';
import type { CompleteItem } from './complete-item.ts';
import { type Position, toPath } from './position.ts';
import type { Frame } from './frame.ts';
import { forget } from './values.ts';

/** A list of what is iterated over asynchronously, one item after another: it is answered as a whole. */
export async function completeAsyncList(
  items: AsyncIterable<unknown>,
  completeItem: CompleteItem,
  item: Position,
  frame: Frame,
): Promise<unknown> {
  const { run } = frame;
  const list: unknown[] = [];
  let isPending = false;
  const iterator = items[Symbol.asyncIterator]();
  let next: IteratorResult<unknown> | undefined;
  try {
    for (;;) {
      try {
        next = await iterator.next();
      } catch (error) {
        throw locatedError(error, item.nodes, item.up === null ? [] : toPath(item.up, frame));
      }
      if (run.isEnded || next.done === true) break;
      const completed = completeItem(next.value, list.length, frame);
      list.push(completed);
      if (completed instanceof Promise) {
        isPending = true;
        // It may fail while later items are still awaited: that is told when all are there.
        forget([completed]);
      }
    }
  } catch (error) {
    close(iterator);
    throw error;
  }
  if (run.isEnded) {
    if (next.done !== true) close(iterator);
    throw new Error('Aborted!');
  }
  return isPending ? Promise.all(list) : list;
}

function close(iterator: AsyncIterator<unknown>): void {
  try {
    forget([iterator.return?.()]);
  } catch {
    // Its reason is not asked for: the list has failed already.
  }
}
