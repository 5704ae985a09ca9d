import { describe, it } from 'vitest';
import type { Copies } from '../../src/engine/set-fields-copies.ts';
import { type SetFields, setFields } from '../../src/engine/set-fields.ts';
import { compareWithGraphql } from './compare-with-graphql.ts';

describe('the engine', () => {
  it(
    'answers as graphql does, whatever is asked and whatever the resolvers do',
    { timeout: 200_000 },
    async ({ expect }) => {
      const { pairs, fellBack, withErrors, async } = await compareWithGraphql(expect, 5_200);
      expect(fellBack).toBe(0);
      expect(pairs).toBeGreaterThan(20_000);
      expect(withErrors).toBeGreaterThan(pairs / 5);
      expect(async).toBeGreaterThan(pairs / 5);
    },
  );

  it('does so with copies for what lists hold', { timeout: 200_000 }, async ({ expect }) => {
    let used = 0;
    const copy: SetFields = (data, source, field, frame) => {
      used += 1;
      return setFields(data, source, field, frame);
    };
    // As many as are asked for, from the first item on.
    const copies: Copies = { hotItems: 1, find: (_typename, fields) => fields.map(() => copy) };
    const { pairs, fellBack, withErrors, async } = await compareWithGraphql(expect, 1_500, copies);
    expect(fellBack).toBe(0);
    expect(used).toBeGreaterThan(pairs);
    expect(withErrors).toBeGreaterThan(pairs / 5);
    expect(async).toBeGreaterThan(pairs / 5);
  });
});
