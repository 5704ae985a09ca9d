import fc from 'fast-check';
import { it } from 'vitest';
import { NO_TROUBLE } from '../../src/ledger/stores/tasks.ts';
import { sumsOf } from '../support/ledger-sums.ts';
import { withParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';

const PHASES = ['WAITING', 'SENDING', 'SENT'] as const;
const TROUBLES = [NO_TROUBLE, { ...NO_TROUBLE, isLost: true }, { ...NO_TROUBLE, emptySinceMs: 1 }];

it('the stored sums over open tasks equal sums over the rows after random steps, ends and withdrawals', async ({
  expect,
}) => {
  const step = fc.record({
    n: fc.nat(9),
    phase: fc.constantFrom(...PHASES),
    trouble: fc.constantFrom(...TROUBLES),
    isParked: fc.boolean(),
    act: fc.constantFrom('step', 'step', 'step', 'end', 'withdraw', 'hasten'),
  });
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const slots = { acquire: async () => ({ granted: false }) };
      await withParts(`sums ${(runs += 1)}`, { slots }, async (parts, { sql }) => {
        const { journal, tasks, clock, deps } = parts;
        for (let i = 0; i < 5; i += 1) await createVoiceOnce(parts);
        for (const { n, phase, trouble, isParked, act } of steps) {
          const id = `task-${(n % 5) + 1}`;
          const row = tasks.find({ id });
          if (act === 'hasten') deps.wakes.hasten(clock.nowMs, 1);
          else if (act === 'withdraw') journal.withdraw(id);
          else if (act === 'end')
            journal.apply(id, { type: 'CLOSED', failure: { code: 'NO_RESULT', message: 'no result' } });
          else if (row !== null) {
            journal.apply(id, null, { phase, trouble, wakeAtMs: isParked ? row.deadlineAtMs : clock.nowMs + 60_000 });
          }
          const { kept, counted } = sumsOf(sql);
          expect(kept).toEqual(counted);
        }
      });
    }),
    { numRuns: 30 },
  );
});
