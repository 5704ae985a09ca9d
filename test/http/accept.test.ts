import fc from 'fast-check';
import { createSchema, createYoga } from 'graphql-yoga';
import { it } from 'vitest';
import { acceptsNothing, withPlainAccept } from '../../src/http/graphql.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const yoga = createYoga({
  schema: createSchema({ typeDefs: 'type Query { a: Int }' }),
  logging: false,
  graphiql: false,
  landingPage: false,
});

const TYPES = ['application', 'text', 'multipart', '*', 'image', 'APPLICATION'];
const SUBTYPES = ['json', 'graphql-response+json', '*', 'event-stream', 'mixed', 'html', 'graphql+json', ''];
const PARAMS = ['', ';q=0.1', '; charset=utf-8', ';charset=latin1', ';charset=UTF-8', ';subscriptionSpec=1.0'];

const entry = fc
  .tuple(
    fc.constantFrom(...TYPES),
    fc.constantFrom('/', ' / ', ''),
    fc.constantFrom(...SUBTYPES),
    fc.constantFrom(...PARAMS),
  )
  .map((parts) => parts.join(''));
const accepts = fc
  .array(entry, { maxLength: 4 })
  .chain((entries) => fc.constantFrom(entries.join(','), entries.join(', ')));

it('acceptsNothing is true exactly if Yoga has no format for the accept header', async ({ expect }) => {
  await fc.assert(
    fc.asyncProperty(accepts, async (accept) => {
      const answer = await yoga.fetch('http://gateway.test/graphql?query={a}', { headers: { accept } });
      await answer.body?.cancel();
      expect(acceptsNothing(accept)).toBe(answer.status === 406);
    }),
    { numRuns: 2_000 },
  );
});

it.for([
  [null, null],
  ['', ''],
  ['application/json;q=0.9, multipart/mixed;subscriptionSpec=1.0', null],
  ['application/json; charset=utf8', 'application/json'],
  ['application/json; charset="UTF-8"; q=0.5, text/event-stream', 'application/json;q=0.5, text/event-stream'],
  ['application/json; charset=latin1, application/graphql-response+json', 'application/graphql-response+json'],
] as const)('withPlainAccept recognizes UTF-8 in any spelling: %s', ([accept, plain], { expect }) => {
  const request = new Request('http://gateway.test/graphql', { headers: accept === null ? {} : { accept } });
  expect(withPlainAccept(request).headers.get('accept')).toBe(plain ?? accept);
});

it('acceptsNothing is false without an accept header', ({ expect }) => {
  expect([acceptsNothing(null), acceptsNothing('')]).toEqual([false, false]);
});

it('a mutation does not run if its client accepts no format of the response', async ({ expect }) => {
  const client = createGraphqlClient();
  const query =
    'mutation { deleteVoice(voiceId: "Vm9pY2U6MQ") { ... on Deletion { deletedId } ... on Failure { code message } } }';
  const response = await client.post(JSON.stringify({ query }), { accept: 'text/html' });
  expect([response.status, client.ledger.calls]).toEqual([406, []]);
});
