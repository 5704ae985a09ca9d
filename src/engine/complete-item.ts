import { completePromised, settled } from './complete-promised.ts';
import { type Position, settleError } from './position.ts';
import type { Frame } from './frame.ts';
import type { Complete } from './site.ts';
import { isPromiseLike } from './values.ts';

/** For one item of a list: a promise if it is one, or holds one. Throws only where an item must not be null. */
export type CompleteItem = (item: unknown, index: number, list: Frame) => unknown;

export function createCompleteItem(position: Position, complete: Complete, isLeaf: boolean): CompleteItem {
  const completeComposite: CompleteItem = (item, index, list) => {
    const frame = { run: list.run, index, up: list };
    if (isPromiseLike(item)) return completePromised(item, complete, position, frame);
    try {
      const completed = complete(item, frame);
      return completed instanceof Promise ? settled(completed, position, frame) : completed;
    } catch (error) {
      return settleError(error, position, frame);
    }
  };
  if (!isLeaf) return completeComposite;
  // Nothing is below a leaf: only its error has to know which it is.
  return (item, index, list) => {
    if (isPromiseLike(item)) return completeComposite(item, index, list);
    try {
      const completed = complete(item, list);
      return completed instanceof Promise
        ? settled(completed, position, { run: list.run, index, up: list })
        : completed;
    } catch (error) {
      return settleError(error, position, { run: list.run, index, up: list });
    }
  };
}
