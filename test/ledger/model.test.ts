import fc from 'fast-check';
import { it } from 'vitest';
import { changesOf, ledgerOf, openSandbox, ring, valueOf } from '../support/ledger.ts';
import { deep, IS_FULL } from '../support/depth.ts';
import { isFinal } from '../../src/domain/task.ts';
import { commands, type Model, type Real } from '../support/ledger-model.ts';

const sandbox = openSandbox('model', { KLING_TIMEOUT_MS: '1000' });
const TIME_MAX_MS = IS_FULL ? 35_000 : 12_000;

it(
  'random commands never move a task back, create it twice, or report a change twice',
  { timeout: 60_000 },
  async ({ expect }) => {
    await sandbox.configure({ submittedMs: 60_000_000, processingMs: 120_000_000 });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.commands([...commands()], { maxCommands: 25, size: 'max' }), async (course) => {
        const tenant = `m${(runs += 1)}`;
        const real: Real = { tenant, sandbox, ids: new Map() };
        await fc.asyncModelRun(() => ({ model: { intents: new Map() } satisfies Model, real }), course);

        // Kling finishes every task, and the ledger learns of each end, whatever was lost before.
        const ledger = ledgerOf(tenant);
        await expect
          .poll(async () => {
            for (const { externalTaskId, status, taskId } of (await sandbox.record()).tasks) {
              const isOurs = [...real.ids.values()].includes(externalTaskId ?? '');
              if (isOurs && status !== 'succeed' && status !== 'failed') await sandbox.advance(taskId, 'succeed');
            }
            if (real.ids.size > 0) await ring(ledger);
            const { edges } = valueOf(await ledger.tasks({ kind: null, statuses: [] }, { first: 10, after: null }));
            return edges.filter(({ node }) => !isFinal(node.status)).length;
          })
          .toBe(0);
        const changes = await changesOf(ledger);
        // A note on an ended task is a change, too.
        const ended = changes.map(({ task }) => task).filter(({ status }) => isFinal(status));
        const ends = new Set(ended.map(({ id, status, endedAtMs }) => `${id} ${status} ${endedAtMs}`));
        expect(ends.size).toBe(real.ids.size);
      }),
      { numRuns: deep(200), interruptAfterTimeLimit: TIME_MAX_MS, endOnFailure: false },
    );
    expect(runs).toBeGreaterThan(3);
  },
);
