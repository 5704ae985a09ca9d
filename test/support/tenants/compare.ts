import { expect } from 'vitest';
import { IS_FULL } from '../depth.ts';
import { WAYS } from './ask.ts';
import { asEveryType, type Estate } from './estate.ts';
import { likenessOf, neverLike } from './likeness.ts';
import type { Fill, Place } from './operations.ts';

export interface Comparison {
  readonly place: Place;
  readonly asker: Estate;
  /** The tenant whose ids are used. */
  readonly other: Estate;
  readonly fill: Fill;
}

/**
 * Asks about each id of `other` and about a like id that never existed. Returns both answers by transport and name of the id.
 * In full depth, asks about every id over every transport, else over one of them.
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

/** Expects equal answers for ids of another tenant and for ids that never existed, over every transport. Returns the answers. */
export async function expectNoDifference(comparison: Comparison): Promise<readonly string[]> {
  const { answers, expected } = await compare(comparison, Object.keys(WAYS), false);
  // Shows three: a difference of a thousand answers takes minutes to print.
  const different = Object.keys(answers).filter((name) => answers[name] !== expected[name]);
  const shown = (from: Record<string, string>) => different.slice(0, 3).map((name) => `${name}: ${from[name]}`);
  expect(shown(answers), `${different.length} answers differ`).toEqual(shown(expected));
  return Object.values(answers);
}

/**
 * Counts the asker's own ids whose answer differs from that for an id that never existed. If the count is 0, the
 * comparison above proves nothing.
 */
export async function differencesOfOwn(comparison: Omit<Comparison, 'other'>): Promise<number> {
  const ways = [comparison.place.operation === 'subscription' ? 'WebSocket' : 'HTTP POST'];
  const { answers, expected } = await compare({ ...comparison, other: comparison.asker }, ways, true);
  return Object.keys(answers).filter((name) => answers[name] !== expected[name]).length;
}
