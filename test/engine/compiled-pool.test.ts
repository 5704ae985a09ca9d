import { buildSchema, getOperationAST, parse } from 'graphql';
import { describe, it } from 'vitest';
import { createCompiledPool } from '../../src/engine/compiled-pool.ts';

const schema = buildSchema('type Query { a: String inner: Query }');
const rootValue = { a: 'a', inner: { a: 'b' } };

function operationOf(query: string) {
  const document = parse(query, { noLocation: true });
  return [document, getOperationAST(document)!] as const;
}

describe('the pool of compiled operations', () => {
  it('has the same form of an operation as long as there is room', ({ expect }) => {
    const find = createCompiledPool(schema, 10);
    const operation = operationOf('{ a inner { a } }');
    const compiled = find(...operation);
    expect(compiled?.run({ rootValue })).toEqual({ data: { a: 'a', inner: { a: 'b' } } });
    find(...operationOf('{ a }'));
    expect(find(...operation)).toBe(compiled);
  });

  it('counts fields when they are compiled, and lets go of what was unused for longest', async ({ expect }) => {
    const find = createCompiledPool(schema, 10);
    const first = operationOf('{ a inner { a } }');
    const second = operationOf('{ b: a c: a d: a e: a f: a g: a h: a }');
    const [one, two] = [find(...first), find(...second)];
    // Neither has been run: they count as one field each.
    expect([find(...first) === one, find(...second) === two]).toEqual([true, true]);
    await one?.run({ rootValue });
    await two?.run({ rootValue });
    // 4 and 8.
    expect(find(...second)).toBe(two);
    const again = find(...first);
    expect(again).not.toBe(one);
    expect(again?.run({ rootValue })).toEqual({ data: { a: 'a', inner: { a: 'b' } } });
  });

  it('counts every form that conditions give an operation, and those no more that are let go', async ({ expect }) => {
    const find = createCompiledPool(schema, 40);
    const names = ['p', 'q', 'r', 's'];
    const fields = names.map((name) => `${name}: a @skip(if: $${name})`).join(' ');
    const many = operationOf(`query (${names.map((name) => `$${name}: Boolean!`).join(', ')}) { ${fields} a }`);
    const other = operationOf('{ a }');
    const kept = find(...other);
    for (let bits = 0; bits < 16; bits += 1) {
      const variableValues = Object.fromEntries(names.map((name, i) => [name, (bits & (1 << i)) > 0]));
      await find(...many)?.run({ rootValue, variableValues });
      find(...other);
    }
    // Sixteen forms have 48 fields, the eight of them that are kept at once 28 at most.
    expect(find(...other)).toBe(kept);
  });

  it('counts the text of a document that still has it', ({ expect }) => {
    const find = createCompiledPool(schema, 100);
    const small = operationOf('{ a }');
    const large = parse(`{ a } # ${'x'.repeat(1_600)}`);
    const kept = find(...small);
    const compiled = find(large, getOperationAST(large)!);
    expect(find(...small)).not.toBe(kept);
    expect(find(large, getOperationAST(large)!)).not.toBe(compiled);
  });

  it('has nothing for what cannot be compiled', ({ expect }) => {
    expect(createCompiledPool(schema, 10)(...operationOf('{ a @ours }'))).toBe(null);
  });
});
