import type { SandboxRecord } from '../support/sandbox-account.ts';
import type { AcknowledgedCallback } from './callback-proxy.ts';
import { localId } from './events.ts';
import type { HistoryEvidence } from './history.ts';
import type { StoredLedger } from './ledger-file.ts';
import type { ClientView } from './load.ts';
import type { WebhookEvidence } from './webhook-receiver.ts';

/** The evidence of a round after the gateway was stopped. */
export interface Evidence extends HistoryEvidence {
  readonly views: readonly ClientView[];
  readonly ledger: StoredLedger;
  readonly kling: SandboxRecord;
  readonly webhooks: WebhookEvidence;
  readonly acknowledged: readonly AcknowledgedCallback[];
  /** Slots of the account that are in use or waited for after the last task has ended. Null if the round did not wait for it. */
  readonly slotsHeld: number | null;
  /** Tasks whose state and newest event differed on disk while the gateway was down. */
  readonly torn: readonly string[];
  readonly deaths: readonly Death[];
  /** Why the ledger gave up a scan or a speech, as its log says, by the id of the task. */
  readonly stepFailures: ReadonlyMap<string, string>;
}

/** The death of the gateway or of its ledger, at an instant between two. */
export interface Death {
  readonly cause: 'kill' | 'abort';
  readonly fromMs: number;
  readonly toMs: number;
}

/** A promise of the gateway, and its violations in the evidence. */
export interface Check<E = Evidence> {
  readonly promise: string;
  readonly violations: (evidence: E) => readonly string[];
}

/** The order of statuses. The others have no place in it. */
export const RANK: Readonly<Record<string, number>> = {
  PREPARING: -1,
  QUEUED: 0,
  SUBMITTED: 1,
  PROCESSING: 2,
  SUCCEEDED: 3,
  FAILED: 3,
  CANCELLED: 3,
};
const HINT_RANK: Readonly<Record<string, number>> = { submitted: 1, processing: 2 };
const FINAL_AT_KLING: Readonly<Record<string, string>> = { succeed: 'SUCCEEDED', failed: 'FAILED' };
/** The price of a scan or a speech, in units. */
const STEP_PRICE = 0.05;
const PRICE: Readonly<Record<string, number>> = { VOICE: 0.05, LIP_SYNC: 1 };

/** The gateway reads an acknowledged end at Kling within this time, including outages and refused reads. */
const END_MS_MAX = 45_000;

/** Whether a status never changes again. */
export const isFinal = (status: string): boolean => RANK[status] === 3;

