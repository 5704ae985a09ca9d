import fc from 'fast-check';
import { describe, it } from 'vitest';
import { applyFact, endedAtMsOf, type TaskFact } from '../../src/domain/apply.ts';
import { gatewayFailure } from '../../src/domain/failure.ts';
import type { VoiceTask } from '../../src/domain/records.ts';
import { TASK_STATUSES, type TaskSnapshot, type TaskStatus } from '../../src/domain/task.ts';
import { RANK } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';

const NOW_MS = 10_000;

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

function seen(status: TaskStatus, change: Partial<TaskSnapshot> & Record<string, unknown> = {}): TaskFact {
  return { type: 'SNAPSHOT', snapshot: snapshotOf(status, change) };
}

const ENDS = {
  gateway: { type: 'CLOSED', failure: gatewayFailure('DEADLINE_EXCEEDED') },
  caller: { type: 'CANCELLED' },
} as const satisfies Record<string, TaskFact>;

/** Builds a fact: a report of Kling, or the end of the task by somebody else. */
function toFact(its: keyof typeof ENDS | { status: TaskStatus; updatedAtMs: number | null }): TaskFact {
  return typeof its === 'string' ? ENDS[its] : seen(its.status, its);
}

function after(...facts: readonly TaskFact[]): VoiceTask {
  return facts.reduce<VoiceTask>((record, fact) => applyFact(record, fact, NOW_MS)?.record ?? record, QUEUED);
}

describe('applyFact', () => {
  const statuses = TASK_STATUSES.filter((status) => status !== 'PREPARING' && status !== 'QUEUED');
  const pairs = statuses.flatMap((from) => statuses.map((to) => ({ from, to })));

  it.for(pairs)(
    'raises or keeps the status $from if Kling reports $to at the same time',
    ({ from, to }, { expect }) => {
      const record = after(seen(from));
      const applied = applyFact(record, seen(to), NOW_MS);
      const rises = RANK[to] > RANK[from];
      expect(applied?.change ?? null).toBe(rises ? 'STATE' : null);
      expect(applied?.record.status ?? from).toBe(rises ? to : from);
    },
  );

  it('takes the later of two statuses with the same rank', ({ expect }) => {
    const record = after(seen('UNRECOGNIZED', { updatedAtMs: 5000 }));
    expect(applyFact(record, seen('PROCESSING', { updatedAtMs: 5001 }), NOW_MS)?.record.status).toBe('PROCESSING');
    expect(applyFact(record, seen('PROCESSING', { updatedAtMs: 4999 }), NOW_MS)).toBeNull();
  });

  it('keeps Kling’s word for an unknown status', ({ expect }) => {
    expect(after(seen('UNRECOGNIZED', { klingStatus: 'in_review' }))).toMatchObject({
      status: 'UNRECOGNIZED',
      klingStatus: 'in_review',
    });
  });
});

