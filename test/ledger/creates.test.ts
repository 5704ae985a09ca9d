import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import type { TaskLedger } from '../../src/ledger/task-ledger.ts';
import {
  changesOf,
  failureOf,
  ledgerOf,
  lipSyncInput,
  openSandbox,
  ring,
  statusesOf,
  storedTask,
  valueOf,
  voiceInput,
  VOICES,
} from '../support/ledger.ts';

const sandbox = openSandbox('creates');

describe('an external id', () => {
  it('used again with the same input returns the same task, which Kling has once', async ({ expect }) => {
    const ledger = ledgerOf('same');
    const first = valueOf(await ledger.createVoiceTask(voiceInput('order-1')));
    const again = valueOf(await ledger.createVoiceTask(voiceInput('order-1')));
    expect([again.id, again.klingTaskId]).toEqual([first.id, first.klingTaskId]);
    expect(await sandbox.tasksOf(first.id)).toBe(1);
    expect(await changesOf(ledger)).toHaveLength(1);
  });

  it('returns its task also after the task has ended', async ({ expect }) => {
    const ledger = ledgerOf('same at the end');
    const { id } = valueOf(await ledger.createVoiceTask(voiceInput('order-1')));
    await sandbox.advance(id, 'succeed');
    await ring(ledger);
    expect(valueOf(await ledger.createVoiceTask(voiceInput('order-1')))).toMatchObject({ id, status: 'SUCCEEDED' });
    expect(await sandbox.tasksOf(id)).toBe(1);
  });

  it.for([
    ['another name', voiceInput('order-1', undefined, 'Bob')],
    ['another audio', voiceInput('order-1', 'other-sandbox-never-ends')],
  ] as const)(
    'used again with %s is a CONFLICT that names the task, and sends nothing',
    async ([name, input], { expect }) => {
      const ledger = ledgerOf(`conflict ${name}`);
      const { id } = valueOf(await ledger.createVoiceTask(voiceInput('order-1')));
      const posts = await sandbox.count('POST', VOICES);
      expect(failureOf(await ledger.createVoiceTask(input))).toMatchObject({
        code: 'CONFLICT',
        retryable: false,
        existing: { type: 'VOICE', id },
      });
      expect(await sandbox.count('POST', VOICES)).toBe(posts);
    },
  );

  it('used for a voice and a lip-sync is a CONFLICT', async ({ expect }) => {
    const ledger = ledgerOf('kinds');
    const input = await lipSyncInput(ledger, 'order-1');
    valueOf(await ledger.createVoiceTask(voiceInput('order-1')));
    expect(failureOf(await ledger.createLipSyncTask(input)).code).toBe('CONFLICT');
    valueOf(await ledger.createLipSyncTask({ ...input, externalId: 'order-2' }));
    expect(failureOf(await ledger.createVoiceTask(voiceInput('order-2'))).code).toBe('CONFLICT');
  });

  it('used by two tenants names two tasks', async ({ expect }) => {
    const [a, b] = await Promise.all(
      ['tenant a', 'tenant b'].map((tenant) => ledgerOf(tenant).createVoiceTask(voiceInput('order-1'))),
    );
    expect(valueOf(a!).id).not.toBe(valueOf(b!).id);
  });

  it('used by eight calls at once creates one task, which all eight get', async ({ expect }) => {
    const ledger = ledgerOf('at once');
    const answers = await Promise.all(Array.from({ length: 8 }, () => ledger.createVoiceTask(voiceInput('order-1'))));
    const made = answers.map(valueOf);
    expect(new Set(made.map(({ id, klingTaskId }) => `${id} ${klingTaskId}`)).size).toBe(1);
    expect(await sandbox.tasksOf(made[0]!.id)).toBe(1);
  });

  it('used twice in one turn of the event loop creates one task', async ({ expect }) => {
    const answers = await runInDurableObject(ledgerOf('one turn'), (instance: TaskLedger) =>
      Promise.all([1, 2].map(() => instance.createVoiceTask(voiceInput('order-1')))),
    );
    expect(new Set(answers.map((answer) => valueOf(answer).id)).size).toBe(1);
  });

  it('used at once with two inputs creates one task, and the other call fails', async ({ expect }) => {
    const ledger = ledgerOf('at once with two inputs');
    const answers = await Promise.all(
      ['Ann', 'Bob'].map((name) => ledger.createVoiceTask(voiceInput('order-1', undefined, name))),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('is free again after a refusal, which leaves no task and no event', async ({ expect }) => {
    const ledger = ledgerOf('refused');
    const refused = failureOf(await ledger.createVoiceTask(voiceInput('order-1', 'sandbox-content-rejected')));
    expect(refused).toMatchObject({ code: 'CONTENT_REJECTED', klingCode: 1301 });
    expect(await ledger.task({ externalId: 'order-1' })).toBeNull();
    expect([await storedTask(ledger, 'order-1'), await changesOf(ledger)]).toEqual([null, []]);
    const { id } = valueOf(await ledger.createVoiceTask(voiceInput('order-1')));
    expect(await sandbox.tasksOf(id)).toBe(1);
    expect(await statusesOf(ledger, id)).toEqual(['SUBMITTED']);
  });

  it('lets the same input create a task each time when it is left out', async ({ expect }) => {
    const ledger = ledgerOf('without');
    const ids = [await ledger.createVoiceTask(voiceInput(null)), await ledger.createVoiceTask(voiceInput(null))].map(
      (made) => valueOf(made).id,
    );
    expect(new Set(ids).size).toBe(2);
  });
});

describe('a final refusal', () => {
  it.for([
    ['sandbox-error-1201', 'BAD_USER_INPUT'],
    ['sandbox-error-1300', 'CONTENT_REJECTED'],
    ['sandbox-pack-exhausted', 'QUOTA_EXHAUSTED'],
    ['sandbox-http-200-error-1301', 'CONTENT_REJECTED'],
    ['sandbox-error-1103', 'UPSTREAM_MISCONFIGURED'],
  ] as const)('of %s fails the create with %s, after one request', async ([words, code], { expect }) => {
    const ledger = ledgerOf(`refusal ${words}`);
    const posts = await sandbox.count('POST', VOICES);
    expect(failureOf(await ledger.createVoiceTask(voiceInput(null, words))).code).toBe(code);
    expect(await sandbox.count('POST', VOICES)).toBe(posts + 1);
    expect(valueOf(await ledger.tasks({ kind: null, statuses: [] }, { first: 5, after: null })).edges).toEqual([]);
  });
});

describe('an invalid input', () => {
  it('is refused with all its problems, and nothing is sent', async ({ expect }) => {
    const posts = await sandbox.count('POST', VOICES);
    const failure = failureOf(
      await ledgerOf('wrong').createVoiceTask({ name: '', sample: { url: 'nope' }, externalId: 'x' }),
    );
    expect(failure.code).toBe('BAD_USER_INPUT');
    expect(failure.issues?.length).toBeGreaterThan(1);
    expect(await sandbox.count('POST', VOICES)).toBe(posts);
  });
});
