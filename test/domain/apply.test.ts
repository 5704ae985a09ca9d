import fc from 'fast-check';
import { describe, it } from 'vitest';
import { applyEvent, type TaskEvent } from '../../src/domain/apply.ts';
import { gatewayFailure } from '../../src/domain/failure.ts';
import type { VoiceTask } from '../../src/domain/records.ts';
import { TASK_STATUSES, type TaskSnapshot, type TaskStatus } from '../../src/domain/task.ts';
import { snapshotOf } from '../support/snapshots.ts';

const NOW_MS = 10_000;
const RANK = { QUEUED: 0, SUBMITTED: 1, PROCESSING: 2, UNRECOGNIZED: 2, SUCCEEDED: 3, FAILED: 3 } as const;

const QUEUED: VoiceTask = {
  kind: 'VOICE',
  id: 'task-1',
  externalId: null,
  klingTaskId: null,
  status: 'QUEUED',
  klingStatus: null,
  failure: null,
  createdAtMs: 1000,
  updatedAtMs: 1000,
  expiresAtMs: null,
  unitsEstimated: '0.05',
  unitsDeducted: null,
  balanceDeducted: null,
  klingRequestId: null,
  voices: [],
};

function seen(status: TaskStatus, change: Partial<TaskSnapshot> & Record<string, unknown> = {}): TaskEvent {
  return { type: 'SNAPSHOT', snapshot: snapshotOf(status, change) };
}

/** Null stands for the gateway closing the task. */
function toEvent(its: { status: TaskStatus; updatedAtMs: number | null } | null): TaskEvent {
  return its === null ? { type: 'CLOSED', failure: gatewayFailure('DEADLINE_EXCEEDED') } : seen(its.status, its);
}

function after(...events: readonly TaskEvent[]): VoiceTask {
  return events.reduce<VoiceTask>((record, event) => applyEvent(record, event, NOW_MS)?.record ?? record, QUEUED);
}

describe('a status', () => {
  const statuses = TASK_STATUSES.filter((status) => status !== 'QUEUED');
  const pairs = statuses.flatMap((from) => statuses.map((to) => ({ from, to })));

  it.for(pairs)('that was $from and is told as $to at the same time rises or stays', ({ from, to }, { expect }) => {
    const record = after(seen(from));
    const applied = applyEvent(record, seen(to), NOW_MS);
    const rises = RANK[to] > RANK[from];
    expect(applied?.change ?? null).toBe(rises ? 'STATE' : null);
    expect(applied?.record.status ?? from).toBe(rises ? to : from);
  });

  it('that ranks the same and was updated later stands', ({ expect }) => {
    const record = after(seen('UNRECOGNIZED', { updatedAtMs: 5000 }));
    expect(applyEvent(record, seen('PROCESSING', { updatedAtMs: 5001 }), NOW_MS)?.record.status).toBe('PROCESSING');
    expect(applyEvent(record, seen('PROCESSING', { updatedAtMs: 4999 }), NOW_MS)).toBeNull();
  });

  it('that is unknown is kept in Kling’s own word', ({ expect }) => {
    expect(after(seen('UNRECOGNIZED', { klingStatus: 'in_review' }))).toMatchObject({
      status: 'UNRECOGNIZED',
      klingStatus: 'in_review',
    });
  });
});

describe('a final record', () => {
  it('takes a later charge and fresher voices of the same outcome, and tells nobody', ({ expect }) => {
    const done = after(seen('SUCCEEDED'));
    const voices = [{ voiceId: 'v', name: 'Ann', trialUrl: 'https://example.com/2', owner: 'ACCOUNT', ownerId: null }];
    const applied = applyEvent(done, seen('SUCCEEDED', { unitsDeducted: '0.05', voices }), NOW_MS);
    expect(applied).toMatchObject({ change: 'DETAIL', record: { status: 'SUCCEEDED', unitsDeducted: '0.05', voices } });
  });

  it('keeps what Kling leaves out later', ({ expect }) => {
    const done = after(seen('SUCCEEDED', { unitsDeducted: '0.05' }));
    expect(applyEvent(done, seen('SUCCEEDED'), NOW_MS)).toBeNull();
  });

  it('expires 30 days after its end, and a failed one never', ({ expect }) => {
    expect(after(seen('SUCCEEDED', { updatedAtMs: 5000 })).expiresAtMs).toBe(5000 + 30 * 24 * 3_600_000);
    expect(after(seen('FAILED', { updatedAtMs: 5000 })).expiresAtMs).toBeNull();
  });

  it('says why it failed', ({ expect }) => {
    expect(after(seen('FAILED', { statusMessage: 'Failure to pass the risk control system' })).failure?.code).toBe(
      'CONTENT_REJECTED',
    );
  });

  it('that the gateway closed is not opened by Kling’s word', ({ expect }) => {
    const closed = after({ type: 'CLOSED', failure: gatewayFailure('DEADLINE_EXCEEDED') }, seen('SUCCEEDED'));
    expect(closed).toMatchObject({ status: 'FAILED', failure: { code: 'DEADLINE_EXCEEDED' } });
  });

  it('is not closed by the gateway', ({ expect }) => {
    const closing: TaskEvent = { type: 'CLOSED', failure: gatewayFailure('DEADLINE_EXCEEDED') };
    expect(applyEvent(after(seen('SUCCEEDED')), closing, NOW_MS)).toBeNull();
  });
});

