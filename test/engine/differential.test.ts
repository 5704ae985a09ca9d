import { it } from 'vitest';
import { deep } from '../support/depth.ts';
import { compareWithGraphql } from './compare-with-graphql.ts';

it(
  'the engine answers random documents with random data as graphql does, and calls the same resolvers in the same order',
  { timeout: 200_000 },
  async ({ expect }) => {
    const { pairs, fellBack, withErrors, async } = await compareWithGraphql(expect, deep(5_200));
    expect(fellBack).toBe(0);
    expect(pairs).toBeGreaterThan(deep(20_000));
    expect(withErrors).toBeGreaterThan(pairs / 5);
    expect(async).toBeGreaterThan(pairs / 5);
  },
);
