import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import type { TaskLedger } from '../../src/ledger/task-ledger.ts';
import { createParts, type LedgerParts } from '../support/ledger-parts.ts';
import { createLipSyncOnce, createVoiceOnce } from '../support/ledger-tasks.ts';
import { kill, ledgerOf, openSandbox, statusesOf, storedTask, valueOf, voiceInput } from '../support/ledger.ts';
import { type Course, scriptKling } from '../support/scripted-kling.ts';

const sandbox = openSandbox('crashes');

/** More transactions than one create and its recovery need. The object dies once at each of them. */
const WRITES_MAX = 14;

/** Wraps storage so that the n-th transaction and all later ones throw without writing, as if the object had died. */
function dyingAt(storage: DurableObjectStorage, nth: number): DurableObjectStorage {
  let count = 0;
  return new Proxy(storage, {
    get(target, name) {
      if (name !== 'transactionSync') return Reflect.get(target, name);
      return <T>(work: () => T): T => {
        count += 1;
        if (count >= nth) throw new Error('the object has died');
        return target.transactionSync(work);
      };
    },
  });
}

async function runUntilQuiet(parts: LedgerParts): Promise<void> {
  for (let i = 0; i < 20; i += 1) {
    const [row] = parts.tasks.list({ kind: null, statuses: [] }, null, 1);
    if (row === undefined || row.phase === 'DONE' || row.record.status === 'PROCESSING') return;
    parts.clock.nowMs = Math.max(parts.clock.nowMs, parts.deps.wakes.nextAtMs() ?? 0);
    await parts.alarmHandler.run().catch(() => {});
    await parts.settle();
  }
}

const COURSES: readonly (readonly [readonly Course[], made: number])[] = [
  [['MADE'], 1],
  [['LOST_AFTER', 'MADE'], 1],
  [['LOST_BEFORE', 'MADE'], 1],
  [['LOST_BEFORE', 'LOST_AFTER', 'MADE'], 1],
  [['LOST_BEFORE', 'REFUSED'], 0],
  [['LOST_LATE', 'REFUSED'], 1],
  [['LOST_LATE', 'EXISTS'], 1],
  [['REFUSED'], 0],
];

const CASES = COURSES.flatMap(([script, made]) =>
  (['VOICE', 'LIP_SYNC'] as const).map((kind) => ({ name: `${script.join(', ')} (${kind})`, script, made, kind })),
);

describe('a create whose object dies at any of its writes', () => {
  it.for(CASES)('makes $made tasks after $name and is never lost', async ({ name, script, made, kind }, { expect }) => {
    for (let nth = 1; nth <= WRITES_MAX; nth += 1) {
      await runInDurableObject(ledgerOf(`${name} dies at ${nth}`), async (_instance, { storage }) => {
        const kling = scriptKling(script);
        const dying = createParts(dyingAt(storage, nth), { kling: kling.client });
        const create = kind === 'VOICE' ? createVoiceOnce : createLipSyncOnce;
        await create(dying).catch(() => {});
        await runUntilQuiet(dying);

        const reborn = createParts(storage, { kling: kling.client });
        reborn.clock.nowMs = dying.clock.nowMs + 60_000;
        reborn.deps.wakes.wakeUnanswered(reborn.clock.nowMs);
        await runUntilQuiet(reborn);

        const [row] = reborn.tasks.list({ kind: null, statuses: [] }, null, 2);
        // Without a row, nothing was sent, or the caller got the refusal.
        if (row === undefined) return expect([nth, kling.made]).toEqual([nth, []]);
        expect([nth, kling.made.length, row.record.status]).toEqual([nth, made, made === 1 ? 'PROCESSING' : 'FAILED']);
        expect(kling.counts.posts).toBeLessThanOrEqual(script.length + 1);
      });
    }
  });
});

/** More statements than one cancel needs. */
const STATEMENTS_MAX = 30;

/** Runs `work`, and lets its `nth` statement and all later ones throw. */
function dieAt<T>(sql: SqlStorage, nth: number, work: () => T): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the platform does not export this class
  const shared = Object.getPrototypeOf(sql) as Pick<SqlStorage, 'exec'>;
  const { exec } = shared;
  let count = 0;
  shared.exec = function dying(this: SqlStorage, ...call: Parameters<typeof exec>) {
    count += 1;
    if (count >= nth) throw new Error('the object has died');
    return exec.apply(this, call);
  } as typeof exec;
  try {
    return work();
  } finally {
    shared.exec = exec;
  }
}

/** A stub of an object that was killed does not work any more, so each call makes one. */
const cancelling = () => ledgerOf('cancel dies');

it('a cancel whose object dies at any of its statements cancels the task, or leaves it to be sent once', async ({
  expect,
}) => {
  // No task goes on while the others are read.
  await sandbox.configure({ faults: { tooManyRequests: 1 }, processingMs: 600_000 });
  const ids: string[] = [];
  while (ids.length < STATEMENTS_MAX) ids.push(valueOf(await cancelling().createVoiceTask(voiceInput(null))).id);
  const answers = await runInDurableObject(cancelling(), (instance: TaskLedger, { storage }) =>
    Promise.all(
      ids.map((id, i) =>
        dieAt(storage.sql, i + 1, () => instance.cancelTask({ id, kind: 'VOICE' })).then(
          (answer) => answer.ok,
          () => false,
        ),
      ),
    ),
  );
  expect([answers[0], answers.at(-1)]).toEqual([false, true]);
  await kill(cancelling());
  await sandbox.configure({ faults: {} });
  for (const [i, id] of ids.entries()) {
    await expect
      .poll(async () => (await storedTask(cancelling(), id))?.phase, { timeout: 20_000 })
      .toMatch(/SENT|DONE/);
    const { status } = (await storedTask(cancelling(), id))!;
    if (answers[i] === true) expect([i, status]).toEqual([i, 'CANCELLED']);
    const made = await sandbox.tasksOf(id);
    expect([i, status, made]).toEqual([i, ...(status === 'CANCELLED' ? ['CANCELLED', 0] : ['SUBMITTED', 1])]);
    expect(await statusesOf(cancelling(), id)).toEqual(['QUEUED', status]);
  }
});
