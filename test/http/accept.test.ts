import fc from 'fast-check';
import { createSchema, createYoga } from 'graphql-yoga';
import { describe, it } from 'vitest';
import { acceptsNothing, jsonTypeOf } from '../../src/http/accept.ts';
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

describe('what is answered', () => {
  it('is called what Yoga would call it, and refused where Yoga has no format', async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(accepts, async (accept) => {
        const answer = await yoga.fetch('http://gateway.test/graphql?query={a}', { headers: { accept } });
        await answer.body?.cancel();
        const type = answer.headers.get('content-type')?.split(';')[0] ?? null;
        const isJson = type?.endsWith('json') === true && answer.status === 200;
        expect([jsonTypeOf(accept), acceptsNothing(accept)]).toEqual([isJson ? type : null, answer.status === 406]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is JSON for a client that does not say', ({ expect }) => {
    expect([jsonTypeOf(null), acceptsNothing(null)]).toEqual(['application/json', false]);
  });
});

it('a mutation whose answer nobody would understand is not run', async ({ expect }) => {
  const client = createGraphqlClient();
  const query = 'mutation { deleteVoice(input: { voiceId: "Vm9pY2U6MQ" }) { deletedVoiceId } }';
  const response = await client.post(JSON.stringify({ query }), { accept: 'text/html' });
  expect([response.status, client.ledger.calls]).toEqual([406, []]);
});
