import { buildSchema, parse } from 'graphql';
import { describe, it } from 'vitest';
import { compileOperation } from '../../src/engine/compile-operation.ts';
import { bundledCopies } from '../../src/engine/set-fields-copies.ts';
import { setFields } from '../../src/engine/set-fields.ts';

const schema = buildSchema(`
  type Query { cats: [Cat!]! }
  type Cat { name: String lives: Int friend: Cat }
`);

interface Cat {
  readonly name: string;
  readonly lives: number | null;
}

function run(query: string, cats: readonly Cat[]) {
  return compileOperation(schema, parse(query))?.run({ rootValue: { cats } });
}

/** By which of the copies each property was read, by the names of their modules. */
function watched(cat: Cat, seen: Set<string>): Cat {
  return {
    get name() {
      for (const [copy] of new Error().stack?.matchAll(/set-fields\.ts\?\d+&copy/g) ?? []) seen.add(copy);
      return cat.name;
    },
    lives: cat.lives,
  };
}

const field = (key: string) => ({ key, select: () => null, property: null });

describe('copies of a text', () => {
  it('are taken for what many items of lists are made of, and change nothing', ({ expect }) => {
    const cats = Array.from({ length: bundledCopies.hotItems + 5 }, (_, i) => ({
      name: `cat ${i}`,
      lives: i % 3 === 0 ? null : i,
    }));
    const seen = new Set<string>();
    const early = cats.map((cat, i) => (i < bundledCopies.hotItems ? watched(cat, seen) : cat));
    expect(run('{ cats { lives name } }', early)).toEqual({ data: { cats } });
    expect([...seen]).toEqual([]);
    const late = cats.map((cat, i) => (i < bundledCopies.hotItems ? cat : watched(cat, seen)));
    expect(run('{ cats { lives name } }', late)).toEqual({ data: { cats } });
    // The one of the field before is still there: it has called the next.
    expect(seen.size).toBe(2);
  });

  it('are the same for the same fields of a type, and no two fields share one', ({ expect }) => {
    const copies = bundledCopies.find('Dog', [field('a'), field('b')]);
    expect(bundledCopies.find('Dog', [field('a'), field('b')])).toBe(copies);
    const others = bundledCopies.find('Dog', [field('b'), field('a')]);
    const all = [...(copies ?? []), ...(others ?? []), setFields];
    expect([all.length, new Set(all).size]).toEqual([5, 5]);
  });

  it('are none where there are not as many left, and those that were taken stay', ({ expect }) => {
    const copies = bundledCopies.find('Dog', [field('a'), field('b')]);
    expect(
      bundledCopies.find(
        'Horse',
        Array.from({ length: 100 }, (_, i) => field(`f${i}`)),
      ),
    ).toBe(null);
    for (let i = 0; i < 100; i += 1) bundledCopies.find('Horse', [field(`f${i}`)]);
    expect(bundledCopies.find('Horse', [field('one more')])).toBe(null);
    expect(bundledCopies.find('Dog', [field('a'), field('b')])).toBe(copies);
  });
});
