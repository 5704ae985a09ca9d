import { describe, it } from 'vitest';
import type { PageRequest, Upstream } from '../../src/domain/ports.ts';
import type { Voice } from '../../src/domain/task.ts';
import { GatewayError } from '../../src/errors.ts';
import { KlingError } from '../../src/kling/errors.ts';
import { createPresetLibrary } from '../../src/kling/voices.ts';
import { createUpstream } from '../../src/kling/client.ts';
import { voice } from '../support/fake-ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

const PAGE = { page: 1, pageSize: 30 };
const LIP_SYNC = { ...snapshotOf('PROCESSING'), parentVideo: null, videos: [], watermarkEnabled: null };

const none = () => ({ items: [], klingRequestId: null });

/** Creates the reads of Kling for one request. Its tenant has `left` reads. */
function createRequest(left = 100) {
  const reads: [path: string, given: unknown][] = [];
  const answer: { failure: unknown; presets: readonly Voice[] } = { failure: null, presets: [] };
  function reading<A, T>(path: string, result: (given: A) => T): (given: A) => Promise<T> {
    return async (given) => {
      reads.push([path, given]);
      if (answer.failure !== null) throw answer.failure;
      return result(given);
    };
  }
  const presetPage = ({ page }: PageRequest) => ({
    items: page === 1 && answer.presets.length > 0 ? [{ ...snapshotOf('PROCESSING'), voices: answer.presets }] : [],
    klingRequestId: null,
  });
  const allowance = { left };
  const upstream: Upstream = createUpstream({
    client: {
      listPresetVoices: reading('presetVoices', presetPage),
      listVoiceTasks: reading('voiceTasks', none),
      listLipSyncTasks: reading('lipSyncTasks', none),
      readVoiceTask: reading('voiceTask', () => snapshotOf('PROCESSING')),
      readLipSyncTask: reading('lipSyncTask', () => LIP_SYNC),
      listResourcePacks: reading('packs', none),
    },
    library: createPresetLibrary({
      readPage: () => Promise.reject(new Error('a refresh')),
      now: () => 0,
      background: () => {},
    }),
    async takeRead() {
      if (allowance.left === 0) throw new GatewayError({ code: 'RATE_LIMITED', message: 'no', retryable: true });
      allowance.left -= 1;
    },
  });
  return { reads, answer, upstream, allowance };
}

const twenty = <T>(read: () => Promise<T>) => Promise.all(Array.from({ length: 20 }, read));

describe('a read that twenty fields of a request ask for', () => {
  it('is made once for the same list, page and task', async ({ expect }) => {
    const { reads, upstream, allowance } = createRequest();
    await twenty(() => upstream.klingTasks('CUSTOM_VOICES', { ...PAGE }));
    await twenty(() => upstream.klingTasks('LIP_SYNCS', { ...PAGE }));
    await twenty(() => upstream.klingTasks('PRESET_VOICES', { ...PAGE }));
    await twenty(() => upstream.klingTask('CUSTOM_VOICES', 'id'));
    await twenty(() => upstream.klingTask('LIP_SYNCS', 'id'));
    await twenty(() => upstream.listResourcePacks({ startMs: 0, endMs: 1 }));
    expect(reads).toEqual([
      ['voiceTasks', PAGE],
      ['lipSyncTasks', PAGE],
      ['presetVoices', PAGE],
      ['voiceTask', 'id'],
      ['lipSyncTask', 'id'],
      ['packs', { startMs: 0, endMs: 1 }],
    ]);
    expect(allowance.left).toBe(94);
    await upstream.klingTasks('CUSTOM_VOICES', { ...PAGE, page: 2 });
    await upstream.klingTask('CUSTOM_VOICES', 'another');
    expect(reads).toHaveLength(8);
  });

  it('is made once if it is the library', async ({ expect }) => {
    const { reads, answer, upstream, allowance } = createRequest();
    answer.presets = [voice('a')];
    expect(await twenty(() => upstream.presetVoices())).toEqual(Array.from({ length: 20 }, () => [voice('a')]));
    expect(reads.map(([path]) => path)).toEqual(['presetVoices', 'presetVoices']);
    expect(allowance.left).toBe(98);
  });

  it('fails once for all of them', async ({ expect }) => {
    const { reads, answer, upstream } = createRequest();
    answer.failure = new Error('down');
    const failures = await twenty(() => upstream.klingTasks('CUSTOM_VOICES', PAGE).catch((error: unknown) => error));
    expect(new Set(failures)).toEqual(new Set([answer.failure]));
    expect(reads).toHaveLength(1);
  });
});

describe('a task that Kling is asked for by an id', () => {
  it('is null if Kling does not know it', async ({ expect }) => {
    const { answer, upstream } = createRequest();
    answer.failure = new KlingError('REFUSED', { code: 'NOT_FOUND', message: 'no such task', retryable: false });
    expect(await upstream.klingTask('LIP_SYNCS', 'id')).toBeNull();
  });

  it.for(['UPSTREAM_UNAVAILABLE', 'BAD_USER_INPUT'] as const)('fails if Kling answers %s', async (code, { expect }) => {
    const { answer, upstream } = createRequest();
    answer.failure = new KlingError('REFUSED', { code, message: 'no', retryable: false });
    await expect(upstream.klingTask('CUSTOM_VOICES', 'id')).rejects.toBe(answer.failure);
  });

  it('is not null if the read was refused here', async ({ expect }) => {
    const { answer, upstream } = createRequest();
    answer.failure = new GatewayError({ code: 'NOT_FOUND', message: 'not from Kling', retryable: false });
    await expect(upstream.klingTask('LIP_SYNCS', 'id')).rejects.toBe(answer.failure);
  });
});

it('createUpstream sends nothing for a tenant without reads left', async ({ expect }) => {
  const { reads, upstream } = createRequest(0);
  const limited = expect.objectContaining({ failure: expect.objectContaining({ code: 'RATE_LIMITED' }) });
  for (const read of [
    () => upstream.presetVoices(),
    () => upstream.klingTasks('PRESET_VOICES', PAGE),
    () => upstream.klingTasks('CUSTOM_VOICES', PAGE),
    () => upstream.klingTasks('LIP_SYNCS', PAGE),
    () => upstream.klingTask('LIP_SYNCS', 'id'),
    () => upstream.listResourcePacks({ startMs: 0, endMs: 1 }),
  ]) {
    await expect(read()).rejects.toEqual(limited);
  }
  expect(reads).toEqual([]);
});
