import { DurableObject } from 'cloudflare:workers';
import { configResultOf } from '../config/index.ts';
import { gatewayFailure } from '../domain/failure.ts';
import { isWatched, type CatchUp, type PresentPlace, type Watch } from '../domain/watch.ts';
import type * as Input from '../domain/inputs.ts';
import type {
  DeletedVoiceResult,
  Slice,
  TaskChangeEvent,
  TaskFilter,
  TaskHandle,
  TaskReference,
  Usage,
  Window,
  WriteInput,
  WriteName,
  WriteResult,
} from '../domain/ports.ts';
import type { FaceScan, LipSyncTask, Speech, TaskRecord, VoiceTask } from '../domain/records.ts';
import type { TaskSnapshot, Voice } from '../domain/task.ts';
import { GatewayError, notFound } from '../errors.ts';
import { traced } from '../lib/trace.ts';
import { createCore, type Core } from './core.ts';
import { migrate } from './migrations.ts';
import { toResult, type Result } from './result.ts';

/** The writes as other objects and the Worker call them. */
export type WritesByRpc = {
  readonly [Name in WriteName]: (input: WriteInput<Name>, requestId?: string) => Promise<Result<WriteResult<Name>>>;
};

/** How often a ledger with wrong settings looks whether they have been mended. */
const MISCONFIGURED_RETRY_MS = 60_000;

/**
 * The truth about one tenant's tasks, voices and face scans, and the only one who starts its tasks at Kling. Its name is
 * the tenant. Every method that a caller's input can make fail answers with a `Result`. `requestId` is for the log.
 */
