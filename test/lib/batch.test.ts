import { describe, it } from 'vitest';
import { createBatch } from '../../src/lib/batch.ts';

/** A load that answers with what it was asked for, doubled; it has nothing under 0. `calls` holds what each call was asked. */
function createDoubler(keysMax?: number) {
  const calls: (readonly number[])[] = [];
  const loadOne = createBatch({
    load: async (keys: readonly number[]) => {
      calls.push(keys);
      return keys.map((key) => (key < 0 ? null : key * 2));
    },
    ...(keysMax === undefined ? {} : { keysMax }),
  });
  return { calls, loadOne };
}

describe('a batch', () => {
  it('loads by one call what is asked for in one turn, each key once', async ({ expect }) => {
    const { calls, loadOne } = createDoubler();
    expect(await Promise.all([3, 1, 3, -1, 2, 1].map(loadOne))).toEqual([6, 2, 6, null, 4, 2]);
    expect(calls).toEqual([[3, 1, -1, 2]]);
  });

  it('keeps nothing: what is asked for later is loaded again', async ({ expect }) => {
    const { calls, loadOne } = createDoubler();
    expect(await loadOne(1)).toBe(2);
    expect(await Promise.all([1, 2].map(loadOne))).toEqual([2, 4]);
    expect(calls).toEqual([[1], [1, 2]]);
  });

  it('takes what is asked for while it loads into the next call', async ({ expect }) => {
    const gate = Promise.withResolvers<null>();
    const calls: string[][] = [];
    const loadOne = createBatch({
      async load(keys: readonly string[]) {
        calls.push([...keys]);
        await gate.promise;
        return keys;
      },
    });
    const first = loadOne('a');
    await Promise.resolve();
    const second = loadOne('b');
    gate.resolve(null);
    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
    expect(calls).toEqual([['a'], ['b']]);
  });

  it('makes several calls of too many keys', async ({ expect }) => {
    const { calls, loadOne } = createDoubler(2);
    expect(await Promise.all([1, 2, 3, 4, 5].map(loadOne))).toEqual([2, 4, 6, 8, 10]);
    expect(calls).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('that fails fails all who asked, and not those who ask later', async ({ expect }) => {
    let isDown = true;
    const loadOne = createBatch({
      load: (keys: readonly number[]) => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(keys)),
    });
    const failed = await Promise.allSettled([1, 2].map(loadOne));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isDown = false;
    expect(await loadOne(1)).toBe(1);
  });
});
