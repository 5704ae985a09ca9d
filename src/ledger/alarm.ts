import { gatewayFailure } from '../domain/failure.ts';
import { READ_TASKS_IDS_MAX } from '../kling/tasks.ts';
import { jittered } from '../lib/time.ts';
import { forEachAtOnce } from '../lib/cache.ts';
import { earliest, type Retention, traced } from '../lib/durable-object.ts';
import type { Log } from '../lib/log.ts';
import type { Journal } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { PaidCalls } from './paid-calls.ts';
import {
  lateCodeOf,
  OUTAGE_WAIT_MS,
  planTask,
  POLLS_AT_ONCE,
  PROBE_MS_MAX,
  retryWaitMs,
  type TaskAction,
} from './schedule.ts';
import type { Sender } from './sender.ts';
import type { Slots, WaitingTasks } from './slots.ts';
import type { Stages } from './stages.ts';
import type { PaidCallStore } from './stores/assets.ts';
import type { ShardStore } from './stores/events.ts';
import type { WakeStore } from './stores/open-tasks.ts';
import type { TaskRow, TaskStore } from './stores/tasks.ts';
import type { TaskSync } from './sync-task.ts';

/** The most due tasks per run of the alarm. The next run follows at once. */
const DUE_AT_ONCE = 100;

/** How early a poll may share the request of others. */
const AHEAD_MS = 5_000;

/** The time in which a run starts tasks, so that a long queue does not delay other work. The next run follows at once. */
const RUN_MS_MAX = 5_000;

/** Does everything that is due when the ledger's alarm fires. */
export interface AlarmHandler {
  /** Acts on due tasks, a few at a time, then deletes some old data. */
  run(): Promise<void>;
  /** Returns the instant of the next thing to do, in milliseconds since the epoch; null if there is nothing. */
  nextAtMs(): number | null;
}

/** Work that the alarm starts beside the tasks. It may take long, and must not delay them. */
export interface AlarmJob {
  /** Does what is due. Stores before its first `await` when it is due next, so that the alarm does not start it twice. */
  run(): Promise<void>;
  /** Returns when it is due next, in milliseconds since the epoch; null if there is nothing to do. */
  nextAtMs(): number | null;
}

interface AlarmHandlerDeps {
  readonly tasks: TaskStore;
  readonly wakes: WakeStore;
  readonly shards: ShardStore;
  readonly retention: Retention;
  readonly journal: Journal;
  readonly sender: Sender;
  readonly stages: Pick<Stages, 'advance' | 'close' | 'isBusy'>;
  readonly sync: TaskSync;
  readonly paidCalls: PaidCallStore;
  readonly claimAnswers: PaidCalls['claimDue'];
  /** True if the credential allows one request to read several tasks. */
  readonly readsTogether: boolean;
  readonly outbox: Outbox;
  readonly slots: Slots;
  readonly waiting: WaitingTasks;
  readonly jobs: readonly AlarmJob[];
  /** The longest time of one exchange with Kling. */
  readonly exchangeTimeoutMs: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly background: (work: () => Promise<unknown>) => void;
  readonly log: Log;
}

