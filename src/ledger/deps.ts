import type { RetentionTimes } from '../config/index.ts';
import type { TaskIdentity } from '../domain/inputs.ts';
import type { Log } from '../lib/log.ts';
import type { Retention } from '../lib/tables.ts';
import type { KlingClient } from '../kling/client.ts';
import type { ClaimStore } from './stores/claims.ts';
import type { EventStore } from './stores/events.ts';
import type { HoldingsStore } from './stores/assets.ts';
import type { Owners } from './owners.ts';
import type { PaidCallStore } from './stores/paid-calls.ts';
import type { TaskStore } from './stores/tasks.ts';
import type { TaskSums } from './task-sums.ts';
import type { WakeStore } from './stores/wakes.ts';

/** The Kling account's slots and its health, shared by all ledgers. */
export interface Slots {
  /** Asks for a slot. Asking again for a task that holds one grants it again. An account that cannot be reached grants none. */
  acquire(taskId: string): Promise<{ readonly granted: boolean }>;
  /** The task has ended, or will not be sent. */
  release(taskId: string): Promise<void>;
  /** Kling refused it for now (1302 or 1303): the slot goes back and the task waits again. */
  refuse(taskId: string, klingCode: number): Promise<void>;
  /** Kling has the task: it is well, and takes tasks. */
  accepted(taskId: string): void;
  /** Whether an exchange with Kling failed as one that counts against its health (5xx, timeout, unreadable). */
  report(failed: boolean): void;
  /** False while Kling is known to be down: reads are then answered from what is stored. */
  isHealthy(): boolean;
  /** The account's word that Kling is well again. */
  setHealthy(): void;
  /** When one read may be tried at Kling while that is down, in milliseconds since the epoch; null while it is well. */
  nextProbeAtMs(): number | null;
  /** Asks the account for the one read. */
  mayProbe(): Promise<boolean>;
  /** When the account is to be asked again for the tasks that wait; null when none has waited. */
  nextAskAtMs(): number | null;
  /** Compares the claims with the account's, sends it those that it does not know, and answers with the tasks that hold a slot. */
  ask(claims: Pick<ClaimStore, 'count' | 'list'>): Promise<readonly string[]>;
}

/** What a tenant's ledger lives by; all of it is given to it by the object. */
export interface LedgerDeps {
  readonly tasks: TaskStore;
  readonly sums: TaskSums;
  readonly claims: ClaimStore;
  readonly wakes: WakeStore;
  readonly events: EventStore;
  readonly holdings: HoldingsStore;
  readonly paidCalls: PaidCallStore;
  readonly retention: Retention;
  /** Claims what it tells of, and names nothing of another tenant's. */
  readonly kling: KlingClient;
  readonly owners: Owners;
  readonly slots: Slots;
  readonly limits: LedgerLimits;
  /** Sets the alarm to the next thing to do. Called wherever something is written that has an end, in the same transaction. */
  readonly arm: () => void;
  readonly transaction: <T>(work: () => T) => T;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 0 (inclusive) to 1. */
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly newId: () => string;
  /** What a create is sent with, so that Kling's callbacks find the task again. */
  readonly identity: (taskId: string) => Promise<TaskIdentity>;
  /** Goes on after the answer. A failure is logged, never thrown. */
  readonly background: (work: () => Promise<unknown>) => void;
  readonly log: Log;
}

/** What the operator has set. */
export interface LedgerLimits {
  readonly taskAgeMaxMs: number;
  readonly eventRetentionMs: number;
  readonly eventsPerTaskMax: number;
  readonly retention: RetentionTimes;
  /** How many tasks may wait to be sent, and how many bytes the requests may have that are kept for it. */
  readonly waitingTasksMax: number;
  readonly waitingBytesMax: number;
  /** Null: no cap. In thousandths of a unit, per calendar month (UTC). */
  readonly milliunitsPerMonthMax: number | null;
  /** Longest that one exchange with Kling may take. */
  readonly exchangeTimeoutMs: number;
}
