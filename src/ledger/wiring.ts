import { fileUrlsOf } from '../auth/signed-token.ts';
import { type Config, configOf, type LedgerLimits } from '../config/index.ts';
import type { SourceFacts } from '../domain/sources.ts';
import { isLoopback } from '../domain/url.ts';
import { checkTaskWebhook, webhookUrlRuleOf } from '../domain/webhook.ts';
import type { KlingClient } from '../kling/client.ts';
import { sleep, startTimer } from '../lib/time.ts';
import { createBackground, createRetention, createTracedLog } from '../lib/durable-object.ts';
import { createLog, withFields } from '../lib/log.ts';
import { type AlarmHandler, createAlarmHandler } from './alarm.ts';
import { type Archive, type CopyFile, createArchive, createCopyFile } from './archive.ts';
import { createTaskCreator, type TaskCreator } from './create-tasks.ts';
import { createEstimates, type Estimates, createQueries, type Queries } from './queries.ts';
import { createFileSources, createIdentity, createKling, createOwners, isolateKling } from './isolation.ts';
import { createJournal, type Journal } from './journal.ts';
import { createBudgetCheck, createRates, type Rates } from './limits.ts';
import { createDoomedFiles, createMediaFiles, type MediaFiles } from './media.ts';
import { createNamedTasks, type NamedTasks } from './named-tasks.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createPaidCalls, type PaidCalls } from './paid-calls.ts';
import { RECOVERY_SPREAD_MS } from './schedule.ts';
import { createSender } from './sender.ts';
import { createSlots, createWaitingTasks, type Slots, type WaitingTasks } from './slots.ts';
import { AssetStore, PaidCallStore } from './stores/assets.ts';
import { EventStore, ShardStore } from './stores/events.ts';
import { ArchiveStore, createArchivePlan, NO_ARCHIVE, bytesKept, DoomedFileStore, MediaStore } from './stores/files.ts';
import { ClaimStore, WakeStore } from './stores/open-tasks.ts';
import { retainedRowsOf } from './stores/retention.ts';
import { TaskStore } from './stores/tasks.ts';
import { EndpointStore } from './stores/webhooks.ts';
import { createIngest, type Ingest } from './ingest.ts';
import { createStages } from './stages.ts';
import { createFreshTasks, createTaskSync, type FreshTasks } from './sync-task.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

/** The parts of a ledger that its object uses. */
export interface LedgerParts {
  readonly tasks: TaskStore;
  readonly claims: ClaimStore;
  readonly wakes: WakeStore;
  readonly assets: AssetStore;
  readonly media: MediaStore;
  readonly mediaFiles: MediaFiles;
  readonly kling: KlingClient;
  readonly slots: Slots;
  readonly limits: LedgerLimits;
  readonly journal: Journal;
  readonly alarmHandler: AlarmHandler;
  readonly creator: TaskCreator;
  readonly namedTasks: NamedTasks;
  readonly paidCalls: PaidCalls;
  readonly estimates: Estimates;
  readonly queries: Queries;
  readonly freshTasks: FreshTasks;
  readonly ingest: Ingest;
  readonly outbox: Outbox;
  readonly rates: Rates;
  readonly waiting: WaitingTasks;
  readonly archive: Archive;
  readonly endpoints: EndpointStore;
  readonly webhooks: Webhooks;
}

/**
 * Builds the parts of a ledger. Clock, randomness, network and settings enter the ledger only here. `arm` sets the alarm
 * to what the alarm handler has to do next. Throws if the settings are wrong.
 */
