import { expect } from 'vitest';
import { IS_FULL } from '../depth.ts';
import { WAYS } from './ask.ts';
import { asEveryType, type Estate } from './estate.ts';
import { likenessOf, neverLike } from './likeness.ts';
import type { Fill, Place } from './operations.ts';

export interface Comparison {
  readonly place: Place;
  readonly asker: Estate;
  /** Whose ids are asked about. */
  readonly other: Estate;
  readonly fill: Fill;
}

/**
 * As often as it is asked about another's, it is asked about one that never was; both answers by way and name of the id.
 * Every id is asked about in every way in full depth, else in one of the ways.
 */
async function compare({ place, asker, other, fill }: Comparison, ways: readonly string[], mayBeSilent: boolean) {
  const query = place.document(asker.own);
  const ids = Object.entries(place.type === 'ID' ? { ...other.ids, ...asEveryType(other.ids) } : other.ids);
  const answers: Record<string, string> = {};
  const expected: Record<string, string> = {};
  const possible = ways.filter((way) => WAYS[way]!.operations.includes(place.operation));
  for (const [n, way] of possible.entries()) {
    const { ask } = WAYS[way]!;
    const asked = ids.filter((_, i) => IS_FULL || i % possible.length === n);
    const pairs = asked.map(([name, id]) => ({ name, id, never: neverLike(id) }));
    const question = (text: string) => ({ query, variables: place.variables(text, fill) });
    const said = await ask(
      asker.tenant,
      pairs.flatMap(({ id, never }) => [question(never), question(id)]),
      mayBeSilent,
    );
    for (const [i, { name, id, never }] of pairs.entries()) {
      expected[`${way}: ${name}`] = likenessOf(said[2 * i]!, never, place.operation === 'mutation');
      answers[`${way}: ${name}`] = likenessOf(said[2 * i + 1]!, id, place.operation === 'mutation');
    }
  }
  return { answers, expected };
}

/** In every way, what is another's is answered as what never was. Returns the answers. */
export async function expectNoDifference(comparison: Comparison): Promise<readonly string[]> {
  const { answers, expected } = await compare(comparison, Object.keys(WAYS), false);
  // The first few: a difference of a thousand answers takes minutes to print.
  const different = Object.keys(answers).filter((name) => answers[name] !== expected[name]);
  const shown = (from: Record<string, string>) => different.slice(0, 3).map((name) => `${name}: ${from[name]}`);
  expect(shown(answers), `${different.length} answers differ`).toEqual(shown(expected));
  return Object.values(answers);
}

/**
 * How many of the asker's own ids are answered otherwise than what never was. Where it is none the comparison above
 * proves nothing.
 */
export async function differencesOfOwn(comparison: Omit<Comparison, 'other'>): Promise<number> {
  const ways = [comparison.place.operation === 'subscription' ? 'WebSocket' : 'HTTP POST'];
  const { answers, expected } = await compare({ ...comparison, other: comparison.asker }, ways, true);
  return Object.keys(answers).filter((name) => answers[name] !== expected[name]).length;
}