describe('Kling’s id', () => {
  it('that was found in a list is kept, and changes nothing else', ({ expect }) => {
    const identified = { type: 'IDENTIFIED' as const, klingTaskId: 'kling-7' };
    expect(applyEvent(QUEUED, identified, NOW_MS)).toEqual({
      change: 'DETAIL',
      record: { ...QUEUED, klingTaskId: 'kling-7' },
    });
    expect(applyEvent(after(seen('SUBMITTED')), identified, NOW_MS)).toBeNull();
  });

  it('is learned from an event that changes nothing else, and then stays', ({ expect }) => {
    const record = { ...QUEUED, status: 'PROCESSING' as const, klingStatus: 'processing' };
    expect(applyEvent(record, seen('SUBMITTED'), NOW_MS)).toMatchObject({
      change: 'DETAIL',
      record: { klingTaskId: 'kling-1' },
    });
    expect(after(seen('SUBMITTED'), seen('PROCESSING', { klingTaskId: 'another' })).klingTaskId).toBe('kling-1');
  });
});

describe('a success without a voice', () => {
  const empty = seen('SUCCEEDED', { voices: [], updatedAtMs: 5000, unitsDeducted: '0.05' });

  it('is not final: the task goes on, with Kling’s own word and what it was charged', ({ expect }) => {
    expect(after(seen('SUBMITTED'), empty)).toMatchObject({
      status: 'PROCESSING',
      klingStatus: 'succeed',
      unitsDeducted: '0.05',
      expiresAtMs: null,
      failure: null,
    });
    expect(applyEvent(after(empty), empty, NOW_MS)).toBeNull();
  });

  it('becomes a success when the voice is there, and can be closed before', ({ expect }) => {
    expect(after(empty, seen('SUCCEEDED')).status).toBe('SUCCEEDED');
    const closed = after(empty, { type: 'CLOSED', failure: gatewayFailure('NO_RESULT') });
    expect(closed).toMatchObject({ status: 'FAILED', failure: { code: 'NO_RESULT' } });
  });

  it('after the end is a later reading, and takes nothing away', ({ expect }) => {
    const done = after(seen('SUCCEEDED'));
    expect(after(seen('SUCCEEDED'), seen('SUCCEEDED', { voices: [] }))).toEqual(done);
  });
});

describe('over any course of events', () => {
  const event = fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record({ status: fc.constantFrom(...TASK_STATUSES), updatedAtMs: fc.option(fc.nat(9000)) }),
    },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  const events = fc.array(event, { maxLength: 25 });

  it('nothing moves backwards, final is final, and a failure stands exactly where it failed', ({ expect }) => {
    fc.assert(
      fc.property(events, (course) => {
        let record = QUEUED;
        for (const its of course) {
          const applied = applyEvent(record, toEvent(its), NOW_MS);
          if (applied === null) continue;
          const next = applied.record;
          expect(RANK[next.status]).toBeGreaterThanOrEqual(RANK[record.status]);
          expect(next.updatedAtMs).toBeGreaterThanOrEqual(record.updatedAtMs);
          if (RANK[record.status] === 3) expect([applied.change, next.status]).toEqual(['DETAIL', record.status]);
          if (applied.change === 'DETAIL') expect(next.status).toBe(record.status);
          expect(next.failure !== null).toBe(next.status === 'FAILED');
          record = next;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('an event that comes twice changes nothing the second time', ({ expect }) => {
    fc.assert(
      fc.property(events, event, (course, last) => {
        const record = after(...course.map(toEvent), toEvent(last));
        expect(applyEvent(record, toEvent(last), NOW_MS)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});
