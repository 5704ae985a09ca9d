import { describe, it } from 'vitest';
import { klingError, withParts, type LedgerParts, type PartsOptions } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';

type Answer = () => Promise<ReturnType<typeof snapshotOf>>;

const LOST: Answer = () => Promise.reject(klingError('UNKNOWN'));
const MISSING: Answer = () => Promise.reject(klingError('REFUSED', 'NOT_FOUND', 1201));
const FULL: Answer = () => Promise.reject(klingError('REFUSED', 'RATE_LIMITED', 1303));
const EXISTS: Answer = () => Promise.reject(klingError('REFUSED', 'CONFLICT', 1201));
const UNIQUE: Answer = () =>
  Promise.reject(klingError('REFUSED', 'BAD_USER_INPUT', 1201, 'external_task_id must be unique'));
const REJECTED: Answer = () => Promise.reject(klingError('REFUSED', 'CONTENT_REJECTED', 1301));

/** A Kling that answers creates and reads from two scripts. A call past the end of a script throws. */
function script(creates: readonly Answer[], reads: readonly Answer[]) {
  const counts = { creates: 0, reads: 0 };
  const kling: PartsOptions['kling'] = {
    createVoiceTask: () => creates[(counts.creates += 1) - 1]!(),
    readVoiceTask: () => reads[(counts.reads += 1) - 1]!(),
  };
  return { kling, counts };
}

/** Moves the clock to the next alarm and runs it, `times` times. */
async function runNext(parts: LedgerParts, times = 1): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    parts.clock.nowMs = Math.max(parts.clock.nowMs, parts.alarmHandler.nextAtMs()!);
    await parts.alarmHandler.run();
    await parts.settle();
  }
}

describe('a callback about a create of unknown outcome', () => {
  it('is applied when it comes during a look-up that finds nothing, and nothing is resent', async ({ expect }) => {
    const lookUp = Promise.withResolvers<ReturnType<typeof snapshotOf>>();
    const { kling, counts } = script([LOST], [MISSING, () => lookUp.promise]);
    await withParts('looked up', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      await runNext(parts);
      parts.clock.nowMs = parts.deps.wakes.nextAtMs()!;
      const run = parts.alarmHandler.run();
      await expect.poll(() => counts.reads).toBe(2);
      parts.ingest(id, snapshotOf('PROCESSING'));
      lookUp.reject(klingError('REFUSED', 'NOT_FOUND', 1201));
      await run;
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'SENT', record: { status: 'PROCESSING' } });
      expect(counts.creates).toBe(1);
    });
  });

  it.for([
    ['is refused for now', FULL],
    ['is refused finally', REJECTED],
    ['is refused because Kling has the task', EXISTS],
    ['is lost again', LOST],
  ] as const)('keeps the task when it comes during a resend that %s', async ([name, outcome], { expect }) => {
    const gate = Promise.withResolvers<void>();
    const { kling, counts } = script([LOST, () => gate.promise.then(outcome)], [MISSING, MISSING]);
    await withParts(`sent again and ${name}`, { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      await runNext(parts, 2);
      const run = parts.alarmHandler.run();
      await expect.poll(() => counts.creates).toBe(2);
      parts.ingest(id, snapshotOf('PROCESSING'));
      gate.resolve();
      await run;
      await parts.settle();
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'SENT', record: { status: 'PROCESSING' } });
      expect(parts.tasks.find({ id })!.wakeAtMs).toBeGreaterThan(parts.clock.nowMs);
    });
  });
});

describe('a create of unknown outcome', () => {
  it('is adopted when Kling refuses the resend because it has the task, and is then polled', async ({ expect }) => {
    const { kling, counts } = script([LOST, EXISTS], [MISSING, MISSING, async () => snapshotOf('PROCESSING')]);
    await withParts('exists', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      await runNext(parts, 4);
      expect(parts.tasks.find({ id })).toMatchObject({
        phase: 'SENT',
        record: { status: 'PROCESSING', klingTaskId: 'kling-1' },
      });
      expect(counts).toEqual({ creates: 2, reads: 3 });
    });
  });

  it('is not resent while its look-ups fail', async ({ expect }) => {
    const { kling, counts } = script([LOST], [LOST, MISSING, LOST, LOST, async () => snapshotOf('SUBMITTED')]);
    await withParts('look-ups fail', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      await runNext(parts, 5);
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'SENT', record: { status: 'SUBMITTED' } });
      expect(counts.creates).toBe(1);
    });
  });

  it('is looked up every two seconds, so that a task that Kling shows late is not taken for missing', async ({
    expect,
  }) => {
    const { kling } = script([LOST], [MISSING]);
    await withParts('apart', { kling }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      for (const phase of ['SENDING', 'SENDING'] as const) {
        expect(parts.tasks.find({ id })?.phase).toBe(phase);
        expect(parts.tasks.find({ id })!.wakeAtMs! - parts.clock.nowMs).toBe(2000);
        if (parts.tasks.find({ id })?.tries === 0) await runNext(parts);
      }
    });
  });
});

