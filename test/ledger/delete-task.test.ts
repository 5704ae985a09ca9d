import { describe, it } from 'vitest';
import type { TaskStatus } from '../../src/domain/task.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { archiveOf, copier, finishLipSync, isStored, ringUntil, withArchive } from '../support/archive.ts';
import { failureOf, ledgerOf, openSandbox, storedTask, valueOf, voiceInput } from '../support/ledger.ts';
import { DAY_MS, RETENTION, withParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';
import { askOne } from '../support/tenants/ask.ts';

const sandbox = openSandbox('delete-task');

const ALL = { task: null, filter: { kind: null, statuses: [] } };
const DELETE = `mutation ($id: ID!) { deleteTask(taskId: $id) {
  __typename ... on Deletion { deletedId } ... on Failure { code message } ... on InvalidInputError { issues { code } }
  ... on ConflictError { existing { id } } } }`;

/** Creates a voice task, and waits for its end. */
async function endedVoice(tenant: string, externalId: string): Promise<string> {
  await sandbox.configure({ submittedMs: 0, processingMs: 0 });
  const { id } = valueOf(await ledgerOf(tenant).createVoiceTask(voiceInput(externalId, 'sample')));
  await ledgerOf(tenant).task({ id });
  return id;
}

describe('a task that has ended', () => {
  it('is deleted with its changes, and no read finds it', async ({ expect }) => {
    const ledger = ledgerOf('deleted');
    const id = await endedVoice('deleted', 'order-1');
    const kept = await endedVoice('deleted', 'order-2');
    await expect.poll(async () => (await storedTask(ledger, id))?.phase).toBe('DONE');
    await expect.poll(async () => (await storedTask(ledger, kept))?.phase).toBe('DONE');
    const globalId = encodeGlobalId('VoiceTask', id);
    const answer = await askOne('deleted', DELETE, { id: globalId });
    expect(answer.data.deleteTask).toEqual({ __typename: 'Deletion', deletedId: globalId });
    expect(await storedTask(ledger, id)).toBeNull();
    expect(await ledger.task({ externalId: 'order-1' })).toBeNull();
    const { edges } = valueOf(await ledger.events(ALL, { first: 100, after: null }));
    expect(new Set(edges.map(({ node }) => node.task.id))).toEqual(new Set([kept]));
    const again = await askOne('deleted', DELETE, { id: globalId });
    expect(again.data.deleteTask).toMatchObject({ __typename: 'InvalidInputError', issues: [{ code: 'NOT_FOUND' }] });
    // The voice is an object of its own.
    expect(valueOf(await ledger.voices({ first: 10, after: null })).edges).toHaveLength(2);
  });

  it('is deleted with the copies of its results', async ({ expect }) => {
    await withArchive('delete', { copy: copier().copy }, async (parts) => {
      const id = await finishLipSync(parts);
      await ringUntil(parts, parts.clock.nowMs + 60_000);
      const files = Object.values(archiveOf(parts, id)!.files).map((file) => file!.id);
      parts.journal.remove(id);
      await ringUntil(parts, parts.clock.nowMs + 60_000);
      expect(files).toHaveLength(2);
      for (const file of files) expect(await isStored(file)).toBe(false);
    });
  });

  it('keeps its external id from being paid for again, as long as external ids are kept', async ({ expect }) => {
    const kling = { createVoiceTask: async () => snapshotOf('SUCCEEDED') };
    await withParts('delete external id', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts, 'order-1');
      parts.journal.remove(id);
      await expect(createVoiceOnce(parts, 'order-1')).rejects.toMatchObject({ failure: { code: 'CONFLICT' } });
      const input = {
        face: { klingFace: { klingSessionId: 's', klingFaceId: '0' } },
        audio: { url: 'https://example.com/a.mp3' },
        placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0 },
        externalId: 'order-1',
      };
      await expect(parts.creator.quoteLipSync(input)).rejects.toMatchObject({ failure: { code: 'CONFLICT' } });
      await ringUntil(parts, parts.clock.nowMs + RETENTION.externalIdMs + 1);
      expect((await createVoiceOnce(parts, 'order-1')).id).not.toBe(id);
    });
  });

  it('leaves the numbers of changes as they are: a reader that has seen its last change misses nothing', async ({
    expect,
  }) => {
    const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED') };
    await withParts('delete changes', { kling }, async (parts) => {
      const first = await createVoiceOnce(parts);
      const second = await createVoiceOnce(parts);
      parts.journal.apply(first.id, { type: 'SNAPSHOT', snapshot: snapshotOf('SUCCEEDED') });
      const seen = parts.events.head();
      parts.journal.remove(first.id);
      parts.journal.apply(second.id, { type: 'SNAPSHOT', snapshot: snapshotOf('PROCESSING') });
      const after = (seq: number) => parts.queries.catchUp(ALL, parts.events.cursorOf(seq), null, null);
      expect(after(seen)).toMatchObject({ resync: false, events: [{ seq: seen + 1, task: { id: second.id } }] });
      // One that has not seen it learns from a resync that something is gone, and gets the present state.
      expect(after(seen - 1)).toMatchObject({ resync: true, events: [{ task: { id: second.id } }] });
      expect(parts.events.head()).toBe(seen + 1);
    });
  });

  it('sends a shard that has not got its changes to the present state', async ({ expect }) => {
    const skipped: number[] = [];
    let isAway = true;
    const options = {
      kling: { createVoiceTask: async () => snapshotOf('SUCCEEDED') },
      deliver: async () => {
        if (isAway) throw new Error('the hub is away');
        return null;
      },
      skip: async (_shard: string, seq: number) => {
        skipped.push(seq);
        return seq;
      },
    };
    await withParts('delete unpushed', options, async (parts) => {
      parts.outbox.attach('shard');
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      isAway = false;
      parts.journal.remove(id);
      await ringUntil(parts, parts.clock.nowMs + 60_000);
      expect(skipped).toEqual([parts.events.head()]);
    });
  });
});

