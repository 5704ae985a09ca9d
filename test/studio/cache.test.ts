import { Client, fetchExchange } from 'urql';
import { describe, it } from 'vitest';
import { createCache } from '../../src/studio/api/cache.ts';
import { EventDocument, TasksDocument, type Task } from '../../src/studio/api/documents.ts';
import { toVariables, type TaskFilter } from '../../src/studio/tasks/task-filter.ts';

function task(id: string, second: number, status: Task['status']): Task {
  const at = `2026-11-21T12:00:0${second}.000Z`;
  const common = {
    id,
    status,
    externalId: id,
    label: null,
    createdAt: at,
    updatedAt: at,
    endedAt: null,
    estimatedEndAt: null,
    expiresAt: null,
    failure: null,
  };
  const costs = { unitsEstimated: null, unitsCharged: null, queuePosition: null };
  return { ...common, ...costs, __typename: 'VoiceTask', name: null, voices: [] };
}

async function answer(data: object): Promise<Response> {
  return Response.json({ data });
}

function createClient() {
  const tasks = {
    __typename: 'TaskConnection',
    edges: [],
    pageInfo: { __typename: 'PageInfo', hasNextPage: false, endCursor: null },
  };
  const client = new Client({
    url: 'https://gateway.test/graphql',
    preferGetMethod: false,
    exchanges: [createCache(), fetchExchange],
    fetch: () => answer({ tasks }),
  });
  let events = 0;
  return {
    open: (filter: TaskFilter) => client.query(TasksDocument, toVariables(filter)).toPromise(),
    list: async (filter: TaskFilter) => {
      const { data } = await client
        .query(TasksDocument, toVariables(filter), { requestPolicy: 'cache-only' })
        .toPromise();
      return data?.tasks.edges.map(({ node }) => `${node.id} ${node.status}`);
    },
    tell: async (node: Task) => {
      events += 1;
      const options = { requestPolicy: 'network-only', fetch: () => answer({ node }) } as const;
      await client.query(EventDocument, { id: node.id, cursor: String(events) }, options).toPromise();
    },
  };
}

const ALL = { kind: 'all', state: 'all' } as const;
const RUNNING = { kind: 'all', state: 'under-way' } as const;
const LIP_SYNCS = { kind: 'lip-syncs', state: 'all' } as const;

describe('an event in the cache', () => {
  it('changes every list that its task joins, stays in or leaves', async ({ expect }) => {
    const { open, list, tell } = createClient();
    for (const filter of [ALL, RUNNING, LIP_SYNCS]) await open(filter);
    await tell(task('older', 1, 'SUBMITTED'));
    await tell(task('newer', 2, 'SUBMITTED'));
    await tell(task('older', 1, 'PROCESSING'));
    expect(await list(ALL)).toEqual(['newer SUBMITTED', 'older PROCESSING']);
    expect(await list(RUNNING)).toEqual(['newer SUBMITTED', 'older PROCESSING']);
    await tell(task('older', 1, 'SUCCEEDED'));
    expect(await list(ALL)).toEqual(['newer SUBMITTED', 'older SUCCEEDED']);
    expect(await list(RUNNING)).toEqual(['newer SUBMITTED']);
    expect(await list(LIP_SYNCS)).toEqual([]);
  });
});
