import { describe, it } from 'vitest';
import { type Copies, setFields } from '../../src/engine/set-fields.ts';
import { compareWithGraphql } from './differential.ts';

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

  it('does so with copies for all that lists hold', { timeout: 200_000 }, async ({ expect }) => {
    let linked = 0;
    const copies: Copies = {
      hotItems: 1,
      find(_typename, fields) {
        linked += 1;
        return fields.map(() => setFields);
      },
    };
    const { pairs, fellBack, withErrors, async } = await compareWithGraphql(expect, 1_500, copies);
    expect(fellBack).toBe(0);
    expect(linked).toBeGreaterThan(pairs / 5);
    expect(withErrors).toBeGreaterThan(pairs / 5);
    expect(async).toBeGreaterThan(pairs / 5);
  });
});
