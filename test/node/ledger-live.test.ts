import { afterAll, beforeAll, describe, expect as check, it } from 'vitest';
import { startGateway, type RunningGateway } from './gateway.ts';
import { CREATE_VOICE, VOICE_TASK } from './operations.ts';
import { AUTHORIZATION } from '../support/token.ts';

// Uses an API key and no callbacks: the gateway has no public address.
let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({
    credential: 'API_KEY',
    vars: { KLING_CONCURRENCY: '3', TENANT_MONTHLY_UNITS_MAX: '0.4' },
    sandbox: { concurrency: 3 },
  });
});
afterAll(() => gateway.close());

async function data(query: string, variables: object = {}) {
  const answer = await gateway.execute(query, variables);
  check(answer.errors).toBeUndefined();
  return answer.data;
}

async function createVoiceTask(words: string) {
  const input = { name: 'Voice', sample: { url: `https://example.com/${words}.mp3` } };
  return (await data(CREATE_VOICE, { input })).createVoiceTask;
}

const CANCEL = `mutation ($taskId: ID!) { cancelTask(taskId: $taskId) { ... on Task { id status failure { code } } ... on Failure { code message } }
}`;

describe('a gateway with an API key and without callbacks', () => {
  it('polls its running tasks together until all have ended', async ({ expect }) => {
    const made = await Promise.all([createVoiceTask('a'), createVoiceTask('b'), createVoiceTask('c')]);
    const ended = `{ tasks(first: 10, filter: { kind: VOICE, status: [SUCCEEDED] }) { edges { node { id } } } }`;
    // A list causes no reads at Kling, so only the polls can have changed the tasks.
    await expect.poll(async () => (await data(ended)).tasks.edges.length, { timeout: 20_000 }).toBe(made.length);
    const { requestsByRoute } = await gateway.account.record();
    expect(Object.keys(requestsByRoute)).toContain('GET /tasks');
  });

  it('queues tasks without a slot, reports their positions, and cancels them', async ({ expect }) => {
    for (let i = 0; i < 3; i += 1) await createVoiceTask('sandbox-never-ends');
    const first = await createVoiceTask('waiting-1');
    const second = await createVoiceTask('waiting-2');
    const { task } = await data(`query ($id: ID!) { task(by: { id: $id }) { status queuePosition } }`, second);
    expect(task).toEqual({ status: 'QUEUED', queuePosition: 1 });
    const { cancelTask } = await data(CANCEL, { taskId: first.id });
    expect(cancelTask).toMatchObject({ status: 'CANCELLED', failure: null });
    const again = await data(CANCEL, { taskId: first.id });
    expect(again.cancelTask).toMatchObject({ code: 'CONFLICT' });
    const { taskUpdates } = await data('query ($id: ID!) { taskUpdates(taskId: $id) { nodes { task { status } } } }', {
      id: first.id,
    });
    expect(taskUpdates.nodes).toEqual([{ task: { status: 'QUEUED' } }, { task: { status: 'CANCELLED' } }]);
    expect((await data(VOICE_TASK, { id: second.id })).task.status).toBe('QUEUED');
  });

  it('reports costs before and after, and refuses work beyond the budget without a request to Kling', async ({
    expect,
  }) => {
    const lipSync = `{ face: { klingFace: { klingSessionId: "1", klingFaceId: "0" } } videoDurationMs: 10001
      audio: { url: "https://example.com/a.mp3" } placement: { audioEndMs: 3000, insertAtMs: 0 } }`;
    const told = await data(`{ usage { month units unitsMax }
      lipSyncQuote(input: ${lipSync}) { ... on QuotaExhaustedError { code limit unitsNeeded unitsLeft } }
      operator { resourcePacks { klingPackId name totalUnits remainingUnits klingStatus } } }`);
    expect(told.lipSyncQuote).toEqual({
      code: 'QUOTA_EXHAUSTED',
      limit: 'TENANT_BUDGET',
      unitsNeeded: '1.5',
      unitsLeft: '0.05',
    });
    expect(told.usage).toMatchObject({ units: '0.15', unitsMax: '0.4' });
    expect(told.operator.resourcePacks[0]).toMatchObject({
      klingStatus: 'online',
      klingPackId: expect.stringMatching(/./),
    });
    // 0.15 charged, and four tasks of 0.05 each under way or queued. One more fits, and the next does not.
    await createVoiceTask('fits');
    const before = (await gateway.account.record()).requestCount;
    const input = { name: 'Voice', sample: { url: 'https://example.com/over.mp3' } };
    expect((await data(CREATE_VOICE, { input })).createVoiceTask).toMatchObject({
      code: 'QUOTA_EXHAUSTED',
      retryable: false,
    });
    expect((await gateway.account.record()).requestCount).toBe(before);
  });

  it('reports the health of Kling and the waiting tenants at /ready', async ({ expect }) => {
    const ready = await (await fetch(`${gateway.url}/ready`, { headers: { authorization: AUTHORIZATION } })).json();
    expect(ready).toMatchObject({
      status: 'ready',
      upstream: { breaker: 'CLOSED', slotsHeld: 3, slotsMax: 3, waiting: 2 },
    });
  });
});
