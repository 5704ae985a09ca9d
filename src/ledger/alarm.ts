import { gatewayFailure } from '../domain/failure.ts';
import { READ_TASKS_IDS_MAX } from '../kling/tasks.ts';
import { jittered } from '../lib/backoff.ts';
import { forEachAtOnce } from '../lib/batch.ts';
import { traced } from '../lib/trace.ts';
import type { LedgerDeps } from './deps.ts';
import type { Journal } from './journal.ts';
import type { ShardStore } from './stores/shards.ts';
import type { Outbox } from './outbox.ts';
import {
  lateCodeOf,
  OUTAGE_WAIT_MS,
  planTask,
  POLLS_AT_ONCE,
  PROBE_MS_MAX,
  retryWaitMs,
  type TaskAction,
} from './schedule.ts';
import type { Reader } from './sync-task.ts';
import type { Sender } from './sender.ts';
import type { TaskRow } from './stores/tasks.ts';
import type { Waiting } from './waiting.ts';

/** Most due tasks one run of the alarm takes up; the next run follows at once. */
const DUE_AT_ONCE = 100;

/** How far ahead of its time a poll may be taken along with others. */
const AHEAD_MS = 5_000;

/** Longest that one run takes up new tasks. What else is due must not wait for a long queue: the next run follows at once. */
const RUN_MS_MAX = 5_000;

/** What the alarm does: everything that is due, a few tasks at a time, then a step of retention. */
export interface Keeper {
  run(): Promise<void>;
  /** The instant of the next thing to do, in milliseconds since the epoch; null when there is none. */
  nextAtMs(): number | null;
}

export function createKeeper(
  deps: LedgerDeps,
  parts: {
    readonly journal: Journal;
    readonly sender: Sender;
    readonly reader: Reader;
    readonly readsTogether: boolean;
    readonly outbox: Outbox;
    readonly shards: ShardStore;
    readonly waiting: Waiting;
  },
): Keeper {
  const { tasks, wakes, retention, slots, limits, now, random } = deps;
  const { journal, sender, reader, readsTogether, outbox, shards, waiting } = parts;

  async function act(row: TaskRow, action: TaskAction): Promise<void> {
    const { id } = row.record;
    switch (action) {
      case 'CLOSE':
        // Its end may only not have been heard of.
        if (row.phase === 'SENT') await reader.poll(row);
        journal.apply(id, { type: 'CLOSED', failure: gatewayFailure(lateCodeOf(tasks.find({ id }) ?? row)) });
        return;
      case 'SEND':
        return sender.send(id, false);
      case 'LOOK_UP':
        return sender.lookUp(row);
      case 'POLL':
        return reader.pollDue(row);
      case 'NONE':
    }
  }

  /** One task's trouble is its own: it is logged, put off, and the others go on. */
  async function actSafely(row: TaskRow): Promise<void> {
    const { id } = row.record;
    if (sender.isBusy(id)) return put(row, limits.exchangeTimeoutMs);
    const action = planTask(row, now());
    if (!slots.isHealthy() && (action === 'LOOK_UP' || action === 'POLL')) {
      return put(row, Math.min(jittered(OUTAGE_WAIT_MS, random), row.deadlineAtMs - now()));
    }
    return actLogged(row, action);
  }

  async function actLogged(row: TaskRow, action: TaskAction): Promise<void> {
    const { id } = row.record;
    try {
      await traced({ taskId: id }, () => act(row, action));
    } catch (error) {
      deps.log({ level: 'error', message: 'due task failed', taskId: id, cause: String(error) });
      const { trouble } = tasks.find({ id }) ?? row;
      const wakeAtMs = now() + retryWaitMs(trouble.fails, random);
      journal.apply(id, null, { wakeAtMs, trouble: { ...trouble, fails: trouble.fails + 1 } });
    }
  }

  function put(row: TaskRow, waitMs: number): void {
    journal.apply(row.record.id, null, { wakeAtMs: now() + waitMs });
  }

  /** Polls that one request can answer are taken out; what is left is done one by one. */
  async function pollTogether(rows: readonly TaskRow[]): Promise<readonly TaskRow[]> {
    if (!readsTogether) return rows;
    const due = rows.filter((row) => planTask(row, now()) === 'POLL');
    if (due.length === 0) return rows;
    // A request that is made anyway takes along what would be asked soon: polls are spread out, so that few fall together.
    const soon = wakes.polledBetween(now(), now() + AHEAD_MS, DUE_AT_ONCE);
    const polls = [...due, ...soon].filter(({ record }) => record.klingTaskId !== null);
    const answered = new Set<TaskRow>();
    for (let i = 0; i + 1 < polls.length; i += READ_TASKS_IDS_MAX) {
      const some = polls.slice(i, i + READ_TASKS_IDS_MAX);
      if (!(await reader.pollTogether(some))) break;
      for (const row of some) answered.add(row);
    }
    return rows.filter((row) => !answered.has(row));
  }

  async function actOnDue(): Promise<void> {
    const due = wakes.due(now(), DUE_AT_ONCE);
    const rows = slots.isHealthy() ? await pollTogether(due) : due;
    const endMs = now() + RUN_MS_MAX;
    await forEachAtOnce(rows, POLLS_AT_ONCE, async (row) => {
      if (now() < endMs) await actSafely(row);
    });
  }

  /** The task to read next while Kling is down. */
  function probed(): string | undefined {
    return wakes.atKling(POLLS_AT_ONCE).find((id) => !sender.isBusy(id));
  }

  function nextProbeAtMs(): number | null {
    const atMs = slots.nextProbeAtMs();
    return atMs === null || probed() === undefined ? null : atMs;
  }

  /** While Kling is down one task is read at a time, of all ledgers: the account says whose turn it is. */
  async function probe(): Promise<void> {
    const atMs = nextProbeAtMs();
    if (atMs === null || now() < atMs || !(await slots.mayProbe())) return;
    const row = tasks.find({ id: probed() ?? '' });
    if (row === null) return;
    // The next probe takes another task: the read of this one may hang.
    put(row, jittered(OUTAGE_WAIT_MS, random));
    await Promise.race([actLogged(row, planTask(row, now())), deps.sleep(PROBE_MS_MAX)]);
  }

  return {
    async run() {
      // Not awaited: neither a shard nor an account that hangs must hold up what is due at Kling.
      deps.background(() => outbox.run());
      deps.background(() => waiting.run());
      await Promise.all([probe(), actOnDue()]);
      retention.run();
    },

    nextAtMs() {
      const instants = [
        wakes.nextAtMs(),
        shards.nextDueAtMs(),
        slots.nextAskAtMs(),
        nextProbeAtMs(),
        retention.nextAtMs(),
      ];
      const known = instants.filter((atMs) => atMs !== null);
      return known.length === 0 ? null : Math.min(...known);
    },
  };
}