describe('applyFact to a final record', () => {
  it('stores a late charge and fresher voices of the same outcome as a detail', ({ expect }) => {
    const done = after(seen('SUCCEEDED'));
    const voices = [{ voiceId: 'v', name: 'Ann', trialUrl: 'https://example.com/2', owner: 'ACCOUNT', ownerId: null }];
    const applied = applyFact(done, seen('SUCCEEDED', { unitsDeducted: '0.05', voices }), NOW_MS);
    expect(applied).toMatchObject({ change: 'DETAIL', record: { status: 'SUCCEEDED', unitsDeducted: '0.05', voices } });
  });

  it('keeps fields that Kling omits later', ({ expect }) => {
    const done = after(seen('SUCCEEDED', { unitsDeducted: '0.05' }));
    expect(applyFact(done, seen('SUCCEEDED'), NOW_MS)).toBeNull();
  });

  it('sets the expiry of a success to 30 days after its end, and none for a failure', ({ expect }) => {
    expect(after(seen('SUCCEEDED', { updatedAtMs: 5000 })).expiresAtMs).toBe(5000 + 30 * 24 * 3_600_000);
    expect(after(seen('FAILED', { updatedAtMs: 5000 })).expiresAtMs).toBeNull();
  });

  it('stores why the task failed', ({ expect }) => {
    expect(after(seen('FAILED', { statusMessage: 'Failure to pass the risk control system' })).failure?.code).toBe(
      'CONTENT_REJECTED',
    );
  });

  it('does not reopen a task that the gateway closed', ({ expect }) => {
    const closed = after({ type: 'CLOSED', failure: gatewayFailure('DEADLINE_EXCEEDED') }, seen('SUCCEEDED'));
    expect(closed).toMatchObject({ status: 'FAILED', failure: { code: 'DEADLINE_EXCEEDED' } });
  });

  it('does not close or cancel it a second time', ({ expect }) => {
    for (const first of [seen('SUCCEEDED'), seen('FAILED'), ENDS.gateway, ENDS.caller])
      for (const second of Object.values(ENDS)) expect(applyFact(after(first), second, NOW_MS)).toBeNull();
  });

  it('ends a cancelled task without a failure, for good', ({ expect }) => {
    const cancelled = after(ENDS.caller, seen('SUCCEEDED'));
    expect(cancelled).toMatchObject({ status: 'CANCELLED', failure: null, endedAtMs: NOW_MS, expiresAtMs: null });
  });
});

describe('Kling’s id of a task', () => {
  it('is stored if it was found in a list, and changes nothing else', ({ expect }) => {
    const identified = { type: 'IDENTIFIED' as const, klingTaskId: 'kling-7' };
    expect(applyFact(QUEUED, identified, NOW_MS)).toEqual({
      change: 'DETAIL',
      record: { ...QUEUED, klingTaskId: 'kling-7' },
    });
    expect(applyFact(after(seen('SUBMITTED')), identified, NOW_MS)).toBeNull();
  });

  it('is stored from a superseded fact, and never replaced', ({ expect }) => {
    const record = { ...QUEUED, status: 'PROCESSING' as const, klingStatus: 'processing' };
    expect(applyFact(record, seen('SUBMITTED'), NOW_MS)).toMatchObject({
      change: 'DETAIL',
      record: { klingTaskId: 'kling-1' },
    });
    expect(after(seen('SUBMITTED'), seen('PROCESSING', { klingTaskId: 'another' })).klingTaskId).toBe('kling-1');
  });
});

describe('a success without a voice', () => {
  const empty = seen('SUCCEEDED', { voices: [], updatedAtMs: 5000, unitsDeducted: '0.05' });

  it('is not final, and stores Kling’s word and the charge', ({ expect }) => {
    expect(after(seen('SUBMITTED'), empty)).toMatchObject({
      status: 'PROCESSING',
      klingStatus: 'succeed',
      unitsDeducted: '0.05',
      expiresAtMs: null,
      failure: null,
    });
    expect(applyFact(after(empty), empty, NOW_MS)).toBeNull();
  });

  it('becomes a success once it has a voice, and can be closed before', ({ expect }) => {
    expect(after(empty, seen('SUCCEEDED')).status).toBe('SUCCEEDED');
    const closed = after(empty, { type: 'CLOSED', failure: gatewayFailure('NO_RESULT') });
    expect(closed).toMatchObject({ status: 'FAILED', failure: { code: 'NO_RESULT' } });
  });

  it('removes no voices after the end', ({ expect }) => {
    const done = after(seen('SUCCEEDED'));
    expect(after(seen('SUCCEEDED'), seen('SUCCEEDED', { voices: [] }))).toEqual(done);
  });
});

