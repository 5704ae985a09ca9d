import { buildSchema, type DocumentNode, getOperationAST, Kind, parse } from 'graphql';
import { describe, it } from 'vitest';
import type { Run } from '../../src/engine/info.ts';
import { type CompiledOperation, createCompiledCache } from '../../src/engine/run.ts';

const schema = buildSchema('type Query { a: String inner: Query }');
const rootValue = { a: 'a', inner: { a: 'b' } };

function operationOf(query: string) {
  const document = parse(query, { noLocation: true });
  return [document, getOperationAST(document)!] as const;
}

/** Executes all fields of an operation without errors, so that all of them are compiled. */
function read(compiled: CompiledOperation | null, coerced: Readonly<Record<string, unknown>> = {}): unknown {
  const variableValues = { sources: {}, coerced };
  const run: Run = {
    rootValue,
    contextValue: null,
    variableValues,
    errors: [],
    nulled: new Set(),
    errorsLeft: 0,
    tooMany: null,
    isAnswered: false,
    isEnded: false,
    abort: null,
    helpers: null,
    getAbortSignal: null,
    getAsyncHelpers: null,
  };
  return compiled?.(variableValues)(rootValue, { run, index: -1, up: null, path: undefined });
}

describe('the cache of compiled operations', () => {
  it('returns the same compiled operation until it is evicted', ({ expect }) => {
    const find = createCompiledCache(schema, 10);
    const operation = operationOf('{ a inner { a } }');
    const compiled = find(...operation);
    expect(read(compiled)).toEqual({ a: 'a', inner: { a: 'b' } });
    find(...operationOf('{ a }'));
    expect(find(...operation)).toBe(compiled);
  });

  it('counts fields when they are compiled, and evicts the least recently used operation', ({ expect }) => {
    const find = createCompiledCache(schema, 10);
    const first = operationOf('{ a inner { a } }');
    const second = operationOf('{ b: a c: a d: a e: a f: a g: a h: a }');
    const [one, two] = [find(...first), find(...second)];
    // Neither operation has been executed, so each counts as one field.
    expect([find(...first) === one, find(...second) === two]).toEqual([true, true]);
    read(one);
    read(two);
    // The operations have 4 and 8 fields.
    expect(find(...second)).toBe(two);
    const again = find(...first);
    expect(again).not.toBe(one);
    expect(read(again)).toEqual({ a: 'a', inner: { a: 'b' } });
  });

  it('counts every variant of an operation, except evicted ones', ({ expect }) => {
    const find = createCompiledCache(schema, 40);
    const names = ['p', 'q', 'r', 's'];
    const fields = names.map((name) => `${name}: a @skip(if: $${name})`).join(' ');
    const many = operationOf(`query (${names.map((name) => `$${name}: Boolean!`).join(', ')}) { ${fields} a }`);
    const other = operationOf('{ a }');
    const kept = find(...other);
    for (let bits = 0; bits < 16; bits += 1) {
      read(find(...many), Object.fromEntries(names.map((name, i) => [name, (bits & (1 << i)) > 0])));
      find(...other);
    }
    // The 16 variants have 48 fields. The 8 that are cached at once have at most 28.
    expect(find(...other)).toBe(kept);
  });

  it('counts the text that the locations of a document hold', ({ expect }) => {
    const find = createCompiledCache(schema, 100);
    const small = operationOf('{ a }');
    const large = parse(`{ a } # ${'x'.repeat(1_600)}`);
    const kept = find(...small);
    const compiled = find(large, getOperationAST(large)!);
    expect(find(...small)).not.toBe(kept);
    expect(find(large, getOperationAST(large)!)).not.toBe(compiled);
  });

  it('compiles an operation again for another document with other fragments', ({ expect }) => {
    const find = createCompiledCache(schema, 100);
    const one = parse('{ ...F } fragment F on Query { a }');
    const operation = getOperationAST(one)!;
    const fragments = parse('fragment F on Query { b: a }').definitions;
    const other: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] };
    expect(read(find(one, operation))).toEqual({ a: 'a' });
    expect(read(find(other, operation))).toEqual({ b: 'a' });
    expect(read(find(one, operation))).toEqual({ a: 'a' });
  });

  it('returns null for what cannot be compiled', ({ expect }) => {
    expect(createCompiledCache(schema, 10)(...operationOf('{ a @ours }'))).toBe(null);
  });
});
