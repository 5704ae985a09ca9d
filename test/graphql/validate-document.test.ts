import * as fc from 'fast-check';
import {
  type DocumentNode,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { describe, it } from 'vitest';
import { createValidateDocument } from '../../src/graphql/validate-document.ts';
import { validationAbortedError } from '../../src/graphql/validation-aborted.ts';
import { schema } from '../../src/schema/schema.ts';

const DOCUMENTS = [
  '{ viewer { tenant } }',
  '{ nothing }',
  '{ viewr { tenant } }',
  '{ viewer }',
  '{ viewer { tenant { deeper } } }',
  '{ __schema { types { name } } }',
  'query A { viewer { tenant } } query A { viewer { tenant } }',
  '{ a: node(id: 1) { id } a: node(id: 2) { id } }',
  'query ($id: Int!) { node(id: $id) { id } }',
  'query ($unused: ID, $x: Nothing) { viewer { ...Missing } }',
  '"What it is for" query Q("a text, and no number" $first: Int = 1) { tasks(first: $first) { edges { cursor } } }',
  '{ ...F } """What F has""" fragment F on Query { viewer { tenant } }',
  'subscription { tasksChanged { cursor } taskChanged(id: 1) { cursor } }',
  'mutation { createVoice(input: { name: 1, source: { url: "a", videoId: "b" } }) { task { id } } }',
  `{ ${'nothing '.repeat(4)} }`,
  `{ ${'nothing '.repeat(5)} }`,
  `{ ${'nothing '.repeat(6)} }`,
  // More than the rules will compare.
  `{ ${'x: viewer { tenant } '.repeat(1100)} }`,
];

/** Right and wrong in every place: names, arguments, variables, fragments, types. */
const { selections } = fc.letrec<{ readonly selections: string; readonly selection: string }>((tie) => ({
  selections: fc.array(tie('selection'), { minLength: 1, maxLength: 4 }).map((all) => `{ ${all.join(' ')} }`),
  selection: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('id', 'tenant', 'status', 'nothing', 'x: id', 'x: tenant', '__typename', '...F', '...G'),
    fc
      .tuple(
        fc.constantFrom(
          'viewer',
          'node(id: $id)',
          'tasks(first: "1")',
          'edges',
          'task',
          'x: viewer',
          '... on Task',
          '... on Nothing',
          '... @skip(if: $id)',
        ),
        tie('selections'),
      )
      .map((parts) => parts.join(' ')),
  ),
}));
const documents = fc
  .tuple(
    fc.constantFrom(
      '',
      'query A',
      'mutation A',
      'subscription',
      'query A("of what" $id: ID!)',
      '"what for" query ($id: Int = "1")',
    ),
    selections,
    fc.constantFrom('', 'fragment F on Query', 'fragment F on Task', '"why" fragment G on Nothing', 'query A'),
    selections,
  )
  .map(([operation, selected, more, inMore]) => `${operation} ${selected} ${more === '' ? '' : `${more} ${inMore}`}`);

/** What graphql itself says with the same bound. */
function expected(document: DocumentNode, introspection: boolean): readonly GraphQLError[] {
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  return validate(schema, document, rules, { maxErrors: 5, hideSuggestions: !introspection });
}

const shown = (errors: readonly GraphQLError[]) => errors.map((error) => error.toJSON());

describe.for([true, false])('with introspection: %s', (introspection) => {
  const validateDocument = createValidateDocument(introspection);

  it.for(DOCUMENTS.map((text) => [text.slice(0, 90), text] as const))(
    'says what graphql says of %s',
    ([, text], { expect }) => {
      const document = parse(text);
      expect(shown(validateDocument(schema, document))).toEqual(shown(expected(document, introspection)));
    },
  );

  it('says what graphql says of whatever is asked', ({ expect }) => {
    fc.assert(
      fc.property(documents, (text) => {
        const document = parse(text);
        expect(shown(validateDocument(schema, document))).toEqual(shown(expected(document, introspection)));
      }),
      { numRuns: 1_000 },
    );
  });
});

it('gives up a document that the rules would compare for too long', ({ expect }) => {
  const given = createValidateDocument(true)(schema, parse(DOCUMENTS.at(-1)!)).at(-1);
  expect(given?.message).toBe('Validation aborted.');
  // What stands in its place when deployed.
  expect(validationAbortedError).toBeInstanceOf(GraphQLError);
  expect(validationAbortedError.toJSON()).toEqual(given?.toJSON());
});