describe('an account object that cannot be reached', () => {
  it('does not lose a task that Kling refused for now, which is returned as QUEUED', async ({ expect }) => {
    const { kling } = script([FULL], []);
    const slots = { refuse: () => Promise.reject(new Error('the account is away')) };
    await withParts('refuse fails', { kling, slots }, async (parts) => {
      expect((await createVoiceOnce(parts)).status).toBe('QUEUED');
      expect(parts.tasks.find({ id: 'task-1' })?.phase).toBe('WAITING');
    });
  });

  it('delays a create until the alarm reaches it', async ({ expect }) => {
    const { kling } = script([async () => snapshotOf('SUBMITTED')], []);
    let away = true;
    const reach = <T>(answer: T) => (away ? Promise.reject(new Error('the account is away')) : Promise.resolve(answer));
    const account: PartsOptions['account'] = {
      acquire: () => reach({ granted: true }),
      compare: () => reach({ held: [], isComplete: false }),
      rejoin: (_tenant: string, claims: readonly { taskId: string }[]) => {
        for (const { taskId } of claims) granted.push(taskId);
        return reach(undefined);
      },
      accepted: () => reach(undefined),
    };
    const granted: string[] = [];
    await withParts('acquire fails', { kling, account }, async (parts) => {
      const { id, status } = await createVoiceOnce(parts);
      expect(status).toBe('QUEUED');
      await runNext(parts);
      expect(granted).toEqual([]);
      away = false;
      await runNext(parts);
      expect(granted).toEqual([id]);
      parts.waiting.granted(id);
      await parts.settle();
      expect(parts.tasks.find({ id })?.phase).toBe('SENT');
    });
  });
});

describe('a grant that overtakes the answer that there was no slot', () => {
  it('sends the task, which does not wait for the next audit', async ({ expect }) => {
    const { kling, counts } = script([async () => snapshotOf('SUBMITTED')], []);
    const world: { parts?: LedgerParts; granted: boolean } = { granted: false };
    const slots: PartsOptions['slots'] = {
      async acquire(taskId) {
        await Promise.resolve();
        if (world.granted) return { granted: true };
        world.granted = world.parts!.waiting.granted(taskId);
        return { granted: false };
      },
    };
    await withParts('overtaking grant', { kling, slots }, async (parts) => {
      world.parts = parts;
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      expect([parts.tasks.find({ id })?.phase, counts.creates]).toEqual(['SENT', 1]);
    });
  });
});

describe('the reports to the account', () => {
  it('say whether Kling accepted or refused a create, and release the slot of a failed one', async ({ expect }) => {
    const told: string[] = [];
    const slots: PartsOptions['slots'] = {
      accepted: (taskId) => told.push(`accepted ${taskId}`),
      refuse: async (taskId, code) => void told.push(`refused ${taskId} ${code}`),
      release: async (taskId) => void told.push(`released ${taskId}`),
      report: (failed) => told.push(`failed ${failed}`),
    };
    const { kling } = script([async () => snapshotOf('SUBMITTED'), FULL, REJECTED, LOST], []);
    await withParts('told', { kling, slots }, async (parts) => {
      for (let i = 0; i < 2; i += 1) await createVoiceOnce(parts);
      await createVoiceOnce(parts).catch(() => {});
      await createVoiceOnce(parts);
      await parts.settle();
      expect(told).toEqual(['accepted task-1', 'refused task-2 1303', 'released task-3']);
      // A late grant for a task that Kling has must not release its slot.
      await parts.sender.send('task-1', false);
      expect(told).toHaveLength(3);
    });
  });
});

it('a callback about the end before the create was answered provides Kling’s id, by which the end is read', async ({
  expect,
}) => {
  const asked: string[] = [];
  const kling: PartsOptions['kling'] = {
    createVoiceTask: LOST,
    readVoiceTask: async (id) => {
      asked.push(id);
      if (id !== 'kling-1') throw klingError('REFUSED', 'NOT_FOUND', 1201);
      return snapshotOf('SUCCEEDED', { klingTaskId: 'kling-1' });
    },
  };
  await withParts('taught', { kling }, async (parts) => {
    const { id } = await createVoiceOnce(parts);
    parts.ingest(id, snapshotOf('FAILED', { klingTaskId: 'kling-2', externalTaskId: 'somebody-else' }));
    expect(parts.tasks.find({ id })?.record.klingTaskId).toBeNull();
    parts.ingest(id, snapshotOf('SUCCEEDED', { klingTaskId: 'kling-1', externalTaskId: id }));
    await parts.settle();
    // The first callback caused a read. The alarm makes the second read, a second later.
    parts.clock.nowMs = parts.alarmHandler.nextAtMs()!;
    await parts.alarmHandler.run();
    expect(parts.tasks.find({ id })?.record).toMatchObject({ klingTaskId: 'kling-1', status: 'SUCCEEDED' });
    expect(asked.at(-1)).toBe('kling-1');
  });
});

it('a task keeps its slot when a callback shows it at Kling while the ledger asks for the slot again', async ({
  expect,
}) => {
  const second = Promise.withResolvers<{ granted: boolean }>();
  const answers = [Promise.resolve({ granted: true }), second.promise];
  const released: string[] = [];
  const slots: PartsOptions['slots'] = {
    acquire: () => answers.shift()!,
    release: async (taskId) => void released.push(taskId),
  };
  const { kling } = script([LOST], [MISSING, MISSING]);
  await withParts('kept slot', { kling, slots }, async (parts) => {
    const { id } = await createVoiceOnce(parts);
    await runNext(parts, 2);
    expect(parts.tasks.find({ id })?.phase).toBe('WAITING');
    const sending = parts.sender.send(id, false);
    parts.ingest(id, snapshotOf('PROCESSING'));
    second.resolve({ granted: true });
    await sending;
    expect([parts.tasks.find({ id })?.phase, released]).toEqual(['SENT', []]);
  });
});

it('a refusal of the external id after a lost answer means that Kling has the task, whatever the message says', async ({
  expect,
}) => {
  const { kling, counts } = script([LOST, UNIQUE], [MISSING, MISSING, async () => snapshotOf('PROCESSING')]);
  await withParts('unique', { kling }, async (parts) => {
    const { id } = await createVoiceOnce(parts);
    await runNext(parts, 4);
    expect(parts.tasks.find({ id })).toMatchObject({ phase: 'SENT', record: { status: 'PROCESSING' } });
    expect(counts.creates).toBe(2);
  });
});
