import { DurableObject } from 'cloudflare:workers';
import { configResultOf } from '../config/index.ts';
import type { Slice, TaskFilter, TaskOrder, Window } from '../domain/list.ts';
import type * as Input from '../domain/inputs.ts';
import type { SynthesizeSpeechInput } from '../domain/speech.ts';
import type { CreateMediaInput, DeleteMediaInput, MediaOutcome, MediaRecord } from '../domain/media.ts';
import {
  type CatchUp,
  type DeletedVoiceResult,
  type FileUsage,
  type LipSyncQuote,
  type TaskHandle,
  type NamedDelivery,
  type NamedEndpoint,
  type NamedTask,
  type PresentPlace,
  type RetryTaskInput,
  type TaskReference,
  type Usage,
  type Watch,
  type WriteInput,
  type WriteName,
  type WriteResult,
} from '../domain/ports.ts';
import type { FaceScan, LipSyncTask, Speech, TaskChange, TaskRecord, VoiceTask } from '../domain/records.ts';
import type { NotesInput, TaskSnapshot, Voice } from '../domain/task.ts';
import type {
  WebhookChange,
  WebhookDelivery,
  WebhookDeliveryStatus,
  WebhookEndpoint,
  WebhookSecret,
} from '../domain/webhook.ts';
import { badUserInput, GatewayError, type Result, toResult, unknownId, wrongIdType } from '../errors.ts';
import { createObjectAlarm, type ObjectAlarm, traced } from '../lib/durable-object.ts';
import { migrate, pendingMigration } from './migrations.ts';
import { createLedgerParts, type LedgerParts } from './wiring.ts';

/** The writes, as the Worker calls them by RPC. */
export type WritesByRpc = {
  readonly [Name in WriteName]: (input: WriteInput<Name>, requestId?: string) => Promise<Result<WriteResult<Name>>>;
};

/** The wait before the alarm runs again while the settings are wrong. */
const MISCONFIGURED_RETRY_MS = 60_000;

/**
 * The object of one tenant, named after it. Holds the truth about the tenant's tasks, voices and face scans, and alone
 * starts its tasks at Kling. A method that a caller's input can make fail returns a `Result`. `requestId` is for the log.
 */
