import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import type { NotesInput } from '../../src/domain/task.ts';
import { notesOf, updatedAtMsOf } from '../../src/domain/apply.ts';
import { klingError, type PartsOptions, withParts } from '../support/ledger-parts.ts';
import { changesOf, failureOf, ledgerOf, openSandbox, valueOf, voiceInput } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

openSandbox('notes');

const METADATA = [{ key: 'order', value: '4711' }];
const NOTES = { label: 'Birthday', metadata: METADATA };

/** The longest metadata that is allowed. */
const LONGEST = Array.from({ length: 16 }, (_, i) => ({ key: `${i}`.padStart(40, 'k'), value: '🎂'.repeat(500) }));

function create(tenant: string, notes: NotesInput) {
  return ledgerOf(tenant).createVoiceTask({
    ...voiceInput('x'),
    label: notes.label ?? null,
    metadata: notes.metadata ?? [],
  });
}

describe('the notes of a create', () => {
  it('are stored with the task, and shown by reads, lists and changes', async ({ expect }) => {
    const ledger = ledgerOf('created');
    const made = valueOf(await create('created', NOTES));
    expect(notesOf(made)).toEqual(NOTES);
    expect(notesOf((await ledger.task({ id: made.id }))!)).toEqual(NOTES);
    const list = valueOf(await ledger.tasks({ kind: null, statuses: [] }, { first: 1, after: null }));
    expect(list.edges.map(({ node }) => notesOf(node))).toEqual([NOTES]);
    const changes = await changesOf(ledger, made.id);
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.map(({ task }) => notesOf(task))).toEqual(changes.map(() => NOTES));
  });

  it('do not make a repeat another task, and a repeat does not change them', async ({ expect }) => {
    const made = valueOf(await create('repeated', NOTES));
    for (const notes of [{}, { label: 'Wedding' }, { label: 'a'.repeat(81) }]) {
      const again = valueOf(await create('repeated', notes));
      expect([again.id, notesOf(again)]).toEqual([made.id, NOTES]);
    }
  });

  it('are refused together with the rest of the input, before anything is sent', async ({ expect }) => {
    const { code, issues } = failureOf(await create('refused', { label: 'a'.repeat(81), metadata: METADATA }));
    expect([code, issues?.map(({ path }) => path)]).toEqual(['BAD_USER_INPUT', [['input', 'label']]]);
    expect(await ledgerOf('refused').task({ externalId: 'x' })).toBeNull();
  });
});

describe('updateTask', () => {
  it('changes what is given, clears what is null, and leaves the rest', async ({ expect }) => {
    const ledger = ledgerOf('changed');
    const { id } = valueOf(await create('changed', {}));
    const update = async (notes: NotesInput) =>
      notesOf(valueOf(await ledger.updateTask({ id, kind: 'VOICE', ...notes })));
    expect(await update(NOTES)).toEqual(NOTES);
    expect(await update({ label: 'Wedding' })).toEqual({ label: 'Wedding', metadata: METADATA });
    expect(await update({ label: null })).toEqual({ label: null, metadata: METADATA });
    expect(await update({ metadata: null, label: 'b' })).toEqual({ label: 'b', metadata: [] });
    expect(await update({})).toEqual({ label: 'b', metadata: [] });
    expect(notesOf((await ledger.task({ id }))!)).toEqual({ label: 'b', metadata: [] });
  });

  it('refuses the id of no task, of another kind, and of a task of another tenant', async ({ expect }) => {
    const { id } = valueOf(await create('ann', NOTES));
    for (const [tenant, task] of [
      ['ann', { id: 'no-such-task', kind: 'VOICE' }],
      ['ann', { id, kind: 'LIP_SYNC' }],
      ['bob', { id, kind: 'VOICE' }],
    ] as const) {
      const { issues } = failureOf(await ledgerOf(tenant).updateTask({ ...task, label: 'mine' }));
      expect(issues).toMatchObject([{ code: 'NOT_FOUND', path: ['taskId'] }]);
    }
    expect(notesOf((await ledgerOf('ann').task({ id }))!)).toEqual(NOTES);
  });

  it.for([
    ['NOT_FOUND', 'VOICE'],
    ['WRONG_ID_TYPE', null],
  ] as const)('names every issue beside %s', async ([code, kind], { expect }) => {
    const notes = { label: '', metadata: [{ key: '', value: '' }] };
    const { issues } = failureOf(await ledgerOf('issues').updateTask({ id: 'any', kind, ...notes }));
    expect(issues?.map((issue) => [issue.code, issue.path])).toEqual([
      [code, ['taskId']],
      ['OUT_OF_RANGE', ['label']],
      ['OUT_OF_RANGE', ['metadata', 0, 'key']],
    ]);
  });

  const kling: PartsOptions['kling'] = { createVoiceTask: async () => snapshotOf('SUBMITTED') };
  const VOICE = { name: 'Ann', sample: { url: 'https://example.com/a.mp3' } };

  it('writes one change to the log, and none if nothing changes', async ({ expect }) => {
    await withParts('logged notes', { kling }, async ({ creator, journal, events }) => {
      const { id } = await creator.createVoiceTask(VOICE);
      for (let i = 0; i < 2; i += 1) journal.apply(id, { type: 'NOTED', notes: NOTES });
      const changes = events.after(id, 0, 10);
      expect(changes.map(({ task: { label = null, status } }) => [label, status])).toEqual([
        [null, 'SUBMITTED'],
        ['Birthday', 'SUBMITTED'],
      ]);
    });
  });

  it('changes a final task, which keeps its outcome, its end and its place in the budget', async ({ expect }) => {
    await withParts('notes of an ended task', { kling }, async ({ creator, journal, tasks, clock, deps }) => {
      const { id } = await creator.createVoiceTask(VOICE);
      const end = { unitsDeducted: '0.05', updatedAtMs: clock.nowMs };
      const snapshot = snapshotOf('SUCCEEDED', end);
      journal.apply(id, { type: 'SNAPSHOT', snapshot });
      const before = tasks.find({ id })!;
      clock.nowMs += 1000;
      journal.apply(id, { type: 'NOTED', notes: NOTES });
      const after = tasks.find({ id })!;
      expect(after.record).toEqual({
        ...before.record,
        label: 'Birthday',
        details: { ...before.record.details, metadata: METADATA },
        notedAtMs: clock.nowMs,
      });
      expect(after.phase).toBe('DONE');
      expect([updatedAtMsOf(before.record), updatedAtMsOf(after.record)]).toEqual([clock.nowMs - 1000, clock.nowMs]);
      expect(deps.assets.milliunitsUsed('2026-09')).toBe(50);
    });
  });

  it('does not make a later report of Kling look old', async ({ expect }) => {
    await withParts('notes and clocks', { kling }, async ({ creator, journal, tasks, clock }) => {
      const { id } = await creator.createVoiceTask(VOICE);
      const report = (klingStatus: 'UNRECOGNIZED' | 'PROCESSING', updatedAtMs: number) =>
        journal.apply(id, { type: 'SNAPSHOT', snapshot: snapshotOf(klingStatus, { updatedAtMs }) });
      const startMs = clock.nowMs;
      report('UNRECOGNIZED', startMs + 1);
      clock.nowMs += 60_000;
      journal.apply(id, { type: 'NOTED', notes: NOTES });
      report('PROCESSING', startMs + 2);
      expect(tasks.find({ id })!.record).toMatchObject({ status: 'PROCESSING', label: 'Birthday' });
    });
  });

  it('announces no task that Kling may still refuse', async ({ expect }) => {
    const refusing: PartsOptions['kling'] = {
      createVoiceTask: async () => {
        await Promise.resolve();
        throw klingError('REFUSED', 'BAD_USER_INPUT');
      },
    };
    await withParts('notes of a refused task', { kling: refusing }, async ({ creator, journal, tasks, events }) => {
      const creating = creator.createVoiceTask({ ...VOICE, externalId: 'x' }).catch((error: unknown) => error);
      while (tasks.find({ externalId: 'x' }) === null) await Promise.resolve();
      const { id } = tasks.find({ externalId: 'x' })!.record;
      expect(journal.apply(id, { type: 'NOTED', notes: NOTES })?.record.label).toBe('Birthday');
      expect(await creating).toMatchObject({ failure: { code: 'BAD_USER_INPUT' } });
      expect([tasks.find({ id }), events.head()]).toEqual([null, 0]);
      expect(journal.apply(id, { type: 'NOTED', notes: NOTES })).toBeNull();
    });
  });
});

