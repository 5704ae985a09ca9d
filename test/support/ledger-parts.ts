import { runInDurableObject } from 'cloudflare:test';
import { createFileUrls } from '../../src/auth/signed-token.ts';
import type { KlingAccount } from '../../src/account/kling-account.ts';
import type { LedgerLimits, RetentionTimes } from '../../src/config/index.ts';
import type { SourceFacts } from '../../src/domain/sources.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { KlingClient } from '../../src/kling/client.ts';
import { KlingError, type Outcome } from '../../src/kling/errors.ts';
import { type AlarmHandler, createAlarmHandler } from '../../src/ledger/alarm.ts';
import { type Archive, type CopyFile, createArchive } from '../../src/ledger/archive.ts';
import { createDoomedFiles } from '../../src/ledger/media.ts';
import { createTaskCreator, type TaskCreator } from '../../src/ledger/create-tasks.ts';
import { createEstimates, type Estimates, createQueries, type Queries } from '../../src/ledger/queries.ts';
import { createFileSources, isolateKling, type Owners } from '../../src/ledger/isolation.ts';
import { createJournal, type Journal } from '../../src/ledger/journal.ts';
import { createBudgetCheck } from '../../src/ledger/limits.ts';
import { createOutbox, type Outbox, type OutboxDeps } from '../../src/ledger/outbox.ts';
import { createPaidCalls, type PaidCalls } from '../../src/ledger/paid-calls.ts';
import { RECOVERY_SPREAD_MS } from '../../src/ledger/schedule.ts';
import { createStages, type Stages } from '../../src/ledger/stages.ts';
import { createSender, type Sender } from '../../src/ledger/sender.ts';
import { createSlots, createWaitingTasks, type Slots, type WaitingTasks } from '../../src/ledger/slots.ts';
import { AssetStore, PaidCallStore } from '../../src/ledger/stores/assets.ts';
import { EventStore, ShardStore } from '../../src/ledger/stores/events.ts';
import {
  ArchiveStore,
  createArchivePlan,
  NO_ARCHIVE,
  bytesKept,
  DoomedFileStore,
  MediaStore,
} from '../../src/ledger/stores/files.ts';
import { ClaimStore, WakeStore } from '../../src/ledger/stores/open-tasks.ts';
import { retainedRowsOf } from '../../src/ledger/stores/retention.ts';
import { TaskStore } from '../../src/ledger/stores/tasks.ts';
import { createIngest, type Ingest } from '../../src/ledger/ingest.ts';
import { createTaskSync, type TaskSync } from '../../src/ledger/sync-task.ts';
import { createRetention } from '../../src/lib/durable-object.ts';
import type { Log } from '../../src/lib/log.ts';
import { ledgerOf } from './ledger.ts';

export const DAY_MS = 24 * 3_600_000;

/** Retention times, different for each kind. */
export const RETENTION: RetentionTimes = {
  taskMs: 400 * DAY_MS,
  cancelledTaskMs: 30 * DAY_MS,
  deletedVoiceMs: 31 * DAY_MS,
  faceScanMs: 32 * DAY_MS,
  speechMs: 33 * DAY_MS,
  externalIdMs: 34 * DAY_MS,
  mediaMs: 37 * DAY_MS,
  archiveMs: 38 * DAY_MS,
  ownerMs: 35 * DAY_MS,
  idleTenantMs: 36 * DAY_MS,
};

/** The parts of a ledger on an object's real storage. The test moves the clock and scripts Kling. */
export interface LedgerParts {
  readonly clock: { nowMs: number };
  readonly deps: ReturnType<typeof createDeps>;
  readonly tasks: TaskStore;
  readonly claims: ClaimStore;
  readonly events: EventStore;
  readonly journal: Journal;
  readonly sender: Sender;
  readonly stages: Stages;
  readonly sync: TaskSync;
  readonly alarmHandler: AlarmHandler;
  readonly ingest: Ingest;
  readonly creator: TaskCreator;
  readonly paidCalls: PaidCalls;
  readonly estimates: Estimates;
  readonly queries: Queries;
  readonly outbox: Outbox;
  readonly waiting: WaitingTasks;
  readonly archive: Archive;
  /** Ids of the tasks that have ended, in order. */
  readonly ended: string[];
  /** Waits for all background work. */
  readonly settle: () => Promise<void>;
}