export class TaskLedger extends DurableObject<Env> implements WritesByRpc {
  readonly #alarm: ObjectAlarm;
  #built: LedgerParts | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#alarm = createObjectAlarm(ctx.storage);
    const migration = pendingMigration(ctx.storage);
    if (migration === null) {
      migrate(ctx.storage);
      this.#start();
    } else {
      void ctx.blockConcurrencyWhile(async () => {
        await migration();
        this.#start();
      });
    }
  }

  #start(): void {
    if (!configResultOf(this.env).ok) return;
    this.#parts.wakes.wakeUnanswered(Date.now());
    this.#arm();
  }

  /** Built at its first use. That throws with wrong settings, which the constructor and the alarm must survive. */
  get #parts(): LedgerParts {
    this.#built ??= createLedgerParts(this.ctx, this.env, () => this.#arm());
    return this.#built;
  }

  createVoiceTask(input: Input.CreateVoiceTaskInput, requestId?: string): Promise<Result<VoiceTask>> {
    return this.#mutateTask(requestId, () => this.#parts.creator.createVoiceTask(input));
  }

  createLipSyncTask(input: Input.CreateLipSyncTaskInput, requestId?: string): Promise<Result<LipSyncTask>> {
    return this.#mutateTask(requestId, () => this.#parts.creator.createLipSyncTask(input));
  }

  createLipSyncTasks({ inputs }: WriteInput<'createLipSyncTasks'>, requestId?: string) {
    const { rates, creator, estimates } = this.#parts;
    return traced({ requestId }, () =>
      toResult(async () => {
        const outcomes = await creator.createLipSyncTasks(inputs, () => rates.mutation());
        return outcomes.map((each) => (each.ok ? { ...each, value: estimates.of(each.value) } : each));
      }),
    );
  }

  identifyFaces(input: Input.IdentifyFacesInput, requestId?: string): Promise<Result<FaceScan>> {
    return this.#mutate(requestId, () => this.#parts.paidCalls.identifyFaces(input, input.externalId ?? null));
  }

  synthesizeSpeech(input: SynthesizeSpeechInput, requestId?: string): Promise<Result<Speech>> {
    return this.#mutate(requestId, () => this.#parts.paidCalls.synthesizeSpeech(input, input.externalId ?? null));
  }

  /**
   * Refuses the id of a voice of another tenant, as for one that does not exist. An operator deletes any voice of
   * the account. Trade-off: such a voice stays in the list of its tenant, because no table maps voices to tenants.
   */
  deleteVoice({ voiceId, anyOwner }: Input.DeleteVoiceInput, requestId?: string): Promise<Result<DeletedVoiceResult>> {
    return this.#mutate(requestId, async () => {
      const { archive, assets, kling } = this.#parts;
      if (voiceId === null) throw badUserInput([wrongIdType('voiceId', 'voice')]);
      if (!anyOwner && assets.voice(voiceId) === null) throw badUserInput([unknownId('voiceId', 'voice')]);
      const forget = (): void => {
        assets.forgetVoice(voiceId, Date.now());
        archive.forgetVoice(voiceId);
        this.#arm();
      };
      const answer = await kling.deleteVoice(voiceId).catch((error: unknown) => {
        if (!(error instanceof GatewayError) || error.failure.code !== 'NOT_FOUND') throw error;
        forget();
        throw badUserInput([unknownId('voiceId', 'voice')]);
      });
      forget();
      return { voiceId, ...answer };
    });
  }

  cancelTask(task: NamedTask, requestId?: string): Promise<Result<TaskRecord>> {
    return this.#mutate(requestId, () => this.#parts.namedTasks.cancel(task));
  }

  retryTask(input: RetryTaskInput, requestId?: string): Promise<Result<TaskRecord>> {
    return this.#mutateTask(requestId, () => this.#parts.namedTasks.retry(input));
  }

  updateTask(input: NamedTask & NotesInput, requestId?: string): Promise<Result<TaskRecord>> {
    return this.#mutateTask(requestId, () => this.#parts.namedTasks.update(input));
  }

  deleteTask(task: NamedTask, requestId?: string): Promise<Result<TaskHandle>> {
    return this.#mutate(requestId, () => this.#parts.namedTasks.remove(task));
  }

  createMedia(input: CreateMediaInput, requestId?: string): Promise<Result<MediaRecord>> {
    return this.#mutate(requestId, () => this.#parts.mediaFiles.create(input));
  }

  deleteMedia(input: DeleteMediaInput, requestId?: string): Promise<Result<{ readonly mediaId: string }>> {
    return this.#mutate(requestId, () => this.#parts.mediaFiles.remove(input));
  }

  /** Records what an upload has become, as its object says. Idempotent. Returns false if the file is deleted. */
  mediaChanged(mediaId: string, outcome: MediaOutcome): boolean {
    return this.#parts.mediaFiles.changed(mediaId, outcome);
  }

  createWebhookEndpoint(
    input: WebhookChange & { readonly url: string },
    requestId?: string,
  ): Promise<Result<WebhookSecret>> {
    return this.#mutate(requestId, () => this.#parts.webhooks.create(input));
  }

  updateWebhookEndpoint(input: NamedEndpoint & WebhookChange, requestId?: string): Promise<Result<WebhookEndpoint>> {
    return this.#mutate(requestId, () => this.#parts.webhooks.update(input));
  }

  rotateWebhookSecret(input: NamedEndpoint, requestId?: string): Promise<Result<WebhookSecret>> {
    return this.#mutate(requestId, () => this.#parts.webhooks.rotate(input));
  }

  deleteWebhookEndpoint(input: NamedEndpoint, requestId?: string): Promise<Result<NamedEndpoint>> {
    return this.#mutate(requestId, () => this.#parts.webhooks.delete(input));
  }

  sendTestWebhook(input: NamedEndpoint, requestId?: string): Promise<Result<WebhookDelivery>> {
    return this.#mutate(requestId, () => this.#parts.webhooks.sendTest(input));
  }

  redeliverWebhook(input: NamedDelivery, requestId?: string): Promise<Result<WebhookDelivery>> {
    return this.#mutate(requestId, () => this.#parts.webhooks.redeliver(input));
  }

  webhookEndpoints(): WebhookEndpoint[] {
    return this.#parts.endpoints.list();
  }

  webhookEndpointsOf(ids: readonly string[]): (WebhookEndpoint | null)[] {
    return ids.map((id) => this.#parts.endpoints.live(id)?.endpoint ?? null);
  }

  webhookDeliveries(
    endpointId: string,
    status: WebhookDeliveryStatus | null,
    window: Window,
  ): Promise<Result<Slice<WebhookDelivery>>> {
    return toResult(() => this.#parts.webhooks.deliveries(endpointId, status, window));
  }

  webhookDeliveriesOf(ids: readonly string[]): Promise<Result<(WebhookDelivery | null)[]>> {
    return toResult(() => Promise.all(ids.map((id) => this.#parts.webhooks.delivery(id))));
  }

  /** Records that the object of an endpoint has paused itself. */
  webhookPaused(endpointId: string, pauseRevision: number, reason: string): void {
    this.#parts.webhooks.paused(endpointId, pauseRevision, reason);
  }

  lipSyncQuote(input: Input.CreateLipSyncTaskInput, requestId?: string): Promise<Result<LipSyncQuote>> {
    return traced({ requestId }, () => toResult(() => this.#parts.creator.quoteLipSync(input)));
  }

  async task(reference: TaskReference): Promise<TaskRecord | null> {
    const [task = null] = await this.tasksOf([reference]);
    return task;
  }

  /** Returns for each reference, in order, what `task` returns. */
  async tasksOf(references: readonly TaskReference[], requestId?: string): Promise<(TaskRecord | null)[]> {
    const { tasks, freshTasks, estimates } = this.#parts;
    const rows = references.map((reference) => tasks.find(reference));
    const fresh = await freshTasks.of(
      rows.filter((row) => row !== null),
      requestId,
    );
    const found = fresh.values();
    return rows.map((row) => {
      const task = row === null ? null : (found.next().value ?? null);
      // A task that had ended is shown as it is stored.
      return task === null || row?.phase === 'DONE' ? task : estimates.of(task);
    });
  }

  tasks(filter: TaskFilter, window: Window, order?: TaskOrder): Promise<Result<Slice<TaskRecord>>> {
    return toResult(() => this.#parts.queries.tasks(filter, window, order));
  }

  voices(window: Window): Promise<Result<Slice<Voice>>> {
    return toResult(() => this.#parts.queries.voices(window));
  }

  faceScans(window: Window): Promise<Result<Slice<FaceScan>>> {
    return toResult(() => this.#parts.queries.faceScans(window));
  }

  speeches(window: Window): Promise<Result<Slice<Speech>>> {
    return toResult(() => this.#parts.queries.speeches(window));
  }

  media(window: Window): Promise<Result<Slice<MediaRecord>>> {
    return toResult(() => this.#parts.queries.media(window));
  }

  events(watch: Watch, window: Window): Promise<Result<Slice<TaskChange>>> {
    return toResult(() => this.#parts.queries.events(watch, window));
  }

  /** Records that a shard of the hub pool watches. Returns the newest event's number. Call it once per subscription. */
  attach(shard: string): Promise<Result<number>> {
    return toResult(() => {
      this.#parts.rates.subscription();
      return this.#parts.outbox.attach(shard);
    });
  }

  /** Fails with `NOT_FOUND` for a task of another tenant. `afterSeq` and `rest` continue an earlier catch-up. */
  catchUp(
    watch: Watch,
    after: string | null,
    afterSeq: number | null,
    rest: PresentPlace | null,
  ): Promise<Result<CatchUp>> {
    return toResult(() => this.#parts.queries.catchUp(watch, after, afterSeq, rest));
  }

  voicesOf(voiceIds: readonly string[]): (Voice | null)[] {
    return voiceIds.map((id) => this.#parts.assets.voice(id));
  }

  faceScansOf(scanIds: readonly string[]): (FaceScan | null)[] {
    return scanIds.map((id) => this.#parts.assets.faceScan(id));
  }

  speechesOf(audioIds: readonly string[]): (Speech | null)[] {
    return audioIds.map((id) => this.#parts.assets.speech(id));
  }

  mediaOf(ids: readonly string[]): (MediaRecord | null)[] {
    return ids.map((id) => this.#parts.media.find(id));
  }

  /** Returns how many bytes of each file are stored. Fails with `UPSTREAM_UNAVAILABLE` if an upload does not answer. */
  receivedBytesOf(ids: readonly string[]): Promise<Result<number[]>> {
    return toResult(() => Promise.all(ids.map((id) => this.#parts.mediaFiles.receivedBytes(id))));
  }

  /** Returns how many of the tenant's tasks wait before each of these; null for one that does not wait. */
  queuePositionsOf(taskIds: readonly string[]): (number | null)[] {
    return this.#parts.claims.queuePositionsOf(taskIds);
  }

  /** Returns the thousandths of a unit charged in a month (`2026-11`), and the cap; null for no cap. */
  usage(month: string): Usage {
    const { assets, limits } = this.#parts;
    return { milliunits: assets.milliunitsUsed(month), milliunitsMax: limits.milliunitsPerMonthMax };
  }

  fileUsage(): FileUsage {
    return this.#parts.mediaFiles.usage();
  }

  /** Grants a Worker up to `wanted` of the tenant's reads of Kling, or fails with `RATE_LIMITED`. */
  leaseUpstreamReads(wanted: number): Promise<Result<number>> {
    return toResult(() => this.#parts.rates.leaseUpstreamReads(wanted));
  }

  /** Counts a request with a large body, before its Worker reads it. Fails with `RATE_LIMITED` over the limit. */
  takeLargeBody(): Promise<Result<void>> {
    return toResult(() => this.#parts.rates.largeBody());
  }

  /** Takes a callback. Returns 0 once the hint is durable, or the milliseconds after which Kling may send it again. */
  ingest(taskId: string, hint: TaskSnapshot | null, requestId?: string): number {
    const retryAfterMs = this.#parts.rates.callback();
    if (retryAfterMs === 0) traced({ requestId, taskId }, () => this.#parts.ingest(taskId, hint));
    return retryAfterMs;
  }

  /** Sends a task that the account has granted a slot. Returns false if the task no longer wants it. */
  slotGranted(taskId: string): boolean {
    return this.#parts.waiting.granted(taskId);
  }

  /** Returns which of these tasks, which hold slots, still need them. */
  claimsAlive(taskIds: readonly string[]): string[] {
    return this.#parts.waiting.alive(taskIds);
  }

  /** Records that Kling was down and is up again, as the account says. */
  klingRecovered(): void {
    this.#parts.slots.setHealthy();
  }

  #mutate<T>(requestId: string | undefined, work: () => T | Promise<T>): Promise<Result<T>> {
    return traced({ requestId }, () =>
      toResult(() => {
        this.#parts.rates.mutation();
        return work();
      }),
    );
  }

  /** Like `#mutate`, and adds when the task is expected to end. */
  #mutateTask<T extends TaskRecord>(requestId: string | undefined, work: () => T | Promise<T>): Promise<Result<T>> {
    return this.#mutate(requestId, async () => this.#parts.estimates.of(await work()));
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    if (!configResultOf(this.env).ok) {
      // The platform gives up an alarm that keeps throwing, and with wrong settings this one would.
      this.#alarm.set(Date.now() + MISCONFIGURED_RETRY_MS);
      return;
    }
    try {
      await this.#parts.alarmHandler.run();
    } finally {
      this.#arm();
    }
  }

  /** Called inside transactions, so that the alarm is written together with what it is for. */
  #arm(): void {
    const atMs = this.#parts.alarmHandler.nextAtMs();
    if (atMs !== null) this.#alarm.set(atMs);
  }
}
