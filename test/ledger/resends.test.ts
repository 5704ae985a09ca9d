import { describe, it } from 'vitest';
import type { KlingClient } from '../../src/kling/client.ts';
import { MISSING_LOOKUPS, SETTLE_MS } from '../../src/ledger/schedule.ts';
import { createUpstream, type Answer as WireAnswer } from '../kling/support.ts';
import { DAY_MS, klingError, withParts, type LedgerParts, type PartsOptions } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';

type Answer = () => Promise<ReturnType<typeof snapshotOf>>;

const LOST: Answer = () => Promise.reject(klingError('UNKNOWN'));
const MISSING: Answer = () => Promise.reject(klingError('REFUSED', 'NOT_FOUND', 1201));
const FULL: Answer = () => Promise.reject(klingError('REFUSED', 'RATE_LIMITED', 1303));
const REJECTED: Answer = () => Promise.reject(klingError('REFUSED', 'CONTENT_REJECTED', 1301));
const MADE: Answer = async () => snapshotOf('PROCESSING');

const MINUTE_MS = 60_000;

interface Script {
  readonly kling: Partial<KlingClient>;
  /** Time of each create. */
  readonly sentAtMs: number[];
  clock: { nowMs: number };
  reads: number;
}

/** A Kling that answers creates and reads from two scripts. The last answer of each script repeats. */
function script(creates: readonly Answer[], reads: readonly Answer[]): Script {
  const run: Script = {
    clock: { nowMs: 0 },
    sentAtMs: [],
    reads: 0,
    kling: {
      createVoiceTask: () => (creates[run.sentAtMs.push(run.clock.nowMs) - 1] ?? creates.at(-1)!)(),
      readVoiceTask: () => (reads[(run.reads += 1) - 1] ?? reads.at(-1)!)(),
    },
  };
  return run;
}

async function withTask(
  name: string,
  run: Script,
  options: PartsOptions,
  work: (parts: LedgerParts, id: string) => Promise<void>,
): Promise<void> {
  await withParts(name, { ...options, kling: run.kling }, async (parts) => {
    run.clock = parts.clock;
    await work(parts, (await createVoiceOnce(parts)).id);
  });
}

/** Moves the clock to the next alarm and runs it until `isOver`, at most `timesMax` times. */
async function runUntil(parts: LedgerParts, isOver: () => boolean, timesMax = 20): Promise<void> {
  for (let i = 0; i < timesMax && !isOver(); i += 1) {
    parts.clock.nowMs = Math.max(parts.clock.nowMs, parts.deps.wakes.nextAtMs() ?? 0);
    await parts.alarmHandler.run();
    await parts.settle();
  }
}

describe('a create that Kling does not have yet', () => {
  it('is not resent before two look-ups at least SETTLE_MS apart, however often the ledger restarts', async ({
    expect,
  }) => {
    const run = script([LOST, MADE], [MISSING]);
    await withTask('restarted', run, {}, async (parts) => {
      for (let i = 0; i < 100 && run.sentAtMs.length < 2; i += 1) {
        parts.clock.nowMs += 100;
        parts.deps.wakes.wakeUnanswered(parts.clock.nowMs);
        await parts.alarmHandler.run();
        await parts.settle();
      }
      const [first = 0, second = 0] = run.sentAtMs;
      expect(second - first).toBeGreaterThanOrEqual(MISSING_LOOKUPS * SETTLE_MS);
      expect(second - first).toBeLessThan(MISSING_LOOKUPS * SETTLE_MS + 1_000);
    });
  });
});

