import { describe, it } from 'vitest';
import {
  afterAnswer,
  afterMissing,
  isOverdue,
  lateCodeOf,
  LOST_AFTER_MS,
  missingWaitMs,
  NO_RESULT_AFTER_MS,
  resendWaitMs,
  resultWaitMs,
  wantsSlot,
} from '../../src/ledger/schedule.ts';
import { NO_TROUBLE, type TaskRow, type Trouble } from '../../src/ledger/stores/tasks.ts';

const middle = () => 0.5;
const MINUTE_MS = 60_000;

function missedAt(...instants: readonly number[]): Trouble {
  return instants.reduce<Trouble>((trouble, atMs) => afterMissing(trouble, atMs), NO_TROUBLE);
}

/** A row with only the fields that these functions read. */
function rowOf(row: Partial<Pick<TaskRow, 'phase' | 'sends' | 'tries' | 'trouble'>>): TaskRow {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other fields are not read
  return { phase: 'SENT', sends: 1, tries: 0, trouble: NO_TROUBLE, ...row } as unknown as TaskRow;
}

describe('a task that Kling answers NOT_FOUND for', () => {
  it.for([
    { name: 'four answers over ten minutes', atMs: [0, 1, 2, LOST_AFTER_MS], isLost: false },
    { name: 'five answers over less than ten minutes', atMs: [0, 1, 2, 3, LOST_AFTER_MS - 1], isLost: false },
    { name: 'nine answers over less than ten minutes', atMs: [0, 1, 2, 3, 4, 5, 6, 7, 8], isLost: false },
    { name: 'five answers over ten minutes', atMs: [0, 1, 2, 3, LOST_AFTER_MS], isLost: true },
    { name: 'a sixth answer, after ten minutes', atMs: [0, 1, 2, 3, 4, LOST_AFTER_MS], isLost: true },
  ])('is lost after $name: $isLost', ({ atMs, isLost }, { expect }) => {
    const trouble = missedAt(...atMs);
    expect([trouble.isLost, trouble.missing, trouble.missingSinceMs]).toEqual([isLost, atMs.length, 0]);
    expect(wantsSlot(rowOf({ trouble }))).toBe(!isLost);
  });

  it('is not lost by time alone, and stays lost until Kling shows it again', ({ expect }) => {
    expect(missedAt(0, 1, 2, 3).isLost).toBe(false);
    const lost = missedAt(0, 1, 2, 3, LOST_AFTER_MS, LOST_AFTER_MS + 1);
    expect(lost.isLost).toBe(true);
    expect(afterAnswer(lost, false, 1)).toBe(NO_TROUBLE);
  });

  it.for([
    { tries: 1, missing: [0], atMs: 0, waitMs: 15_000 },
    { tries: 3, missing: [0, 1], atMs: 60_000, waitMs: 135_000 },
    { tries: 5, missing: [0, 1], atMs: 500_000, waitMs: 100_000 },
    { tries: 5, missing: [0, 1], atMs: 599_000, waitMs: 5_000 },
    { tries: 5, missing: [0, 1], atMs: 700_000, waitMs: 5_000 },
    { tries: 0, missing: [0, 1, 2, 3, LOST_AFTER_MS], atMs: LOST_AFTER_MS, waitMs: 5 * MINUTE_MS },
    { tries: 1, missing: [0, 1, 2, 3, LOST_AFTER_MS], atMs: LOST_AFTER_MS, waitMs: 10 * MINUTE_MS },
    { tries: 9, missing: [0, 1, 2, 3, LOST_AFTER_MS], atMs: LOST_AFTER_MS, waitMs: 30 * MINUTE_MS },
  ])('is read again after $waitMs ms, for $tries tries at $atMs ms', ({ tries, missing, atMs, waitMs }, { expect }) => {
    expect(missingWaitMs(rowOf({ tries, trouble: missedAt(...missing) }), atMs, middle)).toBe(waitMs);
  });
});

describe('a success without results', () => {
  it('is overdue from the first one on, until Kling reports something else', ({ expect }) => {
    const first = afterAnswer(NO_TROUBLE, true, 1000);
    const second = afterAnswer(first, true, 2000);
    expect([first.emptySinceMs, second.emptySinceMs]).toEqual([1000, 1000]);
    expect(isOverdue(second, 1000 + NO_RESULT_AFTER_MS - 1)).toBe(false);
    expect(isOverdue(second, 1000 + NO_RESULT_AFTER_MS)).toBe(true);
    expect(afterAnswer(second, false, 3000)).toBe(NO_TROUBLE);
    expect(isOverdue(NO_TROUBLE, Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('holds no slot, and is read again after 2 s, doubling up to a minute', ({ expect }) => {
    expect(wantsSlot(rowOf({ trouble: afterAnswer(NO_TROUBLE, true, 0) }))).toBe(false);
    expect([0, 1, 2, 3, 4, 5, 6, 99].map((tries) => resultWaitMs(tries, middle))).toEqual([
      2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
  });
});

describe('a create of unknown outcome that Kling does not have', () => {
  it('is resent at once, then after 30 s, doubling up to an hour', ({ expect }) => {
    expect([1, 2, 3, 4, 8, 9, 10, 500].map((sends) => resendWaitMs(sends, middle))).toEqual([
      0, 30_000, 60_000, 120_000, 1_920_000, 3_600_000, 3_600_000, 3_600_000,
    ]);
  });

  it('is sent about 30 times in a day', ({ expect }) => {
    let atMs = 0;
    let sends = 1;
    for (; atMs < 24 * 60 * MINUTE_MS; sends += 1) atMs += resendWaitMs(sends, middle);
    expect(sends).toBeGreaterThan(25);
    expect(sends).toBeLessThan(35);
  });
});

describe('a task past its deadline', () => {
  const lost = missedAt(0, 1, 2, 3, LOST_AFTER_MS);
  const empty = afterAnswer(NO_TROUBLE, true, 0);
  it.for([
    { row: { phase: 'WAITING', sends: 0 }, code: 'NOT_SENT' },
    { row: { phase: 'WAITING', sends: 1 }, code: 'CREATE_OUTCOME_UNKNOWN' },
    { row: { phase: 'SENDING' }, code: 'CREATE_OUTCOME_UNKNOWN' },
    { row: { phase: 'SENT' }, code: 'DEADLINE_EXCEEDED' },
    { row: { phase: 'SENT', trouble: missedAt(0, 1) }, code: 'DEADLINE_EXCEEDED' },
    { row: { phase: 'SENT', trouble: lost }, code: 'TASK_LOST_AT_KLING' },
    { row: { phase: 'SENT', trouble: empty }, code: 'NO_RESULT' },
  ] as const)('ends as $code', ({ row, code }, { expect }) => {
    expect(lateCodeOf(rowOf(row))).toBe(code);
  });

  it('needs a slot in every phase before its end', ({ expect }) => {
    expect((['WAITING', 'SENDING', 'SENT', 'DONE'] as const).map((phase) => wantsSlot(rowOf({ phase })))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});