export function createLedgerParts(ctx: DurableObjectState, env: Env, arm: () => void): LedgerParts {
  const { storage } = ctx;
  const config = configOf(env);
  const tenant = ctx.id.name ?? '';
  const log = createTracedLog(withFields(createLog(config.logTenant), { tenant }));
  const limits = config.ledger;
  const exchangeTimeoutMs = config.kling.timeoutMs;
  const { now } = Date;
  const { random } = Math;
  const transaction = <T>(work: () => T): T => storage.transactionSync(work);
  const background = createBackground(ctx, log);
  // oxlint-disable-next-line typescript/no-unnecessary-condition -- a deployment may leave the bucket out
  const bucket = env.MEDIA ?? null;
  const account = () => env.KLING_ACCOUNT.getByName('account');

  const tasks = new TaskStore(storage.sql);
  const claims = new ClaimStore(storage.sql);
  const wakes = new WakeStore(storage.sql);
  const events = new EventStore(storage);
  const assets = new AssetStore(storage.sql);
  const media = new MediaStore(storage.sql);
  const paidCalls = new PaidCallStore(storage.sql);
  const shards = new ShardStore(storage.sql);
  const doomed = new DoomedFileStore(storage.sql);
  const archived = new ArchiveStore(storage.sql);
  const { archiveMs } = config.retention;
  const archivePlan = config.archivesResults
    ? createArchivePlan({ archive: archived, archiveMs, now, newId })
    : NO_ARCHIVE;

  const { publicUrl } = config.callbacks;
  const files = createFileSources({
    media,
    files: fileUrlsOf(config),
    publicUrl,
    klingUrl: config.kling.baseUrl,
    tenant,
    now,
  });

  const recovered = () => wakes.hasten(now(), RECOVERY_SPREAD_MS);
  const slots = createSlots({ account, tenant, kv: storage.kv, now, random, background, recovered, arm, log });
  const owners = createOwners({ account, tenant, sleep, random });
  const kling = isolateKling(createKling(config, slots, log), {
    owners,
    isOurTask: (id) => tasks.find({ id }) !== null,
    isOurSession: (id) => assets.scanOfSession(id) !== null,
    files,
    random,
    log,
  });

  const sourceFacts: SourceFacts = {
    findMedia: files.find,
    findLipSync({ id, externalId }) {
      const row = typeof id === 'string' ? tasks.find({ id }) : tasks.find({ externalId: externalId ?? '' });
      return row?.record.kind === 'LIP_SYNC' ? row.record : null;
    },
    localHost: config.kling.localHost,
  };

  const estimates = createEstimates({ sql: storage.sql, now });
  const queries = createQueries({ tasks, events, assets, media, estimates, limits, storage, now });
  const outbox = createOutbox({
    kind: 'shard',
    events,
    shards,
    left: (shard) => shards.remove(shard),
    deliver: (shard, prev, some) => env.HUB.getByName(shard).deliver(tenant, prev, some.map(estimates.ofChange)),
    skip: (shard, seq) => env.HUB.getByName(shard).skip(tenant, seq),
    arm,
    now,
    random,
    background,
    log,
  });
  const endpoints = new EndpointStore(storage.sql);
  const webhookUrls = webhookUrlRuleOf(config);
  const webhookJob = {
    async run() {
      await Promise.all([webhookOutbox.run(), webhooks.run()]);
    },
    nextAtMs: () => endpoints.nextAtMs(),
  };
  const webhooks = createWebhooks({
    endpoints,
    events,
    objectOf: (id) => env.WEBHOOK.getByName(`${id} ${tenant}`),
    attach: (id) => webhookOutbox.attach(id),
    urls: webhookUrls,
    newId,
    arm,
    now,
    random,
    background,
    log,
  });
  const webhookOutbox = createOutbox({
    kind: 'webhook',
    events,
    shards: endpoints,
    left: () => {},
    deliver: (id, _prev, some) => webhooks.deliver(id, some.map(estimates.ofChange)),
    skip: (id, seq) => webhooks.skip(id, seq),
    arm,
    now,
    random,
    background,
    log,
  });
  const journal = createJournal({
    tasks,
    wakes,
    events,
    assets,
    archivePlan,
    files,
    limits,
    arm,
    transaction,
    now,
    log,
    announced() {
      outbox.owe();
      webhookOutbox.owe();
    },
    committed() {
      outbox.push();
      webhookOutbox.push();
    },
    ended(task) {
      estimates.ended(task);
      background(() => slots.release(task.id));
    },
  });
  const archive = createArchive({
    archive: archived,
    doomed,
    assets,
    journal,
    copy: bucket === null || !config.archivesResults ? null : createCopy(bucket, config),
    tenant,
    bytesKept: () => bytesKept(storage.sql),
    bytesMax: config.media.tenantBytesMax,
    arm,
    transaction,
    now,
    random,
    log,
  });
  const retained = retainedRowsOf(storage.sql, events, { ...limits, ...config.retention });
  const retention = createRetention([...retained, archive.expiring], now);
  const identity = createIdentity(config, tenant);
  const sender = createSender({
    tasks,
    kling,
    slots,
    journal,
    limits,
    exchangeTimeoutMs,
    identity,
    now,
    random,
    background,
    log,
  });
  const waiting = createWaitingTasks({
    tasks,
    claims,
    slots,
    send: (taskId) => sender.send(taskId, false),
    isSending: (taskId) => sender.isBusy(taskId),
    now,
    background,
    log,
  });
  const sync = createTaskSync({ tasks, kling, slots, journal, now, random, background, log });
  const rates = createRates(config.rates, now);
  const checkBudget = createBudgetCheck({ tasks, assets, paidCalls, stages: () => stages, limits, now });
  const calls = createPaidCalls({
    tasks,
    assets,
    paidCalls,
    archivePlan,
    kling,
    files,
    owners,
    checkBudget,
    sourceFacts,
    arm,
    transaction,
    now,
    random,
    newId,
    log,
  });

  const stages = createStages({
    tasks,
    assets,
    paidCalls: calls,
    files,
    journal,
    sender,
    slots,
    exchangeTimeoutMs,
    now,
    random,
    log,
  });

  const doomedFiles = createDoomedFiles({
    doomed,
    bucket,
    discard: (mediaId) => env.UPLOAD.getByName(mediaId).discard(tenant),
    tenant,
    arm,
    now,
    random,
    log,
  });
  const mediaFiles = createMediaFiles({
    media,
    wakes,
    uploads: {
      fetchFrom: (order) => env.UPLOAD.getByName(order.mediaId).fetchFrom(order),
      receivedBytes: (mediaId) => env.UPLOAD.getByName(mediaId).receivedBytes(),
    },
    deleteDoomed: () => doomedFiles.run(),
    tenant,
    limits: config.media,
    rates,
    localHost: config.kling.localHost,
    retention: config.retention,
    missing: missingForFiles(config),
    arm,
    transaction,
    background,
    now,
    random,
    newId,
    log,
  });

  const creator = createTaskCreator({
    tasks,
    assets,
    files,
    journal,
    sender,
    stages,
    checkBudget,
    limits,
    checkWebhook: (url) => checkTaskWebhook(url, ['input', 'webhookUrl'], webhookUrls, () => endpoints.list()),
    sourceFacts,
    now,
    newId,
    background,
  });

  return {
    tasks,
    claims,
    wakes,
    assets,
    media,
    mediaFiles,
    kling,
    slots,
    limits,
    journal,
    alarmHandler: createAlarmHandler({
      tasks,
      wakes,
      shards,
      retention,
      journal,
      sender,
      stages,
      sync,
      paidCalls,
      claimAnswers: () => calls.claimDue(),
      readsTogether: 'apiKey' in config.kling.keys,
      outbox,
      slots,
      waiting,
      jobs: [mediaFiles, archive, webhookJob, doomedFiles],
      exchangeTimeoutMs,
      now,
      random,
      sleep,
      background,
      log,
    }),
    creator,
    namedTasks: createNamedTasks({ tasks, assets, journal, stages, calls, sender, creator, sourceFacts, now }),
    paidCalls: calls,
    estimates,
    queries,
    freshTasks: createFreshTasks({ tasks, sync, rates, now, background, startTimer }),
    ingest: createIngest({ tasks, journal, sync, now, random, background }),
    outbox,
    rates,
    waiting,
    archive,
    endpoints,
    webhooks,
  };
}

function createCopy(bucket: R2Bucket, { environment, kling }: Config): CopyFile {
  return createCopyFile({
    bucket,
    fetch: (url, init) => fetch(url, init),
    allowsLoopback: environment === 'development' && isLoopback(kling.baseUrl),
    startTimer,
  });
}

/** Returns the names of what the gateway lacks to keep files. */
function missingForFiles({ media, callbacks }: Config): readonly string[] {
  return [
    ...(media.hasBucket ? [] : ['an R2 bucket, bound as MEDIA']),
    ...(callbacks.publicUrl === null ? ['PUBLIC_URL'] : []),
    ...(callbacks.secrets.length === 0 ? ['CALLBACK_SECRET'] : []),
  ];
}

function newId(): string {
  return crypto.randomUUID();
}
