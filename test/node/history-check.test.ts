import { describe, it } from 'vitest';
import type { ReadEvent } from '../chaos/events.ts';
import { differenceOf, HISTORY_CHECKS } from '../chaos/history-check.ts';
import type { History, HistoryEvidence } from '../chaos/history.ts';

const STATUSES = ['SUBMITTED', 'PROCESSING', 'SUCCEEDED'];

/** The log of two tasks. */
const LOG: readonly ReadEvent[] = ['a', 'b'].flatMap((taskId, task) =>
  STATUSES.map((status, i): ReadEvent => {
    const seq = task * STATUSES.length + i + 1;
    return { seq, taskId, kind: taskId === 'a' ? 'VOICE' : 'LIP_SYNC', status, cursor: `cursor ${seq}` };
  }),
);

/** A watcher of all tasks from the start, that received these events of the log. */
function historyOf(seqs: readonly number[], more: Partial<History> = {}): History {
  return {
    watcher: 'watcher',
    transport: 'ws',
    watched: { taskId: null, kind: null, statuses: [] },
    behind: 0,
    told: seqs.map((seq) => ({ ...LOG[seq - 1]!, resync: false })),
    connections: [0],
    isCompleted: false,
    problems: [],
    ...more,
  };
}

function broken(...histories: readonly History[]): readonly string[] {
  const evidence: HistoryEvidence = { histories, events: LOG };
  return HISTORY_CHECKS.filter(({ violations }) => violations(evidence).length > 0).map(({ promise }) => promise);
}

const ONCE = 'a watcher is told of every change once, in order, across kills, aborts and its own absences';
const STATE = 'the present state that a watcher begins with is that of the ledger at one place of its log';
const BACKWARDS = 'no watcher sees a task move backwards';
const END = 'what a watcher has last seen of a task is how it ended';
const OVER = 'a watcher of one task is told of its end, and that nothing more comes; no other is told that';

describe('the check of a history', () => {
  it('accepts a history that equals the log', ({ expect }) => {
    expect(broken(historyOf([1, 2, 3, 4, 5, 6]), historyOf([5, 6], { behind: 4 }))).toEqual([]);
  });

  it('finds a missing event, at the end and in the middle', ({ expect }) => {
    expect(differenceOf(historyOf([1, 2, 4, 5]), LOG)).toMatchObject({ missing: [3, 6], repeated: [], outOfOrder: [] });
    expect(broken(historyOf([1, 2, 4, 5]))).toEqual([ONCE, END]);
  });

  it('finds a repeated event, also before the cursor of the watcher', ({ expect }) => {
    expect(differenceOf(historyOf([1, 2, 2, 3, 4, 5, 6, 6]), LOG)).toMatchObject({ missing: [], repeated: [2, 6] });
    expect(differenceOf(historyOf([4, 5, 6], { behind: 4 }), LOG)).toMatchObject({ missing: [], repeated: [4] });
    expect(broken(historyOf([1, 2, 3, 4, 5, 6, 6]))).toEqual([ONCE]);
  });

  it('finds an event out of order', ({ expect }) => {
    expect(differenceOf(historyOf([1, 3, 2, 4, 5, 6]), LOG)).toMatchObject({
      missing: [],
      repeated: [],
      outOfOrder: [2],
    });
    expect(broken(historyOf([1, 3, 2, 4, 5, 6]))).toEqual([ONCE, BACKWARDS, END]);
  });

  it('finds an event that differs from the log, and one of another task', ({ expect }) => {
    const [first, ...others] = historyOf([1, 2, 3, 4, 5, 6]).told;
    expect(broken(historyOf([], { told: [{ ...first!, cursor: 'another' }, ...others] }))).toEqual([ONCE]);
    const watched = { taskId: null, kind: 'VOICE', statuses: [] } as const;
    expect(broken(historyOf([1, 2, 3], { watched }))).toEqual([]);
    expect(broken(historyOf([1, 2, 3, 4], { watched }))).toEqual([ONCE, END]);
  });

  it('finds a present state with an extra, a missing or a wrong task', ({ expect }) => {
    const open = [{ ...LOG[3]!, resync: false }, ...historyOf([5, 6]).told];
    expect(broken(historyOf([], { behind: null, told: open }))).toEqual([]);
    const ghost = { ...LOG[0]!, seq: 0, resync: false };
    expect(broken(historyOf([], { behind: null, told: [ghost, ...open] }))).toEqual([STATE, END]);
    expect(broken(historyOf([], { behind: null, told: historyOf([6]).told }))).toEqual([STATE]);
    const late = [{ ...LOG[3]!, seq: 5, resync: false }, ...historyOf([6]).told];
    expect(broken(historyOf([], { behind: null, told: late }))).toEqual([STATE]);
  });

  it('uses the last attempt of an interrupted present state', ({ expect }) => {
    const part = { ...LOG[0]!, seq: 0, resync: false };
    const told = [part, ...historyOf([2, 3, 4, 5, 6]).told];
    expect(broken(historyOf([], { behind: null, told, connections: [0, 1] }))).toEqual([]);
  });

  it('finds a watcher of one task that never received its end', ({ expect }) => {
    const watched = { taskId: 'a', kind: null, statuses: [] };
    expect(broken(historyOf([1, 2, 3], { watched, isCompleted: true }))).toEqual([]);
    expect(broken(historyOf([1, 2, 3], { watched }))).toEqual([OVER]);
    expect(broken(historyOf([1, 2], { watched, isCompleted: true }))).toEqual([ONCE, END, OVER]);
    expect(broken(historyOf([1, 2, 3, 4, 5, 6], { isCompleted: true }))).toEqual([OVER]);
  });

  it('finds a resync and forbidden answers of the gateway', ({ expect }) => {
    const told = historyOf([1, 2, 3, 4, 5, 6]).told.map((event) => ({ ...event, resync: event.seq === 4 }));
    expect(broken(historyOf([], { told }))).toHaveLength(1);
    expect(broken(historyOf([1, 2, 3, 4, 5, 6], { problems: ['cut off with 4409'] }))).toHaveLength(1);
  });
});
