import { parse, validate } from 'graphql';
import { describe, it } from 'vitest';
import { TASK_STATUSES } from '../../src/domain/task.ts';
import { schema } from '../../src/schema/schema.ts';
import { NO_READS, NO_UPSTREAM, taskBody, taskDocument, testBody } from '../../src/webhooks/body.ts';
import { lipSyncTask, voiceTask } from '../support/fake-ledger.ts';
import { VIEWER } from '../support/viewer.ts';
import { breaches, webhookSchema } from '../support/webhook-schema.ts';

const CONTEXT = { requestId: '', now: () => 0, viewer: VIEWER, ledger: NO_READS, upstream: NO_UPSTREAM, files: null };

const failure = { code: 'NO_FACE_DETECTED', message: 'no face', retryable: false } as const;

const TASKS = [
  ...TASK_STATUSES.map((status) => lipSyncTask(`lip-sync-${status}`, { status })),
  ...TASK_STATUSES.map((status) => voiceTask(`voice-${status}`, { status })),
  lipSyncTask('failed', { status: 'FAILED', failure }),
];

describe('the body of a webhook', () => {
  it('is described by docs/webhook.schema.json', async ({ expect }) => {
    await expect(`${JSON.stringify(webhookSchema(), null, 2)}\n`).toMatchFileSnapshot('../../docs/webhook.schema.json');
  });

  it('comes from a document that is valid', ({ expect }) => {
    expect(validate(schema, parse(taskDocument()))).toEqual([]);
  });

  it('conforms to its schema for every kind and status', async ({ expect }) => {
    for (const [i, task] of TASKS.entries()) {
      const change = { seq: i + 1, cursor: 'at', atMs: 0, task, resync: false };
      const body: unknown = JSON.parse(await taskBody({ change, isArrival: i % 2 === 0, urls: [null] }, CONTEXT));
      expect(breaches(webhookSchema(), body)).toEqual([]);
    }
    expect(breaches(webhookSchema(), JSON.parse(testBody(0)))).toEqual([]);
  });

  it('would be found to lack a field, or to have one of another type', ({ expect }) => {
    const { task: _task, ...rest } = JSON.parse(testBody(0)) as Record<string, unknown>;
    expect(breaches(webhookSchema(), rest)).toEqual(['$.task is missing']);
    expect(breaches(webhookSchema(), { ...rest, task: null, sequence: '1' })).toEqual([
      '$.sequence is string, not integer',
    ]);
  });
});