/** Checks all promises against the evidence of a round. */
export const CHECKS: readonly Check[] = [
  {
    promise: 'the round has put something to the test',
    violations: ({ views, acknowledged }) => [
      ...(views.filter(({ taskId }) => taskId !== null).length > views.length * 0.8
        ? []
        : ['too few creates got through']),
      ...(acknowledged.length > views.length ? [] : ['too few callbacks got through']),
    ],
  },
  {
    promise: 'no client sees a status go back, another task under its id, or an error that is not about its input',
    violations: ({ views }) =>
      views.flatMap(({ intent, problems }) => problems.map((text) => `${intent.externalId}: ${text}`)),
  },
  {
    promise: 'an acknowledged create is in the ledger once, under the id that was answered',
    violations: ({ views, ledger }) => {
      const byExternalId = Map.groupBy(ledger.tasks, ({ externalId }) => externalId);
      return views.flatMap(({ intent: { externalId }, taskId, refusedWith }) => {
        const stored = byExternalId.get(externalId) ?? [];
        if (stored.length > 1) return [`${externalId}: ${stored.length} tasks`];
        if (taskId === null) return [];
        if (refusedWith !== null) return [`${externalId}: both made and refused`];
        return stored[0]?.id === localId(taskId)
          ? []
          : [`${externalId}: ${localId(taskId)} was answered, ${stored[0]?.id} is kept`];
      });
    },
  },
  {
    promise: 'a task is at Kling, and paid for, once for each in the ledger, and none beside',
    violations: ({ ledger, kling, views }) => {
      const words = new Map(views.map(({ intent }) => [intent.externalId, intent.word]));
      const made = Map.groupBy(kling.tasks, ({ externalTaskId }) => externalTaskId ?? '');
      const known = new Set(ledger.tasks.map(({ id }) => id));
      return [
        ...ledger.tasks.flatMap(({ id, externalId, status, stage }) => {
          const count = made.get(id)?.length ?? 0;
          const isRefused = status === 'FAILED' && words.get(externalId ?? '') === 'content-rejected';
          const isUnprepared = status === 'FAILED' && stage !== undefined && stage !== 'SYNCING';
          return count === (isRefused || isUnprepared || status === 'CANCELLED' ? 0 : 1)
            ? []
            : [`${id} (${externalId}): ${count} at Kling, ${status} here`];
        }),
        ...kling.tasks
          .filter(({ externalTaskId }) => !known.has(externalTaskId ?? ''))
          .map(({ taskId, externalTaskId }) => `Kling's ${taskId} for ${externalTaskId} is not in the ledger`),
      ];
    },
  },
  {
    promise: 'a task whose cancel is acknowledged stays cancelled',
    violations: ({ ledger, views }) => {
      const statuses = new Map(ledger.tasks.map(({ id, status }) => [id, status]));
      return views.flatMap(({ taskId, isCancelled }) => {
        const status = statuses.get(localId(taskId ?? ''));
        return isCancelled && status !== 'CANCELLED' ? [`${taskId}: ${status}`] : [];
      });
    },
  },
  {
    promise: "every task has ended, and as Kling's has",
    violations: ({ ledger, kling }) => {
      const atKling = new Map(kling.tasks.map((task) => [task.externalTaskId, task]));
      return ledger.tasks.flatMap(({ id, status, phase, klingTaskId }) => {
        const theirs = atKling.get(id);
        if (!isFinal(status) || phase !== 'DONE') return [`${id}: ${status}, ${phase}; ${theirs?.status} at Kling`];
        if (theirs === undefined) return [];
        if (FINAL_AT_KLING[theirs.status] !== status) return [`${id}: ${status} here, ${theirs.status} at Kling`];
        return theirs.taskId === klingTaskId ? [] : [`${id}: ${klingTaskId} here, ${theirs.taskId} at Kling`];
      });
    },
  },
  {
    promise: 'the events have no gap, never go back, and end each task once',
    violations: ({ ledger: { tasks, events } }) => {
      const byTask = Map.groupBy(events, ({ taskId }) => taskId);
      return [
        ...events
          .flatMap(({ seq }, index) => (seq === index + 1 ? [] : [`number ${seq} in place ${index + 1}`]))
          .slice(0, 5),
        ...tasks.flatMap(({ id, status }) => {
          const statuses = (byTask.get(id) ?? []).map((event) => event.status);
          const ends = statuses.filter(isFinal).length;
          const known = statuses.map((each) => RANK[each]).filter((rank) => rank !== undefined);
          const isOrdered = known.every((rank, index) => index === 0 || rank >= (known[index - 1] ?? 0));
          return ends === 1 && isOrdered && statuses.at(-1) === status
            ? []
            : [`${id}: ${statuses.join(', ')}; is ${status}`];
        }),
        ...[...byTask.keys()]
          .filter((id) => !tasks.some((task) => task.id === id))
          .map((id) => `events of ${id}, which is not kept`),
      ];
    },
  },
  {
    promise: 'a state and its event are on the disk together, whenever the gateway dies',
    violations: ({ torn }) => torn,
  },
  {
    promise: 'a client that pages through the events reads all of them, as they are kept',
    violations: ({ ledger, events }) => {
      const kept = ledger.events.map(({ seq, status, taskId }) => `${seq} ${taskId} ${status}`);
      const read = events.map(({ seq, status, taskId }) => `${seq} ${taskId} ${status}`);
      const at = kept.findIndex((event, index) => event !== read[index]);
      if (at === -1 && kept.length === read.length) return [];
      return [`${read.length} read, ${kept.length} kept; the first that differ: ${read[at]}, ${kept[at]}`];
    },
  },
  {
    promise: 'what an acknowledged callback told is never lost',
    violations: ({ ledger, kling, acknowledged }) => {
      const atKling = new Map(kling.tasks.map((task) => [task.externalTaskId, task.taskId]));
      const byTask = Map.groupBy(ledger.events, ({ taskId }) => taskId);
      return acknowledged.flatMap(({ taskId, klingTaskId, status, atMs }) => {
        if (atKling.get(taskId) !== klingTaskId) return [];
        const events = byTask.get(taskId) ?? [];
        const rank = HINT_RANK[status];
        if (rank !== undefined) {
          // A change that only a later poll brought shows that the callback was lost.
          const isKept = events.some((event) => event.atMs <= atMs && (RANK[event.status] ?? rank) >= rank);
          return isKept ? [] : [`${taskId}: ${status} at ${atMs}; kept ${JSON.stringify(events)}`];
        }
        if (!(status in FINAL_AT_KLING)) return [];
        const end = events.find((event) => isFinal(event.status));
        const isInTime = end !== undefined && end.atMs <= atMs + END_MS_MAX;
        return isInTime
          ? []
          : [`${taskId}: ${status} at ${atMs}; ended ${end === undefined ? 'never' : `${end.atMs - atMs} ms later`}`];
      });
    },
  },
  {
    promise: 'Kling never has to refuse for want of a slot, and every slot comes back',
    violations: ({ kling, slotsHeld }) => [
      ...((kling.requestsByCode['1303'] ?? 0) === 0 ? [] : [`${kling.requestsByCode['1303']} creates were refused`]),
      ...(slotsHeld === null || slotsHeld === 0 ? [] : [`${slotsHeld} slots are held by nobody`]),
    ],
  },
  {
    promise: 'each task is charged once, at Kling and in the books',
    violations: ({ ledger, kling }) => {
      // A task that Kling has twice counts once.
      const made = new Map(kling.tasks.map((task) => [task.externalTaskId ?? task.taskId, task]));
      const due = [...made.values()].reduce(
        (sum, { kind, status }) => sum + (status === 'succeed' ? (PRICE[toKind(kind)] ?? 0) : 0),
        0,
      );
      const atKling = due + STEP_PRICE * kling.paidCalls.filter(({ isMade }) => isMade).length;
      // A step of unknown outcome counts on its own, by its estimate.
      const inBooks = due + STEP_PRICE * ledger.paidCalls.filter(({ isAnswered }) => isAnswered).length;
      const found: string[] = [];
      if (!isSame(kling.unitsCharged, atKling)) found.push(`Kling charged ${kling.unitsCharged}, due are ${atKling}`);
      if (!isSame(ledger.milliunits / 1000, inBooks))
        found.push(`the ledger counts ${ledger.milliunits / 1000}, due are ${inBooks}`);
      return found;
    },
  },
];

/** Returns the delays from acknowledged ends to their events in the ledger, in milliseconds, shortest first. */
export function endDelays({ ledger, acknowledged }: Evidence): readonly number[] {
  const ends = new Map(ledger.events.filter(({ status }) => isFinal(status)).map(({ taskId, atMs }) => [taskId, atMs]));
  return acknowledged
    .filter(({ status }) => status in FINAL_AT_KLING)
    .map(({ taskId, atMs }) => Math.max(0, (ends.get(taskId) ?? Number.POSITIVE_INFINITY) - atMs))
    .toSorted((a, b) => a - b);
}

function toKind(sandboxKind: string): string {
  return sandboxKind.includes('voice') ? 'VOICE' : 'LIP_SYNC';
}

/** Rounds to three decimals, the most that units have. */
function isSame(a: number, b: number): boolean {
  return Math.abs(a - b) < 0.0005;
}
