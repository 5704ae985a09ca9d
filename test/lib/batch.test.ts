import { describe, it } from 'vitest';
import { createBatch } from '../../src/lib/cache.ts';

/** Creates a load that doubles its keys, and has no value for negative ones. `calls` holds the keys of each call. */
function createDoubler() {
  const calls: (readonly number[])[] = [];
  const loadOne = createBatch({
    load: async (keys: readonly number[]) => {
      calls.push(keys);
      return keys.map((key) => (key < 0 ? null : key * 2));
    },
  });
  return { calls, loadOne };
}

describe('a batch', () => {
  it('loads the keys of one turn in one call, each once', async ({ expect }) => {
    const { calls, loadOne } = createDoubler();
    expect(await Promise.all([3, 1, 3, -1, 2, 1].map(loadOne))).toEqual([6, 2, 6, null, 4, 2]);
    expect(calls).toEqual([[3, 1, -1, 2]]);
  });

  it('caches nothing', async ({ expect }) => {
    const { calls, loadOne } = createDoubler();
    expect(await loadOne(1)).toBe(2);
    expect(await Promise.all([1, 2].map(loadOne))).toEqual([2, 4]);
    expect(calls).toEqual([[1], [1, 2]]);
  });

  it('loads keys that arrive during a call in the next one', async ({ expect }) => {
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

  it('rejects for all keys of a failed call, and not for later ones', async ({ expect }) => {
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
