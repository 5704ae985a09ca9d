import { describe, it } from 'vitest';
import type { LipSyncSnapshot } from '../../src/domain/task.ts';
import { findLipSync } from '../../src/kling/tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';

const SENT_AT_MS = 1_790_000_000_000;
const MINUTE_MS = 60_000;

function itemOf(change: Partial<LipSyncSnapshot>): LipSyncSnapshot {
  return {
    ...snapshotOf('SUCCEEDED', { externalTaskId: "another tenant's", createdAtMs: SENT_AT_MS, ...change }),
    parentVideo: null,
    videos: [{ videoId: 'v', url: 'https://example.com/v.mp4', watermarkUrl: null, durationMs: null }],
    watermarkEnabled: null,
  };
}

const ours = itemOf({ externalTaskId: 'ours', klingTaskId: 'kling-ours' });
const other = itemOf({});
const old = itemOf({ createdAtMs: SENT_AT_MS - 10 * MINUTE_MS - 1 });
const undated = itemOf({ createdAtMs: null });

/** Searches `ours` in a list of these pages. Later pages are empty. */
async function find(pages: readonly (readonly LipSyncSnapshot[])[]) {
  const asked: unknown[] = [];
  const found = await findLipSync(
    {
      async listLipSyncTasks(page) {
        asked.push(page);
        return { items: pages[page.page - 1] ?? [], klingRequestId: null };
      },
    },
    'ours',
    SENT_AT_MS,
  );
  return { found, asked };
}

describe('findLipSync', () => {
  it.for([
    { name: 'on the first page', pages: [[other, ours, old]], reads: 1 },
    { name: 'on the fifth page', pages: [[other], [other], [other], [other], [ours]], reads: 5 },
    { name: 'among old ones', pages: [[old, ours]], reads: 1 },
  ])('returns only the id of the task $name', async ({ pages, reads }, { expect }) => {
    const { found, asked } = await find(pages);
    expect([found, asked.length]).toEqual(['kling-ours', reads]);
  });

  it.for([
    { name: 'after five pages', pages: [[other], [other], [other], [other], [other], [ours]], reads: 5 },
    { name: 'at a task older than ten minutes before the first send', pages: [[other, old], [ours]], reads: 1 },
    { name: 'at an empty page', pages: [[other], [], [ours]], reads: 2 },
    { name: 'not at tasks without a date', pages: [[undated], [undated], []], reads: 3 },
    {
      name: 'not at a task of ten minutes before',
      pages: [[itemOf({ createdAtMs: SENT_AT_MS - 10 * MINUTE_MS })], []],
      reads: 2,
    },
  ])('stops reading $name', async ({ pages, reads }, { expect }) => {
    const { found, asked } = await find(pages);
    expect([found, asked.length]).toEqual([null, reads]);
  });

  it('reads pages of 500', async ({ expect }) => {
    expect((await find([[other]])).asked).toEqual([
      { page: 1, pageSize: 500 },
      { page: 2, pageSize: 500 },
    ]);
  });

  it.for(['Ours', 'ours ', 'our', 'oursx', '', null])(
    'does not match another external id: %j',
    async (externalTaskId, { expect }) => {
      expect((await find([[itemOf({ externalTaskId })]])).found).toBeNull();
    },
  );

  it('throws if the list cannot be read', async ({ expect }) => {
    const failing = { listLipSyncTasks: () => Promise.reject(new Error('down')) };
    await expect(findLipSync(failing, 'ours', SENT_AT_MS)).rejects.toThrow('down');
  });
});
