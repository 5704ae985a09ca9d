import { parse } from 'graphql';
import { describe, it } from 'vitest';
import type { WatchLimits } from '../../src/config/index.ts';
import {
  copyCostOf,
  watchCostOf,
  createWatchUsage,
  type CountedSubscription,
  type WatchUsage,
} from '../../src/hub/operations.ts';
import { schema } from '../../src/schema/schema.ts';

const LIMITS: WatchLimits = {
  operationCostMax: 100,
  costMax: 1_000,
  operationsMax: 100,
  subscriptionsMax: 100,
  charsMax: 1_000,
};

const OPERATION: CountedSubscription = { tenant: 'a', key: 'key', taskId: null, cost: 20 };

function usageOf(limits: Partial<WatchLimits>): WatchUsage {
  return createWatchUsage({ ...LIMITS, ...limits });
}

function costOf(query: string): number {
  const document = parse(query);
  const [operation] = document.definitions;
  if (operation?.kind !== 'OperationDefinition') throw new Error('no operation');
  return watchCostOf(schema, document, operation);
}

describe('the cost of a subscription', () => {
  it.for([
    ['subscription { taskUpdates { cursor } }', 22],
    ['subscription { taskUpdates { cursor task { id status } } }', 25],
    ['subscription { taskUpdates { task { metadata { key } } } }', 22 + 1 + 16],
    ['subscription { taskUpdates { task { ... on VoiceTask { voices { id name } } } } }', 22 + 1 + 2],
    // A lip-sync costs more than a voice, so it counts.
    [
      'subscription { taskUpdates { task { id ... on VoiceTask { name } ... on LipSyncTask { face { scan { id } } } } } }',
      130,
    ],
    ['subscription { taskUpdates { task { queuePosition } } }', 127],
    [
      'subscription { taskUpdates { ...F } } fragment F on TaskUpdate { task { a: queuePosition b: queuePosition } }',
      232,
    ],
  ] as const)('of %s is %d', ([query, cost], { expect }) => {
    expect(costOf(query)).toBe(cost);
  });

  it('grows with lists in lists, and with the calls in them', ({ expect }) => {
    const inner = 'face { scan { faces { scan { faces { id } } } } }';
    expect(costOf(`subscription { taskUpdates { task { ... on LipSyncTask { ${inner} } } } }`)).toBeGreaterThan(
      20 * 125,
    );
  });
});

describe("a tenant's subscriptions", () => {
  it.for<
    [what: string, limits: Partial<WatchLimits>, operations: readonly Partial<CountedSubscription>[], message: string]
  >([
    [
      'distinct operations',
      { operationsMax: 2 },
      [{ key: '1' }, { key: '2' }, { key: '3' }],
      '2 distinct live operations',
    ],
    ['subscriptions', { subscriptionsMax: 2 }, [{}, {}, {}], '2 live subscriptions'],
    [
      'characters',
      { charsMax: 10 },
      [{ key: 'x'.repeat(6) }, { key: 'y'.repeat(5) }],
      'of 6 characters, of at most 10',
    ],
    ['lists by cost', { costMax: 81 }, [{ key: '1' }, { key: '2' }], 'cost 41 fields an event, of at most 81'],
    [
      'a list with the heaviest task',
      { costMax: 122 },
      [{ key: '1', taskId: 't' }, { key: '2', taskId: 't' }, { key: '3' }],
      'cost 82 fields an event',
    ],
    [
      'a task with the lists',
      { costMax: 82 },
      [{ key: '1' }, { key: '2', taskId: 't', cost: 21 }],
      'cost 41 fields an event',
    ],
    ['copies', { costMax: 61 }, [{}, {}], 'cost 41 fields an event'],
  ])('are limited: %s', ([_what, limits, operations, message], { expect }) => {
    const usage = usageOf(limits);
    const last = operations.length - 1;
    for (const [i, change] of operations.entries()) {
      const refusal = usage.enter({ ...OPERATION, ...change });
      if (i < last) expect(refusal).toBeNull();
      else expect(refusal).toMatchObject({ code: 'RATE_LIMITED', message: expect.stringContaining(message) });
    }
    // Another tenant is not refused, nor is the same one once there is room.
    expect(usage.enter({ ...OPERATION, ...operations[last], tenant: 'b' })).toBeNull();
    for (const { key = OPERATION.key } of operations.slice(0, last)) usage.leave('a', key);
    expect(usage.enter({ ...OPERATION, ...operations[last] })).toBeNull();
  });

  it('do not add up when they watch different tasks', ({ expect }) => {
    const usage = usageOf({ costMax: 41 });
    for (let i = 0; i < 50; i += 1) expect(usage.enter({ ...OPERATION, key: `${i}`, taskId: `${i}` })).toBeNull();
  });

  it('are refused as QUERY_TOO_COMPLEX when a single one costs too much', ({ expect }) => {
    const refusal = usageOf({}).enter({ ...OPERATION, cost: 101 });
    expect(refusal).toMatchObject({ code: 'QUERY_TOO_COMPLEX', retryable: false });
    expect(refusal?.message).toBe(
      'The operation costs 101 fields for each event, counting its lists as long as they may get; a live operation costs 100 at most: select fewer fields.',
    );
  });

  it('from before the hub slept count, and can end', ({ expect }) => {
    const usage = usageOf({ subscriptionsMax: 1 });
    usage.restore(OPERATION);
    usage.restore(OPERATION);
    usage.leave('a', OPERATION.key);
    expect(usage.enter(OPERATION)).not.toBeNull();
    usage.leave('a', OPERATION.key);
    usage.leave('a', OPERATION.key);
    expect(usage.enter(OPERATION)).toBeNull();
  });
});

it('each further subscriber of an operation costs 20 fields and a twentieth of the operation, rounded up', ({
  expect,
}) => {
  expect([1, 20, 21, 2_500].map(copyCostOf)).toEqual([21, 21, 22, 145]);
});