describe('a create of unknown outcome whose resend is refused finally', () => {
  it('is looked up before it ends with the refusal', async ({ expect }) => {
    const run = script([LOST, REJECTED], [MISSING]);
    await withTask('refused', run, {}, async (parts, id) => {
      await runUntil(parts, () => run.sentAtMs.length === 2);
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'SENDING', record: { status: 'QUEUED' } });
      expect(parts.tasks.find({ id })?.trouble.refusal?.code).toBe('CONTENT_REJECTED');
      const { reads } = run;
      await runUntil(parts, () => parts.tasks.find({ id })?.phase === 'DONE');
      expect(parts.tasks.find({ id })?.record).toMatchObject({
        status: 'FAILED',
        failure: { code: 'CONTENT_REJECTED' },
      });
      expect([run.reads - reads, run.sentAtMs.length]).toEqual([2, 2]);
    });
  });

  it('is adopted when the look-up finds the task of the earlier send', async ({ expect }) => {
    const run = script([LOST, REJECTED], [MISSING, MISSING, MISSING, MADE]);
    await withTask('refused and found', run, {}, async (parts, id) => {
      await runUntil(parts, () => parts.tasks.find({ id })?.phase === 'SENT');
      expect(parts.tasks.find({ id })).toMatchObject({ record: { status: 'PROCESSING', klingTaskId: 'kling-1' } });
      expect(parts.tasks.find({ id })?.trouble.refusal).toBeNull();
      expect(run.sentAtMs).toHaveLength(2);
    });
  });

  it('stays open while look-ups fail, and ends as CREATE_OUTCOME_UNKNOWN at its deadline', async ({ expect }) => {
    const run = script([LOST, REJECTED], [MISSING, MISSING, LOST]);
    await withTask('refused and not found out', run, {}, async (parts, id) => {
      await runUntil(parts, () => run.sentAtMs.length === 2);
      const startMs = parts.clock.nowMs;
      await runUntil(parts, () => parts.clock.nowMs > startMs + 10 * MINUTE_MS);
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'SENDING' });
      parts.clock.nowMs = startMs + DAY_MS;
      await runUntil(parts, () => parts.tasks.find({ id })?.phase === 'DONE');
      expect(parts.tasks.find({ id })?.record.failure?.code).toBe('CREATE_OUTCOME_UNKNOWN');
      expect(run.sentAtMs).toHaveLength(2);
    });
  });
});

describe('a create whose outcome stays unknown', () => {
  it('is resent with growing waits, releases its slot in between, and ends a day after the first send', async ({
    expect,
  }) => {
    const run = script([LOST], [MISSING]);
    const released: string[] = [];
    const slots: PartsOptions['slots'] = { release: async (id) => void released.push(id) };
    await withTask('unknown for ever', run, { slots }, async (parts, id) => {
      const { deadlineAtMs, firstSentAtMs } = parts.tasks.find({ id })!;
      expect(firstSentAtMs).toBe(run.sentAtMs[0]);
      expect(deadlineAtMs).toBe(run.sentAtMs[0]! + DAY_MS);
      await runUntil(parts, () => parts.tasks.find({ id })?.phase === 'DONE', 500);
      const row = parts.tasks.find({ id })!;
      expect([row.deadlineAtMs, row.firstSentAtMs]).toEqual([deadlineAtMs, firstSentAtMs]);
      expect(row.record.failure?.code).toBe('CREATE_OUTCOME_UNKNOWN');
      expect(parts.clock.nowMs).toBeLessThanOrEqual(deadlineAtMs + MINUTE_MS);
      const waits = run.sentAtMs.slice(1).map((atMs, i) => atMs - run.sentAtMs[i]!);
      expect(waits.slice(0, 4)).toEqual([4_000, 34_000, 64_000, 124_000]);
      expect(waits).toEqual(waits.toSorted((a, b) => a - b));
      expect(run.sentAtMs.length).toBeLessThan(35);
      expect(released.length).toBe(run.sentAtMs.length - 1);
    });
  });

  it('is not resent before its time, even if the alarm runs earlier', async ({ expect }) => {
    const run = script([LOST], [MISSING]);
    await withTask('granted too early', run, {}, async (parts, id) => {
      await runUntil(parts, () => run.sentAtMs.length === 2 && parts.tasks.find({ id })?.phase === 'WAITING');
      const resendAtMs = parts.deps.wakes.nextAtMs()!;
      // This happens when Kling recovers: the ledger makes every task due soon.
      parts.journal.apply(id, null, { wakeAtMs: parts.clock.nowMs });
      await parts.alarmHandler.run();
      expect([run.sentAtMs.length, parts.deps.wakes.nextAtMs()]).toEqual([2, resendAtMs]);
      parts.clock.nowMs = resendAtMs;
      await parts.sender.send(id, false);
      expect(run.sentAtMs).toHaveLength(3);
    });
  });

  it('is not resent after its deadline, even if a slot is granted', async ({ expect }) => {
    const run = script([LOST], [MISSING]);
    await withTask('granted too late', run, {}, async (parts, id) => {
      await runUntil(parts, () => parts.tasks.find({ id })?.phase === 'WAITING');
      parts.clock.nowMs = parts.tasks.find({ id })!.deadlineAtMs;
      await parts.sender.send(id, false);
      expect(parts.tasks.find({ id })?.record.failure?.code).toBe('CREATE_OUTCOME_UNKNOWN');
      expect(run.sentAtMs).toHaveLength(1);
    });
  });
});