/** Creates the handler. It keeps nothing in memory, because everything that is due is stored. */
export function createAlarmHandler(deps: AlarmHandlerDeps): AlarmHandler {
  const { tasks, wakes, shards, retention, journal, sender, stages, sync, readsTogether } = deps;
  const {
    outbox,
    slots,
    waiting,
    paidCalls,
    claimAnswers,
    jobs,
    exchangeTimeoutMs,
    now,
    random,
    sleep,
    background,
    log,
  } = deps;

  async function act(row: TaskRow, action: TaskAction): Promise<void> {
    const { id } = row.record;
    switch (action) {
      case 'CLOSE':
        // The task may have ended at Kling without a callback.
        if (row.phase === 'SENT') await sync.poll(row);
        if (row.phase === 'PREPARING') {
          return stages.close(id, { type: 'CLOSED', failure: gatewayFailure(lateCodeOf(row)) });
        }
        journal.apply(id, { type: 'CLOSED', failure: gatewayFailure(lateCodeOf(tasks.find({ id }) ?? row)) });
        return;
      case 'PREPARE':
        return stages.advance(id);
      case 'SEND':
        return sender.send(id, false);
      case 'LOOK_UP':
        return sender.lookUp(row);
      case 'POLL':
        return sync.pollDue(row);
      case 'NONE':
    }
  }

  /** Acts on one task. A failure is logged and put off, and does not affect the others. */
  async function actSafely(row: TaskRow): Promise<void> {
    const { id } = row.record;
    if (!isIdle(id)) return postpone(row, exchangeTimeoutMs);
    const action = planTask(row, now());
    if (!slots.isHealthy() && (action === 'LOOK_UP' || action === 'POLL')) {
      return postpone(row, Math.min(jittered(OUTAGE_WAIT_MS, random), row.deadlineAtMs - now()));
    }
    // Not awaited, because many tasks may wait for their turn. A task that is busy is put off.
    if (action === 'PREPARE') return background(() => actLogged(row, action));
    return actLogged(row, action);
  }

  async function actLogged(row: TaskRow, action: TaskAction): Promise<void> {
    const { id } = row.record;
    try {
      await traced({ taskId: id }, () => act(row, action));
    } catch (error) {
      log({ level: 'error', message: 'due task failed', taskId: id, cause: String(error) });
      const { trouble } = tasks.find({ id }) ?? row;
      const wakeAtMs = now() + retryWaitMs(trouble.fails, random);
      journal.apply(id, null, { wakeAtMs, trouble: { ...trouble, fails: trouble.fails + 1 } });
    }
  }

  function postpone(row: TaskRow, waitMs: number): void {
    journal.apply(row.record.id, null, { wakeAtMs: now() + waitMs });
  }

  /** Polls tasks together where one request can, and returns the rows that are left. */
  async function pollTogether(rows: readonly TaskRow[]): Promise<readonly TaskRow[]> {
    if (!readsTogether) return rows;
    const due = rows.filter((row) => planTask(row, now()) === 'POLL');
    if (due.length === 0) return rows;
    // Polls are spread out, so few are due together. The request includes polls that are due soon.
    const soon = wakes.polledBetween(now(), now() + AHEAD_MS, DUE_AT_ONCE);
    const polls = [...due, ...soon].filter(({ record }) => record.klingTaskId !== null);
    const answered = new Set<TaskRow>();
    for (let i = 0; i + 1 < polls.length; i += READ_TASKS_IDS_MAX) {
      const some = polls.slice(i, i + READ_TASKS_IDS_MAX);
      if (!(await sync.pollTogether(some))) break;
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

  function isIdle(id: string): boolean {
    return !sender.isBusy(id) && !stages.isBusy(id);
  }

  /** Returns the task to read next while Kling is down. */
  function probed(): string | undefined {
    // A look-up of a task that was never sent finds nothing, and shows that Kling is up.
    return wakes.atKling(POLLS_AT_ONCE).find(isIdle) ?? wakes.preparing(POLLS_AT_ONCE).find(isIdle);
  }

  function nextProbeAtMs(): number | null {
    const atMs = slots.nextProbeAtMs();
    return atMs === null || probed() === undefined ? null : atMs;
  }

  /** Reads one task while Kling is down. The account allows one such read at a time over all ledgers. */
  async function probe(): Promise<void> {
    const atMs = nextProbeAtMs();
    if (atMs === null || now() < atMs || !(await slots.mayProbe())) return;
    const row = tasks.find({ id: probed() ?? '' });
    if (row === null) return;
    // The next probe reads another task, because this read may hang.
    postpone(row, jittered(OUTAGE_WAIT_MS, random));
    const action = planTask(row, now());
    await Promise.race([actLogged(row, action === 'PREPARE' ? 'LOOK_UP' : action), sleep(PROBE_MS_MAX)]);
  }

  return {
    async run() {
      // Not awaited, so that a hub or an account that hangs does not delay tasks.
      background(() => outbox.run());
      background(() => waiting.run());
      background(() => claimAnswers());
      for (const job of jobs) background(() => job.run());
      await Promise.all([probe(), actOnDue()]);
      retention.run();
    },

    nextAtMs: () =>
      earliest([
        wakes.nextAtMs(),
        paidCalls.nextAtMs(),
        shards.nextDueAtMs(),
        slots.nextAskAtMs(),
        nextProbeAtMs(),
        ...jobs.map((job) => job.nextAtMs()),
        retention.nextAtMs(),
      ]),
  };
}
