import { describe, it } from 'vitest';
import type { TaskFact } from '../../src/domain/apply.ts';
import type { TaskSnapshot } from '../../src/domain/task.ts';
import { createIngest, type IngestDeps } from '../../src/ledger/ingest.ts';
import type { Journal } from '../../src/ledger/journal.ts';
import type { TaskSync } from '../../src/ledger/sync-task.ts';
import type { TaskRow, TaskStep } from '../../src/ledger/stores/tasks.ts';
import { voiceTask } from '../support/fake-ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

/** Calls that a callback causes in the parts of a ledger. `callbacks.test.ts` tests the effect on real storage. */

const NOW_MS = 1_790_000_000_000;

interface Seen {
  readonly applied: [taskId: string, fact: TaskFact | null, step: Partial<TaskStep> | undefined][];
  readonly polled: unknown[][];
  readonly hinted: unknown[][];
  readonly owed: unknown[][];
  readonly identified: unknown[][];
}

const after = { phase: 'SENT', tries: 0 } as TaskRow;

/** Ingests one callback about task `t`. A `row` of null means that the ledger has no such task. */
async function takeIn(
  row: { phase: TaskRow['phase']; klingTaskId: string | null } | null,
  hint: TaskSnapshot | null,
  { readAtMs = 0, wakeAtMs = null }: Partial<Pick<TaskRow, 'readAtMs' | 'wakeAtMs'>> = {},
): Promise<Seen & { readonly row: TaskRow | null }> {
  const seen: Seen = { applied: [], polled: [], hinted: [], owed: [], identified: [] };
  const record = voiceTask('t', { klingTaskId: row?.klingTaskId ?? null, status: 'SUBMITTED' });
  const kept = row === null ? null : ({ phase: row.phase, readAtMs, wakeAtMs, record } as TaskRow);
  const background: Promise<unknown>[] = [];
  const deps: Pick<IngestDeps, 'tasks' | 'now' | 'random' | 'background'> = {
    tasks: { find: ({ id }) => (id === 't' ? kept : null) },
    now: () => NOW_MS,
    random: () => 0.5,
    background: (work) => void background.push(work()),
  };
  const journal: Partial<Journal> = {
    apply(taskId, fact, step) {
      seen.applied.push([taskId, fact, step]);
      return kept === null ? null : after;
    },
  };
  const sync: Partial<TaskSync> = {
    poll: async (...args) => void seen.polled.push(args),
    hint: (...args) => void seen.hinted.push(args),
    readAgain: (...args) => void seen.owed.push(args),
    identify: async (...args) => void seen.identified.push(args),
  };
  createIngest({ ...deps, journal: journal as Journal, sync: sync as TaskSync })('t', hint);
  await Promise.all(background);
  return { ...seen, row: kept };
}

const RUNNING = ['SUBMITTED', 'PROCESSING', 'UNRECOGNIZED'] as const;
const ENDS = ['SUCCEEDED', 'FAILED'] as const;
const READ_SOON = { phase: 'SENT', tries: 0, wakeAtMs: NOW_MS + 1_000 };
const POLL_LATER = { phase: 'SENT', tries: 0, wakeAtMs: NOW_MS + 5_000 };

describe('a callback', () => {
  it('about a missing or final task does nothing', async ({ expect }) => {
    for (const row of [null, { phase: 'DONE', klingTaskId: 'kling-1' }] as const) {
      for (const hint of [null, snapshotOf('PROCESSING'), snapshotOf('FAILED')]) {
        expect(await takeIn(row, hint)).toMatchObject({ applied: [], polled: [], identified: [] });
      }
    }
  });

  it.for(RUNNING)(
    'about our task with status %s is applied without its id, and nothing is read',
    async (status, { expect }) => {
      const hint = snapshotOf(status);
      const { applied, polled, identified } = await takeIn({ phase: 'SENT', klingTaskId: 'kling-1' }, hint);
      const fact = { type: 'SNAPSHOT', snapshot: { ...hint, klingTaskId: '' } };
      expect(applied).toEqual([['t', fact, POLL_LATER]]);
      expect([polled, identified]).toEqual([[], []]);
    },
  );

  it.for(ENDS)('about our task with status %s is not applied: the task is read at once', async (status, { expect }) => {
    const { applied, polled, identified } = await takeIn({ phase: 'SENT', klingTaskId: 'kling-1' }, snapshotOf(status));
    expect(applied).toEqual([['t', null, READ_SOON]]);
    expect([polled, identified]).toEqual([[[after]], []]);
  });

  it.for([...RUNNING, ...ENDS])(
    'about another Kling task (%s) only makes the ledger read',
    async (status, { expect }) => {
      const hint = snapshotOf(status, { klingTaskId: 'kling-2', externalTaskId: 't' });
      const { applied, polled, identified, hinted } = await takeIn({ phase: 'SENT', klingTaskId: 'kling-1' }, hint);
      expect(applied).toEqual([['t', null, READ_SOON]]);
      expect([polled, identified, hinted]).toEqual([[[after]], [], []]);
    },
  );

  it('without a Kling task only makes the ledger read', async ({ expect }) => {
    const { applied, polled, hinted } = await takeIn({ phase: 'SENDING', klingTaskId: null }, null);
    expect(applied).toEqual([['t', null, READ_SOON]]);
    expect([polled, hinted]).toEqual([[[after]], []]);
  });
});

