import { buildSchema, parse } from 'graphql';
import { describe, it } from 'vitest';
import { compileOperation } from '../../src/engine/compile-operation.ts';
import { bundledCopies, createCopies } from '../../src/engine/set-fields-copies.ts';
import { type SetFields, setFields } from '../../src/engine/set-fields.ts';

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

/** Fills `seen` with the copies by which the name is read, by their modules. */
function watched(cat: Cat, seen: Set<string>): Cat {
  return {
    get name() {
      for (const [copy] of new Error().stack?.matchAll(/set-fields\.ts\?\d+&copy/g) ?? []) seen.add(copy);
      return cat.name;
    },
    lives: cat.lives,
  };
}

const HOT = bundledCopies.hotItems;
const cats = Array.from({ length: HOT + 5 }, (_, i) => ({ name: `cat ${i}`, lives: i % 3 === 0 ? null : i }));

/** A pool of so many. */
function createPool(count: number) {
  const texts = Array.from(
    { length: count },
    (): SetFields =>
      (...args) =>
        setFields(...args),
  );
  return createCopies(texts, 10);
}

const field = (key: string) => ({ key, select: () => null, property: null, next: null, set: setFields });
const fields = (count: number) => Array.from({ length: count }, (_, i) => field(`f${i}`));

describe('the copies of this isolate', () => {
  it('are taken for what many items of lists are made of, and change nothing', ({ expect }) => {
    const seen = new Set<string>();
    const early = cats.map((cat, i) => (i < HOT ? watched(cat, seen) : cat));
    expect(run('{ cats { lives name } }', early)).toEqual({ data: { cats } });
    expect([...seen]).toEqual([]);
    // Another operation has at once what was taken for the same fields.
    expect(run('query Again { cats { lives name } }', [watched(cats[0]!, seen)])).toEqual({
      data: { cats: [cats[0]] },
    });
    // That of the field before is still there: it has called the next.
    expect(seen.size).toBe(2);
  });
});

describe('a pool of copies', () => {
  it('gives the same ones for the same fields of a type, and none twice', ({ expect }) => {
    const pool = createPool(10);
    const [a, b] = [field('a'), field('b')];
    expect(pool.find('Dog', [a, b], 9)).toBe(null);
    const copies = pool.find('Dog', [a, b], 10);
    expect(copies).toHaveLength(2);
    expect(pool.find('Dog', [a, b], 0)).toBe(copies);
    const others = [...(pool.find('Dog', [b, a], 10) ?? []), ...(pool.find('Horse', [a, b], 10) ?? [])];
    expect(new Set([...(copies ?? []), ...others]).size).toBe(6);
  });

  it('has none where there are not as many left, and what was taken stays', ({ expect }) => {
    const pool = createPool(10);
    const copies = pool.find('Dog', fields(8), 10);
    expect(copies).toHaveLength(8);
    expect(pool.find('Horse', fields(3), 10)).toBe(null);
    expect(pool.find('Horse', fields(2), 10)).toHaveLength(2);
    expect(pool.find('Cat', fields(1), 10)).toBe(null);
    expect(pool.find('Dog', fields(8), 0)).toBe(copies);
  });

  it('keeps them from very long selections, and from those of the schema itself', ({ expect }) => {
    const pool = createPool(100);
    expect(pool.find('Dog', fields(17), 10)).toBe(null);
    expect(pool.find('__Type', fields(1), 10)).toBe(null);
    expect(pool.find('Dog', fields(16), 10)).toHaveLength(16);
  });
});
