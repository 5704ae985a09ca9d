import { describe, it } from 'vitest';
import type { Watch } from '../../src/domain/live.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { DAY_MS, withParts, type LedgerParts } from '../support/ledger-parts.ts';
import { openSandbox } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

openSandbox('present-state');

const all: Watch = { taskId: null, filter: { kind: null, statuses: [] } };
const statusesSeen = ({ lists }: LedgerParts, watch: Watch): string[] =>
  lists.catchUp(watch, null, null).events.map(({ record }) => record.status);

describe('the present state that a subscriber begins with', () => {
  it('does not show a task that Kling may still refuse without a trace', async ({ expect }) => {
    const { promise: answer, resolve: letKlingAnswer } = Promise.withResolvers<void>();
    const kling = { createVoice: () => answer.then(() => snapshotOf('SUBMITTED')) };
    await withParts('untold', { kling }, async (parts) => {
      const creating = createVoiceOnce(parts);
      await expect.poll(() => parts.tasks.list(all.filter, null, 1)[0]?.phase).toBe('SENDING');
      expect(statusesSeen(parts, all)).toEqual([]);
      letKlingAnswer();
      await creating;
      expect(statusesSeen(parts, all)).toEqual(['SUBMITTED']);
    });
  });

  it('shows a task that waits, for as long as it waits', async ({ expect }) => {
    const slots = { acquire: async () => ({ granted: false }) };
    await withParts('waits', { slots, limits: { taskAgeMaxMs: 3 * DAY_MS } }, async (parts) => {
      await createVoiceOnce(parts);
      expect(statusesSeen(parts, all)).toEqual(['QUEUED']);
      parts.clock.nowMs += 2 * DAY_MS;
      await parts.keeper.run();
      expect(parts.events.oldestAtMs()).toBeNull();
      expect(statusesSeen(parts, all)).toEqual(['QUEUED']);
    });
  });

  it('shows no task that has ended, whatever statuses are watched', async ({ expect }) => {
    await withParts('ended', { kling: { createVoice: async () => snapshotOf('FAILED') } }, async (parts) => {
      await createVoiceOnce(parts);
      for (const statuses of [[], ['FAILED'], ['FAILED', 'SUCCEEDED', 'PROCESSING']] as const) {
        expect(statusesSeen(parts, { taskId: null, filter: { kind: null, statuses } })).toEqual([]);
      }
    });
  });
});
