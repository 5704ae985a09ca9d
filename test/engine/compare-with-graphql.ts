import fc from 'fast-check';
import { parse, validate } from 'graphql';
import type { ExpectStatic } from 'vitest';
import { createChance, createTape } from './chance.ts';
import { compiledRun, type Run, runByGraphql, seen } from './compare.ts';
import { randomVariables } from './random-arguments.ts';
import { randomDocument } from './random-documents.ts';
import { createRandomSchema } from './schema.ts';
import { createSource } from './source.ts';
import { type Mood, startWorld } from './world.ts';

const DATA_PER_DOCUMENT = 4;

const schema = createRandomSchema();

const tape = fc.array(fc.nat(0xff_ffff), { minLength: 5, maxLength: 160, size: 'max' });
const mood = fc.record<Mood>({
  promises: fc.constantFrom(0, 0, 40, 200, 500),
  troubles: fc.constantFrom(0, 5, 30, 150),
});
const datum = fc.record({ seed: fc.nat(), mood });

/** Executes once. Returns the response, and the calls of resolvers in order. */
async function shown(run: Run, { seed, mood: of }: { readonly seed: number; readonly mood: Mood }, kind: string) {
  const variableValues = randomVariables(createChance(seed));
  const log = startWorld(of);
  const answer = await seen(run({ rootValue: createSource(kind, seed), contextValue: 'the context', variableValues }));
  return { answer, log };
}

/**
 * Compares the engine with graphql on random documents with random data: responses, and calls of resolvers in order.
 * Resolves to the number of comparisons of each kind.
 */
export async function compareWithGraphql(expect: ExpectStatic, documents: number) {
  const counts = { pairs: 0, compiled: 0, fellBack: 0, withErrors: 0, async: 0 };
  const property = fc.asyncProperty(
    tape,
    fc.array(datum, { minLength: DATA_PER_DOCUMENT, maxLength: DATA_PER_DOCUMENT }),
    async (choices, data) => {
      const text = randomDocument(schema, createTape(choices));
      const document = parse(text);
      expect(validate(schema, document), text).toEqual([]);
      const compiled = compiledRun(schema, document);
      if (compiled === null) {
        counts.fellBack += 1;
        return;
      }
      counts.compiled += 1;
      const kind = text.startsWith('query') ? 'Query' : text.startsWith('mutation') ? 'Mutation' : 'Subscription';
      for (const each of data) {
        const wanted = await shown((args) => runByGraphql(schema, document, args), each, kind);
        const got = await shown(compiled, each, kind);
        counts.pairs += 1;
        if (wanted.answer.includes('"errors"')) counts.withErrors += 1;
        if (wanted.answer.includes('"wasPromise":true')) counts.async += 1;
        expect(got.answer, text).toBe(wanted.answer);
        expect(got.log.join('\n'), text).toBe(wanted.log.join('\n'));
      }
    },
  );
  const startedAt = Date.now();
  await fc.assert(property, { numRuns: documents });
  // oxlint-disable-next-line no-console -- prints how many comparisons were made
  console.info(JSON.stringify({ ...counts, ms: Date.now() - startedAt }));
  return counts;
}
