import { describe, it } from 'vitest';
import { applyFact, type TaskFact } from '../../src/domain/apply.ts';
import { gatewayFailure } from '../../src/domain/failure.ts';
import type { LipSyncTask, TaskRecord } from '../../src/domain/records.ts';
import type { TaskStatus } from '../../src/domain/task.ts';
import { lipSyncTask, voice, voiceTask } from '../support/fake-ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

/** The fields of a record other than its status, and the source of each. */

const NOW_MS = 2_000_000_000_000;
const UNKNOWN = {
  klingTaskId: null,
  unitsDeducted: null,
  balanceDeducted: null,
  klingRequestId: null,
  failure: null,
  expiresAtMs: null,
} as const;

const RUNNING = voiceTask('v', { ...UNKNOWN, status: 'PROCESSING', klingStatus: 'processing', voices: [] });
const CLOSED: TaskFact = { type: 'CLOSED', failure: gatewayFailure('DEADLINE_EXCEEDED') };
const MONEY = { quota: '0.07', listPrice: '0.14' };

/** Builds a snapshot fact. `leaves` are the keys that Kling omits. */
function seen(status: TaskStatus, change: object = {}, leaves: readonly string[] = []): TaskFact {
  const entries = Object.entries(snapshotOf(status, { ...change })).filter(([key]) => !leaves.includes(key));
  return { type: 'SNAPSHOT', snapshot: Object.fromEntries(entries) as unknown as ReturnType<typeof snapshotOf> };
}

function after<T extends TaskRecord>(record: T, ...facts: readonly TaskFact[]): T {
  return facts.reduce((its, fact) => applyFact(its, fact, NOW_MS)?.record ?? its, record);
}

describe('applyFact to a running task', () => {
  it('returns null for the same state at a later time', ({ expect }) => {
    const record = after(RUNNING, seen('PROCESSING'));
    expect(applyFact(record, seen('PROCESSING', { updatedAtMs: NOW_MS }), NOW_MS)).toBeNull();
  });

  it('keeps the first of two states with the same rank and time', ({ expect }) => {
    const record = { ...RUNNING, klingTaskId: 'kling-1', updatedAtMs: 5000 };
    expect(applyFact(record, seen('UNRECOGNIZED', { updatedAtMs: 5000 }), NOW_MS)).toBeNull();
    expect(applyFact(record, seen('UNRECOGNIZED', { updatedAtMs: 5001 }), NOW_MS)?.record.status).toBe('UNRECOGNIZED');
    expect(applyFact(record, seen('UNRECOGNIZED', { updatedAtMs: null }), NOW_MS)).toBeNull();
  });

  it('reports a task that the gateway closes as a change of state', ({ expect }) => {
    expect(applyFact(RUNNING, CLOSED, NOW_MS)).toEqual({
      change: 'STATE',
      record: {
        ...RUNNING,
        status: 'FAILED',
        failure: gatewayFailure('DEADLINE_EXCEEDED'),
        updatedAtMs: NOW_MS,
        endedAtMs: NOW_MS,
      },
    });
  });

  it('ignores an empty task id', ({ expect }) => {
    expect(applyFact(RUNNING, seen('SUBMITTED', { klingTaskId: '' }), NOW_MS)).toBeNull();
    expect(after(RUNNING, seen('SUCCEEDED', { klingTaskId: '' }))).toMatchObject({
      status: 'SUCCEEDED',
      klingTaskId: null,
    });
    expect(after(RUNNING, seen('SUCCEEDED')).klingTaskId).toBe('kling-1');
  });

  it('keeps the id of the first request', ({ expect }) => {
    const first = after(RUNNING, seen('SUCCEEDED', { klingRequestId: 'request-1' }));
    expect(after(first, seen('SUCCEEDED', { klingRequestId: 'request-2', unitsDeducted: '1' }))).toMatchObject({
      klingRequestId: 'request-1',
      unitsDeducted: '1',
    });
  });
});

describe('a field that Kling omits', () => {
  const done = after(
    RUNNING,
    seen('SUCCEEDED', { unitsDeducted: '0.05', balanceDeducted: MONEY, voices: [voice('made')] }),
  );

  it('keeps its value: charges and voices', ({ expect }) => {
    expect(done).toMatchObject({ unitsDeducted: '0.05', balanceDeducted: MONEY, voices: [voice('made')] });
    expect(applyFact(done, seen('SUCCEEDED', { voices: [] }), NOW_MS)).toBeNull();
    expect(applyFact(done, seen('SUCCEEDED', {}, ['voices']), NOW_MS)).toBeNull();
  });

  it('keeps its value: a part of the charge in money', ({ expect }) => {
    const listed = { quota: null, listPrice: '0.2' };
    expect(after(done, seen('SUCCEEDED', { balanceDeducted: listed })).balanceDeducted).toEqual({
      quota: MONEY.quota,
      listPrice: '0.2',
    });
  });

  it('keeps its value: videos, the source video and the watermark', ({ expect }) => {
    const lastReport = { statusMessage: null, createdAtMs: null, updatedAtMs: null };
    const whole = lipSyncTask('l', { watermarkEnabled: true, lastReport });
    const nothing = { klingTaskId: 'kling-1', videos: [], parentVideo: null, watermarkEnabled: null };
    expect(applyFact(whole, seen('SUCCEEDED', nothing, ['voices']), NOW_MS)).toBeNull();
    expect(applyFact(whole, seen('SUCCEEDED', {}, ['voices']), NOW_MS)).toBeNull();
  });
});

