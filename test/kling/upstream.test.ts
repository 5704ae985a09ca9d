import { describe, it } from 'vitest';
import type { Upstream } from '../../src/domain/ports.ts';
import { GatewayError } from '../../src/errors.ts';
import { createPresetLibrary } from '../../src/kling/voices.ts';
import { createUpstream } from '../../src/kling/client.ts';
import { FakeUpstream, voice } from '../support/fake-ledger.ts';

const PAGE = { page: 1, pageSize: 30 };

/** Creates the reads of Kling for one request. Its tenant has `left` reads. */
function createRequest(left = 100) {
  const kling = new FakeUpstream();
  const allowance = { left };
  const client = {
    listPresetVoices: async (page: typeof PAGE) => {
      const read = await kling.listPresetVoices(page);
      return { ...read, itemsSent: read.items.length };
    },
    listVoiceTasks: (page: typeof PAGE) => kling.listVoiceTasks(page),
    listLipSyncTasks: (page: typeof PAGE) => kling.listLipSyncTasks(page),
    listResourcePacks: (request: { startMs: number; endMs: number }) => kling.listResourcePacks(request),
  };
  const upstream: Upstream = createUpstream({
    client,
    library: createPresetLibrary({ readPage: client.listPresetVoices, now: () => 0, background: () => {} }),
    async takeRead() {
      if (allowance.left === 0) throw new GatewayError({ code: 'RATE_LIMITED', message: 'no', retryable: true });
      allowance.left -= 1;
    },
  });
  return { kling, upstream, allowance };
}

const twenty = <T>(read: () => Promise<T>) => Promise.all(Array.from({ length: 20 }, read));

describe('a list that twenty fields of a request ask for', () => {
  it('is read once for the same list and the same page', async ({ expect }) => {
    const { kling, upstream, allowance } = createRequest();
    await twenty(() => upstream.listVoiceTasks({ ...PAGE }));
    await twenty(() => upstream.listLipSyncTasks({ ...PAGE }));
    await twenty(() => upstream.listPresetVoices({ ...PAGE }));
    await twenty(() => upstream.listResourcePacks({ startMs: 0, endMs: 1 }));
    expect(kling.reads.map(([list]) => list)).toEqual(['voiceTasks', 'lipSyncTasks', 'presetVoices']);
    expect(kling.packRequests).toHaveLength(1);
    expect(allowance.left).toBe(96);
    await upstream.listVoiceTasks({ ...PAGE, page: 2 });
    expect(kling.reads).toHaveLength(4);
  });

  it('is read once if it is the library', async ({ expect }) => {
    const { kling, upstream, allowance } = createRequest();
    kling.presetPages = [[voice('a')]];
    await twenty(() => upstream.presetVoices());
    expect(kling.reads.map(([, page]) => page?.page)).toEqual([1, 2]);
    expect(allowance.left).toBe(98);
  });

  it('fails once for all of them', async ({ expect }) => {
    const { kling, upstream } = createRequest();
    kling.failure = new Error('down');
    const failures = await twenty(() => upstream.listVoiceTasks(PAGE).catch((error: unknown) => error));
    expect(new Set(failures)).toEqual(new Set([kling.failure]));
    expect(kling.reads).toHaveLength(1);
  });
});

it('createUpstream sends nothing for a tenant without reads left', async ({ expect }) => {
  const { kling, upstream } = createRequest(0);
  const limited = expect.objectContaining({ failure: expect.objectContaining({ code: 'RATE_LIMITED' }) });
  for (const read of [
    () => upstream.presetVoices(),
    () => upstream.listPresetVoices(PAGE),
    () => upstream.listVoiceTasks(PAGE),
    () => upstream.listLipSyncTasks(PAGE),
    () => upstream.listResourcePacks({ startMs: 0, endMs: 1 }),
  ]) {
    await expect(read()).rejects.toEqual(limited);
  }
  expect([kling.reads.length, kling.packRequests.length]).toEqual([0, 0]);
});