export interface PartsOptions {
  /** Deletes everything of an upload. */
  readonly discard?: (mediaId: string) => Promise<void>;
  /** The answer of hub shards to a delivery. By default none watches. */
  readonly deliver?: OutboxDeps['deliver'];
  readonly skip?: OutboxDeps['skip'];
  readonly kling?: Partial<KlingClient>;
  readonly slots?: Partial<Slots>;
  /** The methods of the account's object. Those that are not given reject, as if the object were unreachable. */
  readonly account?: Partial<Record<keyof KlingAccount, (...given: never[]) => unknown>>;
  /** By default nothing belongs to another tenant. */
  readonly owners?: Partial<Owners>;
  readonly limits?: Partial<LedgerLimits>;
  readonly readsTogether?: boolean;
  /** Returns 0.5 by default. */
  readonly random?: () => number;
  /** Called whenever the alarm has to be set again. */
  readonly arm?: () => void;
  /** Replaces dependencies of the sources of files. */
  readonly files?: Partial<Parameters<typeof createFileSources>[0]>;
  /** None by default. */
  readonly bucket?: R2Bucket;
  /** Copies results. By default nothing is copied. */
  readonly copy?: CopyFile;
  /** 10 GB by default. */
  readonly tenantBytesMax?: number;
  /** Never resolves by default. */
  readonly sleep?: (ms: number) => Promise<void>;
  readonly log?: Log;
}

/** An account with a slot for every task, and a Kling that is up. */
const SLOTS: Slots = {
  acquire: async () => ({ granted: true }),
  release: async () => {},
  refuse: async () => {},
  accepted: () => {},
  report: () => {},
  isHealthy: () => true,
  setHealthy: () => {},
  nextProbeAtMs: () => null,
  mayProbe: async () => true,
  nextAskAtMs: () => null,
  ask: async () => [],
};

/** Runs a test in an object of its own. */
export function withParts<T>(
  name: string,
  options: PartsOptions,
  work: (parts: LedgerParts, storage: DurableObjectStorage) => Promise<T>,
): Promise<T> {
  return runInDurableObject(ledgerOf(`parts ${name}`), (_instance, { storage }) =>
    work(createParts(storage, options), storage),
  );
}

export function createParts(storage: DurableObjectStorage, options: PartsOptions): LedgerParts {
  const clock = { nowMs: 1_790_000_000_000 };
  const background: Promise<unknown>[] = [];
  const ended: string[] = [];
  const deps = createDeps(storage, options, clock, (work) => void background.push(work().catch(() => {})));
  const shards = new ShardStore(storage.sql);
  const estimates = createEstimates({ ...deps, sql: storage.sql });
  const queries = createQueries({ ...deps, estimates, storage });
  const outbox = createOutbox({
    ...deps,
    kind: 'shard',
    shards,
    left: (shard) => shards.remove(shard),
    deliver: options.deliver ?? (async () => null),
    skip: options.skip ?? (async () => null),
    arm: () => {},
  });
  const journal = createJournal({
    ...deps,
    announced: () => outbox.owe(),
    committed: () => outbox.push(),
    ended(task) {
      estimates.ended(task);
      ended.push(task.id);
    },
  });
  const archive = createArchive({
    ...deps,
    archive: deps.archived,
    journal,
    copy: options.copy ?? null,
    tenant: 't',
    bytesKept: () => bytesKept(storage.sql),
    bytesMax: options.tenantBytesMax ?? 10_000_000_000,
  });
  const sender = createSender({ ...deps, journal });
  const sync = createTaskSync({ ...deps, journal });
  const readsTogether = options.readsTogether ?? false;
  const waiting = createWaitingTasks({
    ...deps,
    send: (taskId) => sender.send(taskId, false),
    isSending: (taskId) => sender.isBusy(taskId),
  });
  const checkBudget = createBudgetCheck({ ...deps, stages: () => stages });
  const sourceFacts: SourceFacts = {
    findMedia: deps.files.find,
    findLipSync({ id, externalId }) {
      const row = deps.tasks.find(typeof id === 'string' ? { id } : { externalId: externalId ?? '' });
      return row?.record.kind === 'LIP_SYNC' ? row.record : null;
    },
  };
  const paidCalls = createPaidCalls({ ...deps, checkBudget, sourceFacts });
  const stages = createStages({ ...deps, paidCalls, journal, sender });
  return {
    clock,
    deps,
    tasks: deps.tasks,
    claims: deps.claims,
    events: deps.events,
    journal,
    sender,
    stages,
    sync,
    alarmHandler: createAlarmHandler({
      ...deps,
      retention: createRetention([...deps.retained, archive.expiring], deps.now),
      journal,
      sender,
      stages,
      sync,
      claimAnswers: () => paidCalls.claimDue(),
      readsTogether,
      outbox,
      shards,
      waiting,
      jobs: [archive, createDoomedFiles({ ...deps, discard: options.discard ?? (async () => {}), tenant: 't' })],
    }),
    ingest: createIngest({ ...deps, journal, sync }),
    creator: createTaskCreator({
      ...deps,
      journal,
      sender,
      stages,
      checkBudget,
      sourceFacts,
      checkWebhook: () => ({ ok: true, value: null }),
    }),
    paidCalls,
    estimates,
    queries,
    outbox,
    waiting,
    archive,
    ended,
    async settle() {
      while (background.length > 0) await background.shift();
    },
  };
}