describe('applyFact to a lip-sync', () => {
  const { videos, parentVideo } = lipSyncTask('any');
  const bare: LipSyncTask = {
    ...lipSyncTask('l', { ...UNKNOWN, status: 'PROCESSING', klingStatus: 'processing' }),
    videos: [],
    parentVideo: null,
    watermarkEnabled: null,
  };

  it('stores the results of a success', ({ expect }) => {
    const told = seen('SUCCEEDED', { videos, parentVideo, watermarkEnabled: false }, ['voices']);
    expect(after(bare, told)).toMatchObject({ status: 'SUCCEEDED', videos, parentVideo, watermarkEnabled: false });
  });

  it('estimates the cost by the length of the video, and by 60 s until it is known', ({ expect }) => {
    const waiting = { ...bare, unitsEstimated: '6' };
    expect(after(waiting, seen('PROCESSING', { parentVideo: null, videos: [] })).unitsEstimated).toBe('6');
    const long = { ...parentVideo, durationMs: 10_000 };
    expect(after(waiting, seen('PROCESSING', { parentVideo: long, videos: [] })).unitsEstimated).toBe('1');
    const unknown = { ...parentVideo, durationMs: null };
    expect(after(waiting, seen('PROCESSING', { parentVideo: unknown, videos: [] })).unitsEstimated).toBe('6');
  });

  it('stores fresher URLs as a detail', ({ expect }) => {
    const fresher = [{ ...videos[0]!, url: 'https://k.test/fresher.mp4' }];
    const told = seen('SUCCEEDED', { videos: fresher, parentVideo: null, watermarkEnabled: null }, ['voices']);
    const lastReport = { statusMessage: null, createdAtMs: null, updatedAtMs: null };
    expect(applyFact(lipSyncTask('l', { lastReport }), told, NOW_MS)).toEqual({
      change: 'DETAIL',
      record: lipSyncTask('l', { lastReport, videos: fresher }),
    });
  });

  it('ignores the voices of a snapshot', ({ expect }) => {
    expect(after(bare, seen('SUCCEEDED', { voices: [voice('made')] }))).not.toHaveProperty('voices');
  });
});

describe('the report of Kling', () => {
  const told = { statusMessage: 'working', createdAtMs: 1000, updatedAtMs: 2000 };

  it('is stored with each change of state', ({ expect }) => {
    const queued = { ...RUNNING, status: 'QUEUED' as const, klingStatus: null };
    const running = after(queued, seen('PROCESSING', told));
    expect(running.lastReport).toEqual(told);
    const failed = after(running, seen('FAILED', { statusMessage: 'Internal error', updatedAtMs: 3000 }));
    expect(failed.lastReport).toEqual({ statusMessage: 'Internal error', createdAtMs: 1000, updatedAtMs: 3000 });
  });

  it('has no message of an earlier status, and keeps times that Kling leaves out', ({ expect }) => {
    const running = after({ ...RUNNING, status: 'QUEUED', klingStatus: null }, seen('PROCESSING', told));
    expect(after(running, seen('SUCCEEDED')).lastReport).toEqual({ ...told, statusMessage: null });
  });

  it('is added to a final task of version 0.1 by the next read, as a detail and once', ({ expect }) => {
    const old = voiceTask('v', { status: 'FAILED', klingStatus: 'failed', voices: [] });
    const read = seen('FAILED', { ...told, statusMessage: 'Internal error' });
    const applied = applyFact(old, read, NOW_MS);
    expect(applied).toMatchObject({ change: 'DETAIL', record: { lastReport: { statusMessage: 'Internal error' } } });
    expect(applyFact(applied!.record, read, NOW_MS)).toBeNull();
    expect(applyFact(applied!.record, seen('FAILED'), NOW_MS)).toBeNull();
  });

  it('does not change by an older state', ({ expect }) => {
    const running = after({ ...RUNNING, status: 'QUEUED', klingStatus: null }, seen('PROCESSING', told));
    expect(after(running, seen('SUBMITTED', { statusMessage: 'late' })).lastReport).toEqual(told);
  });
});

describe('applyFact to a task that the gateway gave up', () => {
  const closed = after(RUNNING, CLOSED);
  const told = seen('SUCCEEDED', { unitsDeducted: '0.05', voices: [voice('made')] });

  it('adds the units that Kling charged, and changes nothing else', ({ expect }) => {
    expect(applyFact(closed, told, NOW_MS)).toEqual({
      change: 'DETAIL',
      record: { ...closed, unitsDeducted: '0.05' },
    });
  });

  it('adds the money that Kling charged', ({ expect }) => {
    expect(after(closed, seen('SUCCEEDED', { balanceDeducted: MONEY }))).toEqual({ ...closed, balanceDeducted: MONEY });
  });

  it('adds a charge once', ({ expect }) => {
    expect(applyFact(after(closed, told), told, NOW_MS)).toBeNull();
    expect(applyFact(after(closed, told), seen('SUCCEEDED'), NOW_MS)).toBeNull();
  });

  it('returns null if Kling reports no charge', ({ expect }) => {
    expect(applyFact(closed, seen('SUCCEEDED'), NOW_MS)).toBeNull();
  });
});