describe('a callback before Kling’s id is known', () => {
  it.for([null, 't'])(
    'with external id %s is applied, and the task is read by the Kling id in it',
    async (ours, { expect }) => {
      const hint = snapshotOf('PROCESSING', { klingTaskId: 'kling-9', externalTaskId: ours });
      const { applied, polled, identified, row } = await takeIn({ phase: 'SENDING', klingTaskId: null }, hint);
      expect(applied).toEqual([['t', { type: 'SNAPSHOT', snapshot: { ...hint, klingTaskId: '' } }, POLL_LATER]]);
      expect([polled, identified]).toEqual([[], [[row, 'kling-9']]]);
    },
  );

  it('about an end makes the ledger read the task by the Kling id in it', async ({ expect }) => {
    const hint = snapshotOf('SUCCEEDED', { klingTaskId: 'kling-9' });
    const { polled, hinted } = await takeIn({ phase: 'SENDING', klingTaskId: null }, hint);
    expect([polled, hinted]).toEqual([[[after]], [['t', 'kling-9']]]);
  });

  it.for([...RUNNING, ...ENDS])('with a foreign id (%s) only makes the ledger read', async (status, { expect }) => {
    const hint = snapshotOf(status, { klingTaskId: 'kling-9', externalTaskId: 'u' });
    const { applied, polled, identified, hinted } = await takeIn({ phase: 'SENDING', klingTaskId: null }, hint);
    expect(applied).toEqual([['t', null, READ_SOON]]);
    expect([polled, identified, hinted]).toEqual([[[after]], [], []]);
  });
});

describe('a callback about a task that was read less than a second ago', () => {
  const READ_AT_MS = NOW_MS - 400;
  const SENT = { phase: 'SENT', klingTaskId: 'kling-1' } as const;

  it.for([
    ['when the next poll is later', NOW_MS + 5_000, READ_AT_MS + 1_000],
    ['when no poll is planned', null, READ_AT_MS + 1_000],
    ['when the next poll is sooner', NOW_MS + 100, NOW_MS + 100],
  ] as const)('leaves the read to the alarm, %s', async ([, wakeAtMs, nextAtMs], { expect }) => {
    for (const hint of [null, snapshotOf('SUCCEEDED'), snapshotOf('PROCESSING', { klingTaskId: 'kling-2' })]) {
      const seen = await takeIn(SENT, hint, { readAtMs: READ_AT_MS, wakeAtMs });
      expect(seen.applied).toEqual([['t', null, { phase: 'SENT', tries: 0, wakeAtMs: nextAtMs }]]);
      expect([seen.polled, seen.identified, seen.hinted]).toEqual([[], [], []]);
      expect(seen.owed).toEqual([['t', nextAtMs]]);
    }
  });

  it('is applied when it reports a running task', async ({ expect }) => {
    const { applied, polled } = await takeIn(SENT, snapshotOf('PROCESSING'), { readAtMs: READ_AT_MS });
    expect(applied).toMatchObject([['t', { type: 'SNAPSHOT' }, POLL_LATER]]);
    expect(polled).toEqual([]);
  });

  it.for([...RUNNING, ...ENDS])('leaves its Kling id (%s) for the alarm to read by', async (status, { expect }) => {
    const hint = snapshotOf(status, { klingTaskId: 'kling-9' });
    const seen = await takeIn({ phase: 'SENDING', klingTaskId: null }, hint, { readAtMs: READ_AT_MS });
    expect(seen.applied.map(([, , step]) => step?.wakeAtMs)).toEqual([READ_AT_MS + 1_000]);
    expect([seen.polled, seen.identified, seen.hinted]).toEqual([[], [], [['t', 'kling-9']]]);
  });

  it('makes the ledger read at once when the second is over', async ({ expect }) => {
    const seen = await takeIn(SENT, snapshotOf('SUCCEEDED'), { readAtMs: NOW_MS - 1_000 });
    expect(seen.polled).toEqual([[after]]);
  });
});
