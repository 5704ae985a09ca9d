import { buildASTSchema, Kind, parse } from 'graphql';
import { describe, it } from 'vitest';
import { countAnswers } from '../../src/graphql/operation.ts';
import { fragmentsOf } from '../../src/graphql/limits.ts';
import type { FieldCost } from '../../src/lib/field-cost.ts';
import { schema } from '../../src/schema/schema.ts';

function count(query: string, of = schema): number {
  const document = parse(query);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  return countAnswers(of, fragmentsOf(document), operation!);
}

describe('countAnswers counts', () => {
  it.for([
    ['each field once', '{ viewer { tenant subject } }', 3],
    ['a list by its argument', '{ tasks(first: 7) { edges { cursor } pageInfo { hasNextPage } } }', 1 + 7 * 2 + 2],
    ['a list by its default', '{ tasks { edges { cursor } } }', 1 + 20 * 2],
    ['the nodes of a connection', '{ tasks(first: 7) { nodes { id status } } }', 1 + 7 * 3],
    ['nodes and edges both', '{ tasks(first: 7) { nodes { id } edges { cursor node { id } } } }', 1 + 7 * 2 + 7 * 4],
    ['a list inside nodes', '{ tasks(first: 2) { nodes { metadata { key } } } }', 1 + 2 * 2 + 2 * 16],
    ['the maximum for a variable', 'query ($n: Int = 1) { tasks(first: $n) { edges { cursor } } }', 201],
    ['the maximum for a larger argument', '{ tasks(first: 1000000) { edges { cursor } } }', 201],
    ['zero for a negative argument', '{ tasks(first: -5) { edges { cursor } } }', 1],
    ['the default of pageSize', '{ operator { klingTasks(list: LIP_SYNCS) { items { klingStatus } } } }', 2 + 30 * 2],
    [
      'the maximum of pageSize',
      'query ($n: Int!) { operator { klingTasks(list: LIP_SYNCS, pageSize: $n) { items { klingStatus } } } }',
      2_002,
    ],
    ['one item for each id', '{ nodes(ids: ["a", "b", "c"]) { id } }', 1 + 3],
    ['the maximum for an id without brackets', '{ nodes(ids: "a") { id } }', 1 + 100],
    ['the maximum for ids in a variable', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', 1 + 100],
    [
      'a list without an argument by the maximum of the schema',
      '{ nodes(ids: ["a"]) { ... on FaceScan { faces { id } } } }',
      1 + 1 + 20,
    ],
    ['a list of leaves', '{ viewer { scopes } }', 1 + 1 + 7],
    [
      'a list inside a list',
      '{ faceScans(first: 2) { edges { node { faces { id startMs } } } } }',
      1 + 2 * 3 + 2 * 20 * 2,
    ],
    [
      'a list under two aliases twice',
      '{ a: tasks(first: 2) { edges { cursor } } b: tasks(first: 3) { edges { cursor } } }',
      12,
    ],
    [
      'fields of fragments',
      '{ tasks(first: 2) { ...F } } fragment F on TaskConnection { edges { ...G } } fragment G on TaskEdge { cursor }',
      5,
    ],
    [
      'fields of inline fragments',
      '{ ... { tasks(first: 2) { ... on TaskConnection { edges { ... @skip(if: true) { cursor } } } } } }',
      5,
    ],
    [
      'an abstract type as its largest type',
      '{ node(id: "a") { id ... on Voice { name owner } ... on Face { startMs } ... on Task { status ... on VoiceTask { createdAt } ...F } } } fragment F on LipSyncTask { createdAt updatedAt }',
      1 + 4,
    ],
    [
      'only the types that the failure of a task can have',
      '{ tasks(first: 2) { nodes { failure { code ... on InvalidInputError { issues { message } } } } } }',
      1 + 2 * 3,
    ],
    ['nothing for a fragment that never applies', '{ viewer { tenant ... on Voice { name } } }', 2],
    ['introspection once', '{ __schema { types { fields { name } } } }', 1],
    ['an unknown field once', '{ nothing(first: 100) { edges { cursor } } }', 1],
    [
      'a cycle of fragments once',
      '{ viewer { ...A } } fragment A on Viewer { tenant ...B } fragment B on Viewer { ...A }',
      2,
    ],
    ['nothing for an unknown fragment', '{ viewer { ...A } }', 1],
  ] as const)('%s: %s', ([, query, expected], { expect }) => {
    expect(count(query)).toBe(expected);
  });

  it('fragments that spread each other twice, without visiting each spread', ({ expect }) => {
    const doubling = Array.from({ length: 40 }, (_, i) => `fragment f${i} on Viewer { ...f${i + 1} ...f${i + 1} }`);
    expect(count(`{ viewer { ...f0 } } ${doubling.join(' ')} fragment f40 on Viewer { tenant }`)).toBe(1 + 2 ** 40);
  });

  it('lists by the argument and bounds that the schema states, whatever their names', ({ expect }) => {
    const made = buildASTSchema(
      parse('type Query { things(many: Int): Things } type Things { all: [Thing] } type Thing { edges: Int }'),
    );
    const cost: FieldCost = { list: 'many', default: 3, max: 50 };
    made.getQueryType()!.getFields()['things']!.extensions = { cost };
    expect(count('{ things { all { edges } } }', made)).toBe(1 + 3 * 2);
    expect(count('{ things(many: 40) { all { edges } } }', made)).toBe(1 + 40 * 2);
    expect(count('query ($n: Int) { things(many: $n) { all { edges } } }', made)).toBe(1 + 50 * 2);
  });
});