describe('the times of a task', () => {
  const received = { createdAtMs: 2000, updatedAtMs: 3000 };

  it('has no start before Kling has received it', ({ expect }) => {
    expect(QUEUED).not.toHaveProperty('startedAtMs');
    expect(after({ type: 'CLOSED', failure: gatewayFailure('NOT_SENT') })).not.toHaveProperty('startedAtMs');
  });

  it('starts when Kling says that it received it, and keeps that time', ({ expect }) => {
    expect(after(seen('SUBMITTED', received)).startedAtMs).toBe(2000);
    expect(after(seen('SUBMITTED', received), seen('PROCESSING', { createdAtMs: 2500 })).startedAtMs).toBe(2000);
    expect(after(seen('SUCCEEDED', received))).toMatchObject({ startedAtMs: 2000, endedAtMs: 3000 });
  });

  it.for([
    ['is before the creation', 999, 1000],
    ['is the creation', 1000, 1000],
    ['is the change', 3000, 3000],
    ['is after the change', 3001, 3000],
    ['is missing', null, 3000],
  ] as const)(
    "starts between its creation and the change if Kling's time %s",
    ([, createdAtMs, startedAtMs], { expect }) => {
      expect(after(seen('SUBMITTED', { ...received, createdAtMs })).startedAtMs).toBe(startedAtMs);
    },
  );

  it('gets no start if it was received before starts were stored', ({ expect }) => {
    const old: VoiceTask = { ...QUEUED, status: 'SUBMITTED', klingStatus: 'submitted' };
    expect(applyFact(old, seen('SUCCEEDED', received), NOW_MS)?.record).not.toHaveProperty('startedAtMs');
  });

  it('ends when it becomes final, and keeps that time', ({ expect }) => {
    expect(after(seen('PROCESSING', received))).not.toHaveProperty('endedAtMs');
    const done = after(seen('PROCESSING', received), seen('SUCCEEDED', { updatedAtMs: 4000 }));
    expect(done.endedAtMs).toBe(4000);
    const late = seen('SUCCEEDED', { updatedAtMs: 5000, unitsDeducted: '0.05' });
    expect(applyFact(done, late, NOW_MS)?.record.endedAtMs).toBe(4000);
    expect(after({ type: 'CLOSED', failure: gatewayFailure('NOT_SENT') }).endedAtMs).toBe(NOW_MS);
  });

  it('ended with its last change if it is older than the stored end', ({ expect }) => {
    const { endedAtMs: _, ...old } = after(seen('SUCCEEDED', received));
    expect(endedAtMsOf(old)).toBe(3000);
    expect(endedAtMsOf(QUEUED)).toBeNull();
  });
});

describe('applyFact over random facts', () => {
  const fact = fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record({ status: fc.constantFrom(...TASK_STATUSES), updatedAtMs: fc.option(fc.nat(9000)) }),
    },
    { weight: 1, arbitrary: fc.constantFrom('gateway' as const, 'caller' as const) },
  );
  const facts = fc.array(fact, { maxLength: 25 });

  it('never moves backwards, keeps final tasks final, and has a failure only on failed tasks', ({ expect }) => {
    fc.assert(
      fc.property(facts, (course) => {
        let record = QUEUED;
        for (const its of course) {
          const applied = applyFact(record, toFact(its), NOW_MS);
          if (applied === null) continue;
          const next = applied.record;
          expect(RANK[next.status]).toBeGreaterThanOrEqual(RANK[record.status]);
          expect(next.updatedAtMs).toBeGreaterThanOrEqual(record.updatedAtMs);
          if (RANK[record.status] === 3) expect([applied.change, next.status]).toEqual(['DETAIL', record.status]);
          if (applied.change === 'DETAIL') expect(next.status).toBe(record.status);
          expect(next.failure !== null).toBe(next.status === 'FAILED');
          expect('endedAtMs' in next).toBe(RANK[next.status] === 3);
          expect(next.startedAtMs ?? next.createdAtMs).toBeGreaterThanOrEqual(next.createdAtMs);
          expect(next.startedAtMs ?? 0).toBeLessThanOrEqual(next.updatedAtMs);
          record = next;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('changes nothing if a fact is repeated', ({ expect }) => {
    fc.assert(
      fc.property(facts, fact, (course, last) => {
        const record = after(...course.map(toFact), toFact(last));
        expect(applyFact(record, toFact(last), NOW_MS)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});
