import { describe, it } from 'vitest';
import { klingError, withParts, type LedgerParts } from '../support/ledger-parts.ts';
import { createLipSyncOnce } from '../support/ledger-tasks.ts';
import { scriptKling } from '../support/scripted-kling.ts';

async function runNext(parts: LedgerParts, times = 1): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    parts.clock.nowMs = Math.max(parts.clock.nowMs, parts.deps.wakes.nextAtMs()!);
    await parts.alarmHandler.run();
    await parts.settle();
  }
}

describe('a lip-sync whose create answer was lost, when Kling cannot look up external ids', () => {
  it('is found in the list by the last look-up, and is not sent again', async ({ expect }) => {
    const { client, counts } = scriptKling(['LOST_AFTER']);
    await withParts('found', { kling: client }, async (parts) => {
      const { id } = await createLipSyncOnce(parts);
      await runNext(parts);
      expect([counts.lists, parts.tasks.find({ id })?.phase]).toEqual([0, 'SENDING']);
      await runNext(parts);
      expect(counts).toEqual({ posts: 1, lists: 1 });
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'SENT', record: { klingTaskId: `kling-${id}` } });
      await runNext(parts);
      expect(parts.tasks.find({ id })?.record.status).toBe('PROCESSING');
    });
  });

  it('is found in the list when Kling refuses the second create because the id exists', async ({ expect }) => {
    const { client, counts } = scriptKling(['LOST_LATE', 'EXISTS']);
    await withParts('exists', { kling: client }, async (parts) => {
      const { id } = await createLipSyncOnce(parts);
      await runNext(parts, 6);
      expect(parts.tasks.find({ id })).toMatchObject({
        phase: 'SENT',
        record: { status: 'PROCESSING', klingTaskId: `kling-${id}` },
      });
      expect(counts.posts).toBe(2);
    });
  });

  it('is not sent again while the list cannot be read', async ({ expect }) => {
    const { client, counts } = scriptKling(['LOST_AFTER']);
    let isDown = true;
    const listLipSyncTasks: typeof client.listLipSyncTasks = (page) =>
      isDown ? Promise.reject(klingError('UNKNOWN')) : client.listLipSyncTasks!(page);
    await withParts('list is down', { kling: { ...client, listLipSyncTasks } }, async (parts) => {
      const { id } = await createLipSyncOnce(parts);
      await runNext(parts, 8);
      expect([counts.posts, parts.tasks.find({ id })?.phase]).toEqual([1, 'SENDING']);
      isDown = false;
      await runNext(parts, 2);
      expect([counts.posts, parts.tasks.find({ id })?.record.klingTaskId]).toEqual([1, `kling-${id}`]);
    });
  });

  it('adopts no task of another tenant from the list', async ({ expect }) => {
    const { client, counts } = scriptKling(['LOST_BEFORE']);
    await withParts('foreign', { kling: client }, async (parts) => {
      const { id } = await createLipSyncOnce(parts);
      await runNext(parts, 2);
      expect(counts.lists).toBeGreaterThan(0);
      expect(JSON.stringify([parts.tasks.find({ id }), parts.events.after(null, 0, 100)])).not.toMatch(/foreign|"f2"/);
    });
  });
});
