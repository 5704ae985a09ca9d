import { describe, it } from 'vitest';
import { parseTrustedDocuments } from '../../src/graphql/documents.ts';
import { createOperationFinder } from '../../src/graphql/operation.ts';
import { schema } from '../../src/schema/schema.ts';
import manifest from '../../src/trusted-documents.json' with { type: 'json' };

const apollo = (operations: unknown, version: unknown = 1) => ({
  format: 'apollo-persisted-query-manifest',
  version,
  operations,
});

describe('parseTrustedDocuments', () => {
  it.for<[name: string, manifest: object]>([
    ["Apollo's format", apollo([{ id: 'a', name: 'A', type: 'query', body: '{ __typename }' }])],
    ['the format of relay-compiler and graphql-codegen', { a: '{ __typename }' }],
    ['ids with the prefix sha256:', { 'sha256:a': '{ __typename }' }],
  ])('reads %s', ([, given], { expect }) => {
    expect(parseTrustedDocuments(given, schema)).toEqual({
      documents: new Map([['a', '{ __typename }']]),
      problems: [],
    });
  });

  it.for<[name: string, manifest: unknown, problems: readonly string[]]>([
    ['a list', [], ['it is not a JSON object']],
    ['null', null, ['it is not a JSON object']],
    ['another version without operations', apollo(null, 2), ['its version is not 1', 'its operations are not a list']],
    [
      'broken operations',
      apollo([null, { id: 'a' }, { name: 'B', body: '{a}' }, { id: 'c', name: 'C', body: '{' }]),
      [
        'operation 1 has no id',
        'operation 2 has no text',
        'the operation "B" has no id',
        'the operation "C" cannot be served: Syntax Error: Expected Name, found <EOF>.',
      ],
    ],
    [
      'a document past a limit',
      { a: `{${'a{'.repeat(12)}a${'}'.repeat(12)}}` },
      ['the document "a" cannot be served: The document has more than 12 levels.'],
    ],
    [
      'a document with too long an answer',
      { a: '{ faceScans(first: 100) { edges { node { faces { scan { faces { id } } } } } } }' },
      [
        'the document "a" cannot be served: The document has up to 44301 fields to answer, counting its lists as long as they may get; 20000 are answered at once: ask for less by "first" or "pageSize".',
      ],
    ],
    ['one id for two documents', { 'sha256:a': '{a}', a: '{b}' }, ['the document "a" has the id of another document']],
  ])('reports all problems of %s', ([, given, problems], { expect }) => {
    expect(parseTrustedDocuments(given, schema).problems).toEqual(problems);
  });
});

it('the manifest of this gateway has only documents that are valid against its schema', ({ expect }) => {
  const { documents, problems } = parseTrustedDocuments(manifest, schema);
  expect(problems).toEqual([]);
  const kept = { charsPerEntryMax: 0, charsMax: 0 };
  const finder = createOperationFinder({ schema, introspection: true, kept, locations: true });
  for (const text of documents.values()) expect(finder.validate(finder.parse(text))).toEqual([]);
});
