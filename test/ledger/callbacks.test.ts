import fc from 'fast-check';
import { describe, it, type ExpectStatic } from 'vitest';
import { createCallbackTokens } from '../../src/auth/signed-token.ts';
import { IS_FULL } from '../support/depth.ts';
import { createVoiceOnce, RANK } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';
import { withParts, type LedgerParts } from '../support/ledger-parts.ts';
import type { TaskStatus, Voice } from '../../src/domain/task.ts';
import { callbackDeps, postCallback } from '../support/callbacks.ts';
import {
  changesOf,
  env,
  kill,
  ledgerOf,
  openSandbox,
  statusesOf,
  storedTask,
  valueOf,
  voiceInput,
} from '../support/ledger.ts';

const sandbox = openSandbox('callbacks');

/** Returns every order of every non-empty selection of the items. */
function orders<T>(items: readonly T[]): T[][] {
  return items.flatMap((item, i) => [[item], ...orders(items.toSpliced(i, 1)).map((rest) => [item, ...rest])]);
}

/** Checks that the log of a task is gapless, never moves back, and has at most one end. Returns its statuses. */
function checkedStatuses({ events }: LedgerParts, taskId: string, expect: ExpectStatic): TaskStatus[] {
  const changes = events.after(taskId, 0, 1000);
  expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_, i) => i + 1));
  const statuses = changes.map(({ task }) => task.status);
  const ranks = statuses.map((status) => RANK[status]);
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  expect(ranks.filter((rank) => rank === 3).length).toBeLessThanOrEqual(1);
  return statuses;
}

describe.for(['SUCCEEDED', 'FAILED'] as const)('callbacks of a task that %s', (end) => {
  const reported = ['SUBMITTED', 'PROCESSING', end] as const;
  // Every order of up to 5 callbacks with 3 statuses, two of them repeated.
  const all = orders([...reported, 'PROCESSING' as const, end]);
  const courses = IS_FULL ? all : all.filter((_, n) => n % 7 === 0);

  it(`in any of ${courses.length} orders, repeated or not, lead to the status at Kling`, async ({ expect }) => {
    for (const [n, course] of courses.entries()) {
      const kling = {
        createVoiceTask: async () => snapshotOf('SUBMITTED'),
        readVoiceTask: async () => snapshotOf(end),
      };
      await withParts(`${end} ${n}`, { kling }, async (parts) => {
        const { id } = await createVoiceOnce(parts);
        for (const status of course) {
          parts.ingest(id, snapshotOf(status));
          await parts.settle();
        }
        const statuses = checkedStatuses(parts, id, expect);
        const ends = course.includes(end);
        expect(statuses.at(-1)).toBe(ends ? end : course.includes('PROCESSING') ? 'PROCESSING' : 'SUBMITTED');
        expect(parts.tasks.find({ id })?.phase).toBe(ends ? 'DONE' : 'SENT');
        expect(parts.ended).toEqual(ends ? [id] : []);
      });
    }
  });
});

