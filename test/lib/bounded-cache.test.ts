import { it } from 'vitest';
import { createBoundedCache } from '../../src/lib/cache.ts';

const cache = () => createBoundedCache<number>({ charsPerEntryMax: 4, charsMax: 10 });

it('keeps what fits, and lets go of what was unused for longest', ({ expect }) => {
  const kept = cache();
  kept.set('aaaa', 1);
  kept.set('bbbb', 2);
  kept.get('aaaa');
  kept.set('cccc', 3);
  expect(['aaaa', 'bbbb', 'cccc'].map((document) => kept.get(document))).toEqual([1, undefined, 3]);
});

it('does not keep a long document, and lets nothing go for it', ({ expect }) => {
  const kept = cache();
  kept.set('aaaa', 1);
  kept.set('bbbbb', 2);
  expect([kept.get('aaaa'), kept.get('bbbbb')]).toEqual([1, undefined]);
});

it('counts a document once, however often it is set', ({ expect }) => {
  const kept = cache();
  kept.set('bbbb', 2);
  for (let i = 0; i < 10; i += 1) kept.set('aaaa', i);
  expect([kept.get('aaaa'), kept.get('bbbb')]).toEqual([9, 2]);
});

it('counts the text of a document that is kept by its hash', ({ expect }) => {
  const kept = createBoundedCache({ charsPerEntryMax: 4, charsMax: 6, charsOf: (text: string) => text.length });
  kept.set('1', 'aaaa');
  kept.set('2', 'bbbb');
  kept.set('3', 'ccccc');
  expect(['1', '2', '3'].map((hash) => kept.get(hash))).toEqual([undefined, 'bbbb', undefined]);
});
