import { expect, it } from 'vitest';
import { shardOf } from '../../src/hub/pool.ts';
import { NEIGHBOURS } from '../support/token.ts';

it('the two tenants of the attack benchmark share a hub', () => {
  const [first, second] = NEIGHBOURS.map(shardOf);
  expect(first).toBe(second);
});
