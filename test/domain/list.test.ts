import fc from 'fast-check';
import { describe, it } from 'vitest';
import { TASK_KINDS, TASK_STATUSES } from '../../src/domain/task.ts';
import { ALL_TASKS, checkTaskFilter, matchesFilter, type TaskFilterInput } from '../../src/domain/list.ts';
import { lipSyncTask, voiceTask } from '../support/fake-ledger.ts';

const NOON_MS = Date.parse('2026-09-01T12:00:00Z');

const someMs = fc.integer({ min: NOON_MS - 3, max: NOON_MS + 3 });
const someLabel = fc.constantFrom('a', 'b', 'A', 'a b');

const someTask = fc
  .record({
    kind: fc.constantFrom(...TASK_KINDS),
    status: fc.constantFrom(...TASK_STATUSES),
    createdAtMs: someMs,
    label: fc.option(someLabel, { nil: undefined }),
  })
  .map(({ kind, label, ...fields }) => {
    const changes = { ...fields, ...(label === undefined ? {} : { label }) };
    return kind === 'LIP_SYNC' ? lipSyncTask('l', changes) : voiceTask('v', changes);
  });

const toText = (ms: number): string => new Date(ms).toISOString();
const someInput: fc.Arbitrary<TaskFilterInput> = fc.record(
  {
    kind: fc.option(fc.constantFrom(...TASK_KINDS)),
    status: fc.option(fc.uniqueArray(fc.constantFrom(...TASK_STATUSES))),
    createdFrom: fc.option(someMs.map(toText)),
    createdBefore: fc.option(someMs.map(toText)),
    label: fc.option(someLabel),
  },
  { requiredKeys: [] },
);

describe('a filter of tasks', () => {
  it('matches exactly the tasks that every given field selects, and is refused if its instants are swapped', ({
    expect,
  }) => {
    fc.assert(
      fc.property(someInput, someTask, (input, task) => {
        const { kind = null, status = null, createdFrom = null, createdBefore = null, label = null } = input;
        const checked = checkTaskFilter(input, ['filter']);
        // Texts of one form compare as their instants do.
        const isSwapped = createdFrom !== null && createdBefore !== null && createdBefore < createdFrom;
        expect(checked.ok).toBe(!isSwapped);
        if (!checked.ok) return;
        const reasons = [
          kind !== null && kind !== task.kind,
          status !== null && status.length > 0 && !status.includes(task.status),
          createdFrom !== null && toText(task.createdAtMs) < createdFrom,
          createdBefore !== null && toText(task.createdAtMs) >= createdBefore,
          label !== null && label !== task.label,
        ];
        expect(matchesFilter(checked.value, task)).toBe(!reasons.includes(true));
      }),
      { numRuns: 2000 },
    );
  });

  it.for<[what: string, input: TaskFilterInput, filter: object]>([
    ['nothing', {}, ALL_TASKS],
    [
      'null in each field',
      { kind: null, status: null, createdFrom: null, createdBefore: null, label: null },
      ALL_TASKS,
    ],
    ['an instant with an offset', { createdFrom: '2026-09-01T14:00:00+02:00' }, { createdFromMs: NOON_MS }],
    [
      'an instant with 9 decimals',
      { createdBefore: '2026-09-01T12:00:00.001999999Z' },
      { createdBeforeMs: NOON_MS + 1 },
    ],
    [
      'equal instants',
      { createdFrom: '2026-09-01T12:00:00Z', createdBefore: '2026-09-01T12:00:00Z' },
      { createdFromMs: NOON_MS, createdBeforeMs: NOON_MS },
    ],
    ['a label with blanks around', { label: ' Birthday\n' }, { label: 'Birthday' }],
    ['a label of 80 emoji', { label: '🎂'.repeat(80) }, { label: '🎂'.repeat(80) }],
  ])('may have %s', ([, input, filter], { expect }) => {
    expect(checkTaskFilter(input, ['filter'])).toEqual({ ok: true, value: { ...ALL_TASKS, ...filter } });
  });

  it('is refused with all that is wrong, and with what is allowed', ({ expect }) => {
    const input = { createdFrom: 'yesterday', createdBefore: '2026-02-30T00:00:00Z', label: `${'x'.repeat(81)}\n!` };
    const message = 'must be an instant with its offset from UTC, as in `2026-09-01T12:00:00.000Z`';
    expect(checkTaskFilter(input, ['filter'])).toEqual({
      ok: false,
      issues: [
        { path: ['filter', 'createdFrom'], code: 'MALFORMED', message },
        { path: ['filter', 'createdBefore'], code: 'MALFORMED', message },
        { path: ['filter', 'label'], code: 'OUT_OF_RANGE', message: 'must be at most 80 characters long, was 83' },
        { path: ['filter', 'label'], code: 'MALFORMED', message: 'must be one line, without control characters' },
      ],
    });
  });

  it.for<[what: string, input: TaskFilterInput, issue: object]>([
    [
      'swapped instants',
      { createdFrom: '2026-09-01T12:00:00.001Z', createdBefore: '2026-09-01T12:00:00Z' },
      { path: ['createdBefore'], code: 'OUT_OF_RANGE', message: 'must not be before `createdFrom`' },
    ],
    ['an empty label', { label: '' }, { path: ['label'], code: 'OUT_OF_RANGE' }],
    ['a blank label', { label: ' ' }, { path: ['label'], code: 'OUT_OF_RANGE' }],
    ['a label with half a character', { label: '\uD83C' }, { path: ['label'], code: 'MALFORMED' }],
  ])('is refused for %s', ([, input, issue], { expect }) => {
    expect(checkTaskFilter(input, [])).toMatchObject({ ok: false, issues: [issue] });
  });
});