describe('long metadata', () => {
  it('is stored once for a task, however many changes the task has', async ({ expect }) => {
    const tenant = 'long metadata';
    const { id } = valueOf(await create(tenant, { label: '🎂'.repeat(80), metadata: LONGEST }));
    for (let i = 0; i < 10; i += 1) valueOf(await ledgerOf(tenant).updateTask({ id, kind: 'VOICE', label: `${i}` }));
    const changes = await changesOf(ledgerOf(tenant), id);
    expect(changes.map(({ task }) => notesOf(task).metadata)).toEqual(changes.map(() => LONGEST));
    const [task, events] = await runInDurableObject(ledgerOf(tenant), (_instance, { storage: { sql } }) => [
      sql.exec<{ n: number }>('SELECT octet_length(record) + octet_length(details) AS n FROM task').one().n,
      sql.exec<{ n: number }>('SELECT max(octet_length(record)) AS n FROM event').one().n,
    ]);
    expect(task).toBeGreaterThan(16 * 2_040);
    expect(task).toBeLessThan(16 * 2_100 + 1_024);
    expect(events).toBeLessThan(1_024);
  });

  it('is sent once for all changes of a task in a page', async ({ expect }) => {
    const kling: PartsOptions['kling'] = { createVoiceTask: async () => snapshotOf('SUBMITTED') };
    await withParts('shared metadata', { kling }, async ({ creator, journal, queries }) => {
      const voice = { name: 'Ann', sample: { url: 'https://example.com/a.mp3' }, metadata: LONGEST };
      const { id } = await creator.createVoiceTask(voice);
      journal.apply(id, { type: 'NOTED', notes: { label: 'b' } });
      const { edges } = queries.events(
        { task: { id, kind: 'VOICE' }, filter: { kind: null, statuses: [] } },
        { first: 10, after: null },
      );
      const [first, second] = edges.map(({ node }) => node.task.details);
      expect(edges).toHaveLength(2);
      expect(first).toBe(second);
    });
  });
});

it('a task of version 0.1 has no notes, and can be given some', async ({ expect }) => {
  const ledger = ledgerOf('old');
  const { id } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
  await runInDurableObject(ledger, (_instance, { storage }) => storage.sql.exec('UPDATE task SET details = NULL'));
  expect(notesOf((await ledger.task({ id }))!)).toEqual({ label: null, metadata: [] });
  expect(notesOf(valueOf(await ledger.updateTask({ id, kind: 'VOICE', ...NOTES })))).toEqual(NOTES);
});