export class TaskLedger extends DurableObject<Env> implements WritesByRpc {
  #armedAtMs: number | null = null;
  #built: Core | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage);
    if (!configResultOf(env).ok) return;
    const { wakes, now } = this.#core.deps;
    wakes.wakeUnanswered(now());
    this.#arm();
  }

  /** Built when it is first needed: with wrong settings that throws, and the alarm has to live through it. */
  get #core(): Core {
    this.#built ??= createCore(this.ctx, this.env, () => this.#arm());
    return this.#built;
  }

  createVoice(input: Input.CreateVoiceInput, requestId?: string): Promise<Result<VoiceTask>> {
    return this.#mutate(requestId, () => this.#core.creates.createVoice(input));
  }

  createLipSyncTask(input: Input.CreateLipSyncTaskInput, requestId?: string): Promise<Result<LipSyncTask>> {
    return this.#mutate(requestId, () => this.#core.creates.createLipSyncTask(input));
  }

  identifyFaces(input: Input.IdentifyFacesInput, requestId?: string): Promise<Result<FaceScan>> {
    return this.#mutate(requestId, () => this.#core.paidCalls.identifyFaces(input, input.idempotencyKey ?? null));
  }

  synthesizeSpeech(input: Input.SynthesizeSpeechInput, requestId?: string): Promise<Result<Speech>> {
    return this.#mutate(requestId, () => this.#core.paidCalls.synthesizeSpeech(input, input.idempotencyKey ?? null));
  }

  /** Only a voice of the tenant's own: another's is `NOT_FOUND`, as one that never was. */
  deleteVoice({ voiceId }: Input.DeleteVoiceInput, requestId?: string): Promise<Result<DeletedVoiceResult>> {
    return this.#mutate(requestId, async () => {
      const { holdings, kling, now, arm } = this.#core.deps;
      if (holdings.voice(voiceId) === null) throw notFound('voice');
      const forget = (): void => {
        holdings.forgetVoice(voiceId, now());
        arm();
      };
      const answer = await kling.deleteVoice(voiceId).catch((error: unknown) => {
        if (error instanceof GatewayError && error.failure.code === 'NOT_FOUND') forget();
        throw error;
      });
      forget();
      return { voiceId, ...answer };
    });
  }

  /** Takes back a task that has not been sent. One that may be at Kling already is `CONFLICT`: Kling cannot cancel. */
  cancelQueued({ id, kind }: TaskHandle, requestId?: string): Promise<Result<TaskRecord>> {
    return this.#mutate(requestId, () => {
      const row = this.#core.deps.tasks.find({ id });
      if (row === null || row.record.kind !== kind) throw notFound('task');
      if (row.phase !== 'WAITING' || row.sends > 0) throw alreadySent();
      const closed = this.#core.journal.apply(id, { type: 'CLOSED', failure: gatewayFailure('CANCELLED') });
      return (closed ?? row).record;
    });
  }

  async task(reference: TaskReference): Promise<TaskRecord | null> {
    const [task = null] = await this.tasksOf([reference]);
    return task;
  }

  /** Each as `task` answers, in order. */
  async tasksOf(references: readonly TaskReference[], requestId?: string): Promise<(TaskRecord | null)[]> {
    const { deps, freshTasks } = this.#core;
    const rows = references.map((reference) => deps.tasks.find(reference));
    const reading = traced({ requestId }, () => freshTasks.of(rows.filter((row) => row !== null)));
    const found = (await reading).values();
    return rows.map((row) => (row === null ? null : (found.next().value ?? null)));
  }

  tasks(filter: TaskFilter, window: Window): Promise<Result<Slice<TaskRecord>>> {
    return toResult(() => this.#core.lists.tasks(filter, window));
  }

  voices(window: Window): Promise<Result<Slice<Voice>>> {
    return toResult(() => this.#core.lists.voices(window));
  }

  events(taskId: string | null, window: Window): Promise<Result<Slice<TaskChangeEvent>>> {
    return toResult(() => this.#core.lists.events(taskId, window));
  }

  /** A shard begins to watch; says which event is the newest. Called once for each subscription. */
  attach(shard: string): Promise<Result<number>> {
    return toResult(() => {
      this.#core.rates.subscription();
      return this.#core.outbox.attach(shard);
    });
  }

  /** `NOT_FOUND` for a task that is not the tenant's. `afterSeq` and `rest` go on where an earlier catch-up ended. */
  catchUp(
    watch: Watch,
    after: string | null,
    afterSeq: number | null,
    rest: PresentPlace | null,
  ): Promise<Result<CatchUp>> {
    return toResult(() => {
      const row = watch.taskId === null ? null : this.#core.deps.tasks.find({ id: watch.taskId });
      if (watch.taskId !== null && (row === null || !isWatched(watch, row.record))) throw notFound('task');
      return this.#core.lists.catchUp(watch, after, afterSeq, rest);
    });
  }

  /** One window for each of these tasks, in order. */
  eventsOf(asked: readonly (readonly [taskId: string, window: Window])[]): Promise<Result<Slice<TaskChangeEvent>>[]> {
    return Promise.all(asked.map(([taskId, window]) => this.events(taskId, window)));
  }

  voicesOf(voiceIds: readonly string[]): (Voice | null)[] {
    return voiceIds.map((id) => this.#core.deps.holdings.voice(id));
  }

  faceScansOf(scanIds: readonly string[]): (FaceScan | null)[] {
    return scanIds.map((id) => this.#core.deps.holdings.faceScan(id));
  }

  /** How many of the tenant's own tasks wait before each of these; null for one that does not wait. */
  queuePositionsOf(taskIds: readonly string[]): (number | null)[] {
    return this.#core.deps.claims.queuePositionsOf(taskIds);
  }

  /** Thousandths of a unit charged in a month (`2026-11`), and the cap; null: none. */
  usage(month: string): Usage {
    const { holdings, limits } = this.#core.deps;
    return { milliunits: holdings.milliunitsUsed(month), milliunitsMax: limits.milliunitsPerMonthMax };
  }

  /** Grants a Worker some of the reads of Kling that the tenant may make: up to `wanted`, or `RATE_LIMITED`. */
  leaseUpstreamReads(wanted: number): Promise<Result<number>> {
    return toResult(() => this.#core.rates.leaseUpstreamReads(wanted));
  }

  /** Counts a request with a large body, which its Worker is about to read: `RATE_LIMITED` past the tenant's rate. */
  takeLargeBody(): Promise<Result<void>> {
    return toResult(() => this.#core.rates.largeBody());
  }

  /** Takes in a callback. When it returns 0, the hint is durable; else it was not taken, and may come again after so many ms. */
  ingest(taskId: string, hint: TaskSnapshot | null, requestId?: string): number {
    const retryAfterMs = this.#core.rates.callback();
    if (retryAfterMs === 0) traced({ requestId, taskId }, () => this.#core.ingest(taskId, hint));
    return retryAfterMs;
  }

  /** The account has a slot for this task; false: it is not wanted any more. */
  slotGranted(taskId: string): boolean {
    return this.#core.waiting.granted(taskId);
  }

  /** Which of these tasks, which hold slots, still need them. */
  claimsAlive(taskIds: readonly string[]): string[] {
    return this.#core.waiting.alive(taskIds);
  }

  /** The account's word that Kling, which was down, is well again. */
  klingIsWell(): void {
    this.#core.deps.slots.setHealthy();
  }

  #mutate<T>(requestId: string | undefined, work: () => T | Promise<T>): Promise<Result<T>> {
    return traced({ requestId }, () =>
      toResult(() => {
        this.#core.rates.mutation();
        return work();
      }),
    );
  }

  override async alarm(): Promise<void> {
    if (!configResultOf(this.env).ok) {
      // The platform gives an alarm up after some failures; what is due must still be done once the settings are mended.
      await this.ctx.storage.setAlarm(Date.now() + MISCONFIGURED_RETRY_MS);
      return;
    }
    this.#armedAtMs = null;
    try {
      await this.#core.keeper.run();
    } finally {
      this.#arm();
    }
  }

  /** Called inside transactions: the alarm is part of what they write. */
  #arm(): void {
    const atMs = this.#core.keeper.nextAtMs();
    if (atMs === null || atMs === this.#armedAtMs) return;
    this.#armedAtMs = atMs;
    void this.ctx.storage.setAlarm(atMs);
  }
}

function alreadySent(): GatewayError {
  const message = 'The task has been sent to Kling, which cannot cancel it.';
  return new GatewayError({ code: 'CONFLICT', message, retryable: false });
}