describe('a callback', () => {
  it('that arrives before the answer to the create is applied, and the answer moves nothing back', async ({
    expect,
  }) => {
    const answers = Promise.withResolvers<ReturnType<typeof snapshotOf>>();
    await withParts('overtaking', { kling: { createVoiceTask: () => answers.promise } }, async (parts) => {
      const making = createVoiceOnce(parts);
      await expect.poll(() => parts.tasks.find({ id: 'task-1' })?.phase).toBe('SENDING');
      parts.ingest('task-1', snapshotOf('PROCESSING'));
      // Kling's id is taken from the answer, never from a callback.
      expect(parts.tasks.find({ id: 'task-1' })).toMatchObject({ phase: 'SENT', record: { klingTaskId: null } });
      answers.resolve(snapshotOf('SUBMITTED'));
      expect(await making).toMatchObject({ status: 'PROCESSING', klingTaskId: 'kling-1' });
      expect(checkedStatuses(parts, 'task-1', expect)).toEqual(['PROCESSING']);
    });
  });

  it('about an end that arrives before the answer makes the ledger read, and the answer changes nothing', async ({
    expect,
  }) => {
    const answers = Promise.withResolvers<ReturnType<typeof snapshotOf>>();
    const kling = { createVoiceTask: () => answers.promise, readVoiceTask: async () => snapshotOf('SUCCEEDED') };
    await withParts('overtaking end', { kling }, async (parts) => {
      const making = createVoiceOnce(parts);
      await expect.poll(() => parts.tasks.find({ id: 'task-1' })?.phase).toBe('SENDING');
      parts.ingest('task-1', snapshotOf('SUCCEEDED'));
      await parts.settle();
      answers.resolve(snapshotOf('SUBMITTED'));
      expect((await making).status).toBe('SUCCEEDED');
      expect(checkedStatuses(parts, 'task-1', expect)).toEqual(['SUCCEEDED']);
    });
  });

  it.for(['PROCESSING', 'UNRECOGNIZED', 'SUCCEEDED', 'FAILED'] as const)(
    'about another Kling task with status %s is not applied, and only makes the ledger read',
    async (told, { expect }) => {
      let reads = 0;
      const readVoiceTask = async () => snapshotOf((reads += 1) > 0 ? 'SUBMITTED' : 'FAILED');
      const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED'), readVoiceTask };
      await withParts(`another id ${told}`, { kling }, async (parts) => {
        const { id } = await createVoiceOnce(parts);
        parts.ingest(id, snapshotOf(told, { klingTaskId: 'kling-of-others' }));
        await parts.settle();
        expect(reads).toBe(1);
        expect(parts.tasks.find({ id })?.record).toMatchObject({ status: 'SUBMITTED', klingTaskId: 'kling-1' });
      });
    },
  );

  it('about an end makes the ledger read the voices and the charge, which it lacks', async ({ expect }) => {
    const voice: Voice = {
      voiceId: 'v-1',
      name: 'Ann',
      trialUrl: 'https://example.com/v',
      owner: 'ACCOUNT',
      ownerId: null,
    };
    const kling = {
      createVoiceTask: async () => snapshotOf('SUBMITTED'),
      readVoiceTask: async () => ({ ...snapshotOf('SUCCEEDED', { unitsDeducted: '0.05' }), voices: [voice] }),
    };
    await withParts('complete', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      parts.ingest(id, snapshotOf('SUCCEEDED'));
      await parts.settle();
      const { task } = parts.events.after(id, 0, 10).at(-1)!;
      expect(task).toMatchObject({ status: 'SUCCEEDED', unitsDeducted: '0.05', voices: [voice] });
      expect(parts.deps.assets.voice('v-1')).toEqual(voice);
      expect(parts.deps.assets.milliunitsUsed('2026-09')).toBe(50);
    });
  });

  it('about an end that Kling does not confirm ends nothing', async ({ expect }) => {
    const kling = {
      createVoiceTask: async () => snapshotOf('SUBMITTED'),
      readVoiceTask: async () => snapshotOf('PROCESSING'),
    };
    await withParts('forged end', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      parts.ingest(id, snapshotOf('FAILED'));
      await parts.settle();
      expect(checkedStatuses(parts, id, expect)).toEqual(['SUBMITTED', 'PROCESSING']);
    });
  });

  it('about an end makes the alarm read within seconds when the read at once fails', async ({ expect }) => {
    const answers = [() => Promise.reject(new Error('down')), async () => snapshotOf('SUCCEEDED')];
    const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED'), readVoiceTask: () => answers.shift()!() };
    await withParts('end unread', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      parts.ingest(id, snapshotOf('SUCCEEDED'));
      await parts.settle();
      expect(parts.tasks.find({ id })?.phase).toBe('SENT');
      parts.clock.nowMs += 20_000;
      await parts.alarmHandler.run();
      expect(checkedStatuses(parts, id, expect)).toEqual(['SUBMITTED', 'SUCCEEDED']);
    });
  });

  it('postpones the next poll, and one about the end stops the polls', async ({ expect }) => {
    const kling = {
      createVoiceTask: async () => snapshotOf('SUBMITTED'),
      readVoiceTask: async () => snapshotOf('SUCCEEDED'),
    };
    await withParts('pushes', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      const first = parts.tasks.find({ id })!.wakeAtMs!;
      parts.clock.nowMs += 4000;
      parts.ingest(id, snapshotOf('PROCESSING'));
      expect(parts.tasks.find({ id })).toMatchObject({ wakeAtMs: first + 4000, tries: 0 });
      parts.ingest(id, snapshotOf('SUCCEEDED'));
      await parts.settle();
      expect(parts.tasks.find({ id })?.wakeAtMs).toBeNull();
    });
  });

  it('with any status, in any number, leaves the log gapless and never moves it back', async ({ expect }) => {
    const status = fc.constantFrom<TaskStatus>('SUBMITTED', 'PROCESSING', 'UNRECOGNIZED', 'SUCCEEDED', 'FAILED');
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(status, fc.boolean()), { maxLength: 12 }), status, async (course, truth) => {
        const kling = {
          createVoiceTask: async () => snapshotOf('SUBMITTED'),
          readVoiceTask: async () => snapshotOf(truth),
        };
        await withParts(`any ${(n += 1)}`, { kling }, async (parts) => {
          const { id } = await createVoiceOnce(parts);
          for (const [told, named] of course) {
            parts.ingest(id, named ? snapshotOf(told) : null);
            await parts.settle();
          }
          expect(checkedStatuses(parts, id, expect)[0]).toBe('SUBMITTED');
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('a callback through the route and the object', () => {
  it('is durable once acknowledged, even if the object dies right after, and one about an unknown task is acknowledged', async ({
    expect,
  }) => {
    const ledger = ledgerOf('route');
    const { id, klingTaskId } = valueOf(await ledger.createVoiceTask(voiceInput('r1')));
    await sandbox.advance(id, 'processing');
    const deps = callbackDeps({
      tokens: createCallbackTokens(['callback-secret-of-these-tests-0123456789']),
      ingest: ({ tenant, taskId }, hint) => env.TASK_LEDGER.getByName(tenant).ingest(taskId, hint),
    });
    const body = JSON.stringify({ task_id: klingTaskId, task_status: 'processing' });
    const token = await deps.tokens.mint({ tenant: 'route', taskId: id });
    expect((await postCallback(deps, body, {}, token)).status).toBe(204);
    expect((await postCallback(deps, body, {}, token)).status).toBe(204);
    await kill(ledger);
    expect(await storedTask(ledgerOf('route'), id)).toMatchObject({ phase: 'SENT', status: 'PROCESSING' });
    const after = ledgerOf('route');
    expect(await statusesOf(after, id)).toEqual(['SUBMITTED', 'PROCESSING']);

    const unknown = await deps.tokens.mint({ tenant: 'route', taskId: 'no-such-task' });
    expect((await postCallback(deps, body, {}, unknown)).status).toBe(204);
    expect(await changesOf(after)).toHaveLength(2);
  });
});
