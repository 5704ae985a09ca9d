import { buildASTSchema, Kind, parse } from 'graphql';
import { describe, it } from 'vitest';
import { countAnswers } from '../../src/graphql/answer-count.ts';
import { fragmentsOf } from '../../src/graphql/limits.ts';
import type { FieldCost } from '../../src/lib/field-cost.ts';
import { schema } from '../../src/schema/schema.ts';

function count(query: string, of = schema): number {
  const document = parse(query);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  return countAnswers(of, fragmentsOf(document), operation!);
}

describe('an answer counts', () => {
  it.for([
    ['each field once', '{ viewer { tenant subject } }', 3],
    ['a list as its argument says', '{ tasks(first: 7) { edges { cursor } pageInfo { hasNextPage } } }', 1 + 7 * 2 + 2],
    ['a list as its default says', '{ tasks { edges { cursor } } }', 1 + 20 * 2],
    ['null as the default', '{ tasks(first: null) { edges { cursor } } }', 1 + 20 * 2],
    ['a list that is the most by a variable', 'query ($n: Int = 1) { tasks(first: $n) { edges { cursor } } }', 201],
    ['no list as longer than it may be', '{ tasks(first: 1000000) { edges { cursor } } }', 201],
    ['no list as less than nothing', '{ tasks(first: -5) { edges { cursor } } }', 1],
    ['the default of another list', '{ account { voiceTasks { items { status } } } }', 2 + 30 * 2],
    [
      'the most of another list',
      'query ($n: Int) { account { voiceTasks(pageSize: $n) { items { status } } } }',
      2_002,
    ],
    ['as many as ids are given', '{ nodes(ids: ["a", "b", "c"]) { id } }', 1 + 3],
    ['one id without brackets as the most', '{ nodes(ids: "a") { id } }', 1 + 100],
    ['the most ids by a variable', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', 1 + 100],
    ['a list without an argument as stated', '{ nodes(ids: ["a"]) { ... on FaceScan { faces { id } } } }', 1 + 1 + 20],
    ['a list of leaves', '{ viewer { scopes } }', 1 + 1 + 5],
    [
      'a list inside a list',
      '{ tasks(first: 2) { edges { node { events(first: 3) { edges { cursor } } } } } }',
      1 + 2 * 3 + 2 * 3 * 2,
    ],
    [
      'a list twice by two names',
      '{ a: tasks(first: 2) { edges { cursor } } b: tasks(first: 3) { edges { cursor } } }',
      12,
    ],
    [
      'fields by fragments',
      '{ tasks(first: 2) { ...F } } fragment F on TaskConnection { edges { ...G } } fragment G on TaskEdge { cursor }',
      5,
    ],
    [
      'fields by inline fragments',
      '{ ... { tasks(first: 2) { ... on TaskConnection { edges { ... @skip(if: true) { cursor } } } } } }',
      5,
    ],
    [
      'an object of several types as the largest',
      '{ node(id: "a") { id ... on Voice { name owner } ... on Face { startMs } ... on Task { status ... on VoiceTask { createdAt } ...F } } } fragment F on LipSyncTask { createdAt updatedAt }',
      1 + 4,
    ],
    ['nothing for a type that an object is never of', '{ viewer { tenant ... on Voice { name } } }', 2],
    ['introspection once', '{ __schema { types { fields { name } } } }', 1],
    ['an unknown field once', '{ nothing(first: 100) { edges { cursor } } }', 1],
    [
      'a circle of fragments once',
      '{ viewer { ...A } } fragment A on Viewer { tenant ...B } fragment B on Viewer { ...A }',
      2,
    ],
    ['nothing for a fragment that is not there', '{ viewer { ...A } }', 1],
  ] as const)('%s: %s', ([, query, expected], { expect }) => {
    expect(count(query)).toBe(expected);
  });

  it('fragments that double each other without visiting each', ({ expect }) => {
    const doubling = Array.from({ length: 40 }, (_, i) => `fragment f${i} on Viewer { ...f${i + 1} ...f${i + 1} }`);
    expect(count(`{ viewer { ...f0 } } ${doubling.join(' ')} fragment f40 on Viewer { tenant }`)).toBe(1 + 2 ** 40);
  });

  it('fields by the name and argument that the schema states, whatever they are called', ({ expect }) => {
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