describe('a task that has not ended', () => {
  it.for(['QUEUED', 'SUBMITTED', 'PROCESSING', 'UNRECOGNIZED'] as const satisfies readonly TaskStatus[])(
    'is not deleted while it is %s',
    async (status, { expect }) => {
      const tenant = `open ${status}`.replace(' ', '-');
      await sandbox.configure({ faults: status === 'QUEUED' ? { tooManyRequests: 1 } : {} });
      const words = status === 'UNRECOGNIZED' ? 'sandbox-unknown-status' : 'sandbox-never-ends';
      if (status !== 'SUBMITTED') await sandbox.configure({ submittedMs: 0 });
      else await sandbox.configure({ submittedMs: 1_000_000, processingMs: 2_000_000 });
      const { id } = valueOf(await ledgerOf(tenant).createVoiceTask(voiceInput(null, words)));
      await expect.poll(async () => (await ledgerOf(tenant).task({ id }))?.status).toBe(status);
      const failure = failureOf(await ledgerOf(tenant).deleteTask({ id, kind: 'VOICE' }));
      expect(failure).toMatchObject({ code: 'CONFLICT', retryable: false, existing: { type: 'VOICE', id } });
      expect(failure.message).toContain(status);
      expect(await storedTask(ledgerOf(tenant), id)).not.toBeNull();
      await sandbox.configure({ faults: {} });
    },
  );

  it('of another tenant, or of another kind than its id says, is not found', async ({ expect }) => {
    const id = await endedVoice('owner', 'order-1');
    for (const [tenant, kind] of [
      ['stranger', 'VOICE'],
      ['owner', 'LIP_SYNC'],
      ['owner', null],
    ] as const) {
      expect(failureOf(await ledgerOf(tenant).deleteTask({ id, kind })).code).toBe('BAD_USER_INPUT');
    }
    expect(await storedTask(ledgerOf('owner'), id)).not.toBeNull();
  });
});

it('the deletion of a task changes no sum of charges', async ({ expect }) => {
  const kling = { createVoiceTask: async () => snapshotOf('SUCCEEDED', { unitsDeducted: '0.05' }) };
  await withParts('delete charges', { kling }, async (parts, { sql }) => {
    const { id } = await createVoiceOnce(parts);
    const used = sql.exec('SELECT * FROM usage').toArray();
    expect(used).toMatchObject([{ milliunits: 50 }]);
    parts.journal.remove(id);
    expect(sql.exec('SELECT * FROM usage').toArray()).toEqual(used);
    await ringUntil(parts, parts.clock.nowMs + DAY_MS);
  });
});
