import { it } from 'vitest';
import { createBoundedCache } from '../../src/lib/cache.ts';

const cache = () => createBoundedCache<number>({ charsPerEntryMax: 4, charsMax: 10 });

it('a bounded cache evicts the least recently used entry', ({ expect }) => {
  const kept = cache();
  kept.set('aaaa', 1);
  kept.set('bbbb', 2);
  kept.get('aaaa');
  kept.set('cccc', 3);
  expect(['aaaa', 'bbbb', 'cccc'].map((document) => kept.get(document))).toEqual([1, undefined, 3]);
});

it('a bounded cache neither keeps an entry that is too long nor evicts for it', ({ expect }) => {
  const kept = cache();
  kept.set('aaaa', 1);
  kept.set('bbbbb', 2);
  expect([kept.get('aaaa'), kept.get('bbbbb')]).toEqual([1, undefined]);
});

it('a bounded cache counts an entry once if it is set repeatedly', ({ expect }) => {
  const kept = cache();
  kept.set('bbbb', 2);
  for (let i = 0; i < 10; i += 1) kept.set('aaaa', i);
  expect([kept.get('aaaa'), kept.get('bbbb')]).toEqual([9, 2]);
});

it('a bounded cache counts entries by charsOf', ({ expect }) => {
  const kept = createBoundedCache({ charsPerEntryMax: 4, charsMax: 6, charsOf: (text: string) => text.length });
  kept.set('1', 'aaaa');
  kept.set('2', 'bbbb');
  kept.set('3', 'ccccc');
  expect(['1', '2', '3'].map((hash) => kept.get(hash))).toEqual([undefined, 'bbbb', undefined]);
});
