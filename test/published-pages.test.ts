import { getNamedType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { describe, it } from 'vitest';
import coverage from '../docs/kling-coverage.md?raw';
import { schema } from '../src/schema/schema.ts';
import { PUBLISHED, publishedTable } from './support/published-pages.ts';

const tests = import.meta.glob<string>('./{kling,node}/*.test.ts', { query: '?raw', import: 'default', eager: true });

/** Returns whether the schema has `Type.field` or `Type.field(argument:)`. */
function isInSchema(coordinate: string): boolean {
  const [, typeName = '', fieldName = '', , argument] = /^(\w+)\.(\w+)(\((\w+):\))?$/.exec(coordinate) ?? [];
  const type = schema.getType(typeName);
  if (isInputObjectType(type)) return fieldName in type.getFields();
  if (!isObjectType(type) && !isInterfaceType(type)) return false;
  const field = type.getFields()[fieldName];
  if (field === undefined || getNamedType(field.type) === undefined) return false;
  return argument === undefined || field.args.some(({ name }) => name === argument);
}

/** Returns the words of which the test must contain one: Kling's name, or the name of the GraphQL field. */
function wordsOf(kling: string, graphql: string): readonly string[] {
  const onTheWire =
    kling
      .replace(/\s*\(.*\)$/, '')
      .split(/[.,[\]/ ]+/)
      .findLast((word) => word !== '') ?? '';
  return [onTheWire, graphql.replace(/^.*[.](\w+).*$/, '$1')];
}

describe('the table of Kling’s published parameters and fields', () => {
  const rows = PUBLISHED.flatMap(({ endpoint, rows: some }) => some.map((row) => [endpoint, ...row] as const));

  it.for(rows)('%s: %s is %s, shown by %s', ([, kling, graphql, test], { expect }) => {
    if (!graphql.startsWith('(')) expect(isInSchema(graphql)).toBe(true);
    if (graphql.startsWith('(left out')) return;
    const text = tests[`./${test}`] ?? '';
    expect(wordsOf(kling, graphql).some((word) => text.includes(word))).toBe(true);
  });

  it('equals the table in docs/kling-coverage.md', ({ expect }) => {
    expect(coverage).toContain(publishedTable());
  });
});