it('a create that is refused for now keeps its deadline, and gets a full day once a send is not refused', async ({
  expect,
}) => {
  const run = script([FULL, FULL, LOST], [MADE]);
  await withTask('refused for now', run, {}, async (parts, id) => {
    const madeAtMs = parts.tasks.find({ id })!.record.createdAtMs;
    for (const sends of [1, 2]) {
      expect(run.sentAtMs).toHaveLength(sends);
      expect(parts.tasks.find({ id })).toMatchObject({
        phase: 'WAITING',
        sends: 0,
        firstSentAtMs: null,
        deadlineAtMs: madeAtMs + DAY_MS,
      });
      // The account has a slot again.
      parts.clock.nowMs += MINUTE_MS;
      parts.waiting.granted(id);
      await parts.settle();
    }
    await runUntil(parts, () => parts.tasks.find({ id })?.phase === 'SENT');
    const { firstSentAtMs, deadlineAtMs } = parts.tasks.find({ id })!;
    expect([firstSentAtMs, deadlineAtMs]).toEqual([run.sentAtMs[2], run.sentAtMs[2]! + DAY_MS]);
  });
});

const edge = (status: number): WireAnswer => ({ status, body: '<html></html>' });

describe('a create that an edge refuses without an envelope', () => {
  it.for([400, 401, 403, 404, 405, 413, 414, 415, 422])(
    'with HTTP %i fails for the caller, is sent once, and releases its slot',
    async (status, { expect }) => {
      const { client, requests } = createUpstream([edge(status)]);
      const released: string[] = [];
      const slots: PartsOptions['slots'] = { release: async (id) => void released.push(id) };
      await withParts(`edge ${status}`, { kling: client, slots }, async (parts) => {
        await expect(createVoiceOnce(parts)).rejects.toThrow(`HTTP ${status}`);
        await parts.settle();
        expect([parts.tasks.find({ id: 'task-1' }), parts.deps.wakes.nextAtMs()]).toEqual([null, null]);
        expect([requests.length, released]).toEqual([1, ['task-1']]);
      });
    },
  );

  it('with HTTP 429 is kept for later', async ({ expect }) => {
    const { client } = createUpstream([edge(429)]);
    const refused: unknown[] = [];
    const slots: PartsOptions['slots'] = { refuse: async (id, code) => void refused.push([id, code]) };
    await withParts('edge 429', { kling: client, slots }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      await parts.settle();
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'WAITING', sends: 0, record: { status: 'QUEUED' } });
      expect(refused).toEqual([[id, 0]]);
    });
  });

  it.for([408, 425, 499, 502])('with HTTP %i has an unknown outcome', async (status, { expect }) => {
    const { client } = createUpstream([edge(status)]);
    await withParts(`edge ${status}`, { kling: client }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'SENDING', sends: 1 });
    });
  });

  it('is not taken for missing when an edge answers its look-ups with HTTP 404', async ({ expect }) => {
    const { client, requests } = createUpstream([edge(502), edge(404), edge(404), edge(404), edge(404)]);
    await withParts('edge 404 look-up', { kling: client }, async (parts) => {
      const { id } = await createVoiceOnce(parts);
      await runUntil(parts, () => requests.length === 5);
      expect(parts.tasks.find({ id })).toMatchObject({ phase: 'SENDING', sends: 1, tries: 0 });
      expect(requests.filter(({ init }) => init.method === 'POST')).toHaveLength(1);
    });
  });
});