/** Builds the dependencies of the parts: stores on real storage, and everything else scripted. */
function createDeps(
  storage: DurableObjectStorage,
  options: PartsOptions,
  clock: LedgerParts['clock'],
  background: (work: () => Promise<unknown>) => void,
) {
  let ids = 0;
  const { log = () => {}, random = () => 0.5 } = options;
  const now = (): number => clock.nowMs;
  const owners: Owners = { claim: async () => {}, isForeign: async () => false, ...options.owners };
  const wakes = new WakeStore(storage.sql);
  const assets = new AssetStore(storage.sql);
  const media = new MediaStore(storage.sql);
  const files = createFileSources({
    media,
    files: createFileUrls('https://gateway.test', ['secret-of-the-tests-of-32-characters']),
    publicUrl: 'https://gateway.test',
    klingUrl: 'https://kling.test',
    tenant: 't',
    now,
    ...options.files,
  });
  const slotsOf = (account: object): Slots =>
    createSlots({
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- has only what a ledger uses
      account: () => unreachableBeside(account) as unknown as DurableObjectStub<KlingAccount>,
      tenant: 't',
      kv: storage.kv,
      now,
      random,
      background,
      recovered: () => wakes.hasten(clock.nowMs, RECOVERY_SPREAD_MS),
      arm: () => {},
      log,
    });
  const events = new EventStore(storage);
  const archived = new ArchiveStore(storage.sql);
  const limits: LedgerLimits = {
    taskAgeMaxMs: DAY_MS,
    eventRetentionMs: DAY_MS,
    eventsPerTaskMax: 1000,
    waitingTasksMax: 1000,
    waitingBytesMax: 500_000_000,
    milliunitsPerMonthMax: null,
    ...options.limits,
  };
  return {
    tasks: new TaskStore(storage.sql),
    claims: new ClaimStore(storage.sql),
    wakes,
    events,
    assets,
    files,
    paidCalls: new PaidCallStore(storage.sql),
    media,
    doomed: new DoomedFileStore(storage.sql),
    bucket: options.bucket ?? null,
    retained: retainedRowsOf(storage.sql, events, { ...limits, ...RETENTION }),
    archived,
    archivePlan:
      options.copy === undefined
        ? NO_ARCHIVE
        : createArchivePlan({
            archive: archived,
            archiveMs: RETENTION.archiveMs,
            now,
            newId: () => crypto.randomUUID(),
          }),
    kling: scripted(
      isolateKling(scripted(options.kling ?? {}), {
        owners,
        isOurTask: () => true,
        isOurSession: (id) => assets.scanOfSession(id) !== null,
        files,
        random: Math.random,
        log: () => {},
      }),
    ),
    owners,
    slots: options.account === undefined ? { ...SLOTS, ...options.slots } : slotsOf(options.account),
    limits,
    localHost: null,
    exchangeTimeoutMs: 30_000,
    arm: options.arm ?? (() => {}),
    transaction: <T>(work: () => T): T => storage.transactionSync(work),
    now,
    random,
    sleep: options.sleep ?? (() => new Promise<void>(() => {})),
    newId: () => `task-${(ids += 1)}`,
    identity: async (taskId: string) => ({ externalTaskId: taskId, callbackUrl: null }),
    background,
    log,
  };
}

function unreachableBeside(account: object): object {
  return new Proxy(account, {
    get: (target, name) => Reflect.get(target, name) ?? (() => Promise.reject(new Error('the account is away'))),
  });
}

/** Adds methods that fail like a lost connection for those that a test did not script. */
function scripted(methods: Partial<KlingClient>): KlingClient {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the proxy answers every name
  return new Proxy(methods, {
    get: (target, name) => Reflect.get(target, name) ?? (() => Promise.reject(klingError('UNKNOWN'))),
  }) as KlingClient;
}

export function klingError(
  outcome: Outcome,
  code: ErrorCode = 'UPSTREAM_UNAVAILABLE',
  klingCode = 5000,
  message = 'scripted',
): KlingError {
  return new KlingError(outcome, { code, message, retryable: false, klingCode });
}
