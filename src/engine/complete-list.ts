import { GraphQLError } from 'graphql';
import { completeAsyncList } from './complete-async-list.ts';
import { createCompleteItem } from './complete-item.ts';
import type { Position } from './position.ts';
import type { Frame } from './frame.ts';
import { type Complete, fieldNameOf, type Site } from './site.ts';
import { forget, isAsyncIterable, isIterable, isPromiseLike } from './values.ts';

const iterateArray = Array.prototype[Symbol.iterator];

/** A list: of what is iterable, strings aside. Its items may be promises, and so may the list then. */
export function compileList(site: Site, item: Position, complete: Complete, isOfLeaves: boolean): Complete {
  const completeItem = createCompleteItem(item, complete, isOfLeaves);

  function completeArray(items: readonly unknown[], frame: Frame): unknown {
    const list: unknown[] = [];
    let isPending = false;
    let index = 0;
    try {
      // Also what is added to it meanwhile, as its iterator has it.
      for (; index < items.length; index += 1) {
        const completed = completeItem(items[index], index, frame);
        list.push(completed);
        if (completed instanceof Promise) isPending = true;
      }
    } catch (error) {
      if (isPending) forget(list);
      forget(items.slice(index + 1));
      throw error;
    }
    return isPending ? Promise.all(list) : list;
  }

  function completeIterable(items: Iterable<unknown>, frame: Frame): unknown {
    const list: unknown[] = [];
    let isPending = false;
    const iterator = items[Symbol.iterator]();
    try {
      for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
        const completed = completeItem(next.value, list.length, frame);
        list.push(completed);
        if (completed instanceof Promise) isPending = true;
      }
    } catch (error) {
      if (isPending) forget(list);
      forget(restOf(iterator));
      throw error;
    }
    return isPending ? Promise.all(list) : list;
  }

  return (value, frame) => {
    if (isAsyncIterable(value)) return completeAsyncList(value, completeItem, item, frame);
    if (Array.isArray(value) && value[Symbol.iterator] === iterateArray) return completeArray(value, frame);
    if (isIterable(value)) return completeIterable(value, frame);
    throw new GraphQLError(`Expected Iterable, but did not find one for field "${fieldNameOf(site)}".`);
  };
}

/** The promises that a list would have had: graphql walks the list to its end, whatever happened. */
function restOf(iterator: Iterator<unknown>): readonly unknown[] {
  const rest: unknown[] = [];
  try {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      if (isPromiseLike(next.value)) rest.push(next.value);
    }
  } catch {
    // Nothing more can be known of it.
  }
  return rest;
}
