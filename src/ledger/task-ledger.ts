import { DurableObject } from 'cloudflare:workers';
import { configOf } from '../config.ts';
import { gatewayFailure } from '../domain/failure.ts';
import { checkIdentifyFacesInput } from '../domain/face-scan-input.ts';
import type { CatchUp, Watch } from '../domain/live.ts';
import type * as Input from '../domain/inputs.ts';
import type {
  DeletedVoiceResult,
  Slice,
  TaskChangeEvent,
  TaskFilter,
  TaskReference,
  Usage,
  Window,
} from '../domain/ports.ts';
import type { FaceScan, LipSyncTask, TaskRecord, VoiceTask } from '../domain/records.ts';
import { checkSynthesizeSpeechInput } from '../domain/speech-input.ts';
import type { TaskSnapshot } from '../domain/task.ts';
import type { Speech, Voice } from '../domain/voice.ts';
import { GatewayError } from '../errors.ts';
import { createCreates, valid, type Creates } from './creates.ts';
import type { LedgerDeps } from './deps.ts';
import { createIngest, type Ingest } from './ingest.ts';
import { createJournal, type Journal } from './journal.ts';
import { createKeeper, type Keeper } from './keeper.ts';
import { LeafStore } from './leaf-store.ts';
import { createLists, type Lists } from './lists.ts';
import { migrate } from './migrations.ts';
import { createDeps } from './object-deps.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createPaidCalls, type PaidCalls } from './paid-calls.ts';
import { createReader, type Reader } from './reader.ts';
import { toResult, type Result } from './result.ts';
import { createSender, type Sender } from './sender.ts';

/**
 * The truth about one tenant's tasks, voices and face scans, and the only one who starts its tasks at Kling. Its name is
 * the tenant. Every method that a caller's input can make fail answers with a `Result`.
 */
export class TaskLedger extends DurableObject<Env> {
  readonly #deps: LedgerDeps;
  readonly #journal: Journal;
  readonly #sender: Sender;
  readonly #reader: Reader;
  readonly #keeper: Keeper;
  readonly #creates: Creates;
  readonly #paidCalls: PaidCalls;
  readonly #lists: Lists;
  readonly #ingest: Ingest;
  readonly #outbox: Outbox;
  #armedAtMs: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage);
    const deps = createDeps(ctx, env);
    this.#deps = deps;
    const leaves = new LeafStore(ctx.storage.sql);
    this.#outbox = createOutbox({
      ...deps,
      leaves,
      toLive: (change) => this.#lists.toLive(change),
      deliver: (leaf, prev, events) => env.HUB.getByName(leaf).deliver(ctx.id.name ?? '', prev, events),
      arm: () => this.#arm(),
    });
    this.#journal = createJournal(deps, {
      arm: () => this.#arm(),
      announced: () => this.#outbox.owe(),
      committed: () => this.#outbox.push(),
      ended: ({ id }) => deps.background(() => deps.slots.release(id)),
    });
    this.#sender = createSender(deps, this.#journal);
    this.#reader = createReader(deps, this.#journal);
    this.#creates = createCreates(deps, this.#journal, this.#sender);
    this.#paidCalls = createPaidCalls(deps);
    this.#lists = createLists(deps, ctx.storage);
    this.#ingest = createIngest(deps, this.#journal, this.#reader);
    this.#keeper = createKeeper(deps, {
      journal: this.#journal,
      sender: this.#sender,
      reader: this.#reader,
      outbox: this.#outbox,
      leaves,
      readsTogether: 'apiKey' in configOf(env).kling.keys,
    });
    deps.tasks.wakeUnanswered(deps.now());
    this.#arm();
  }

  createVoice(input: Input.CreateVoiceInput): Promise<Result<VoiceTask>> {
    return toResult(() => this.#creates.createVoice(input));
  }

  createLipSyncTask(input: Input.CreateLipSyncTaskInput): Promise<Result<LipSyncTask>> {
    return toResult(() => this.#creates.createLipSyncTask(input));
  }

  identifyFaces(input: Input.IdentifyFacesInput): Promise<Result<FaceScan>> {
    return toResult(() =>
      this.#paidCalls.identifyFaces(valid(checkIdentifyFacesInput(input)), input.idempotencyKey ?? null),
    );
  }

  synthesizeSpeech(input: Input.SynthesizeSpeechInput): Promise<Result<Speech>> {
    return toResult(() =>
      this.#paidCalls.synthesizeSpeech(valid(checkSynthesizeSpeechInput(input)), input.idempotencyKey ?? null),
    );
  }

  /** Only a voice of the tenant's own: another's is `NOT_FOUND`, as one that never was. */
  deleteVoice({ voiceId }: Input.DeleteVoiceInput): Promise<Result<DeletedVoiceResult>> {
    return toResult(async () => {
      const { holdings, kling, now } = this.#deps;
      if (holdings.voice(voiceId) === null) throw noSuch('voice');
      const answer = await kling.deleteVoice(voiceId).catch((error: unknown) => {
        if (error instanceof GatewayError && error.failure.code === 'NOT_FOUND') holdings.forgetVoice(voiceId, now());
        throw error;
      });
      holdings.forgetVoice(voiceId, now());
      return { voiceId, ...answer };
    });
  }

  /** Takes back a task that has not been sent. One that may be at Kling already is `CONFLICT`: Kling cannot cancel. */
  cancelQueued(taskId: string): Promise<Result<TaskRecord>> {
    return toResult(() => {
      const row = this.#deps.tasks.find({ id: taskId });
      if (row === null) throw noSuch('task');
      if (row.phase !== 'WAITING' || row.sends > 0) throw alreadySent();
      const closed = this.#journal.apply(taskId, { type: 'CLOSED', failure: gatewayFailure('CANCELLED') });
      return (closed ?? row).record;
    });
  }

  async task(reference: TaskReference): Promise<TaskRecord | null> {
    const row = this.#deps.tasks.find(reference);
    return row && this.#reader.fresh(row);
  }

  tasks(filter: TaskFilter, window: Window): Promise<Result<Slice<TaskRecord>>> {
    return toResult(() => this.#lists.tasks(filter, window));
  }

  voices(window: Window): Promise<Result<Slice<Voice>>> {
    return toResult(() => this.#lists.voices(window));
  }

  events(taskId: string | null, window: Window): Promise<Result<Slice<TaskChangeEvent>>> {
    return toResult(() => this.#lists.events(taskId, window));
  }

  /** A leaf begins to watch; says which event is the newest. */
  attach(leaf: string): number {
    return this.#outbox.attach(leaf);
  }

  /** `NOT_FOUND` for a task that is not the tenant's. `afterSeq` goes on where an earlier catch-up ended. */
  catchUp(watch: Watch, after: string | null, afterSeq: number | null): Promise<Result<CatchUp>> {
    return toResult(() => {
      if (watch.taskId !== null && this.#deps.tasks.find({ id: watch.taskId }) === null) throw noSuch('task');
      return this.#lists.catchUp(watch, after, afterSeq);
    });
  }

  voice(voiceId: string): Voice | null {
    return this.#deps.holdings.voice(voiceId);
  }

  faceScan(scanId: string): FaceScan | null {
    return this.#deps.holdings.faceScan(scanId);
  }

  /** How many of the tenant's own tasks wait before this one; null when it does not wait. */
  queuePosition(taskId: string): number | null {
    const row = this.#deps.tasks.find({ id: taskId });
    return row?.phase === 'WAITING' ? this.#deps.tasks.waitingBefore(row.seq) : null;
  }

  /** Thousandths of a unit charged in a month (`2026-11`), and the cap; null: none. */
  usage(month: string): Usage {
    const { holdings, limits } = this.#deps;
    return { milliunits: holdings.milliunitsUsed(month), milliunitsMax: limits.milliunitsPerMonthMax };
  }

  /** Takes in a callback. When it returns, the hint is durable. */
  ingest(taskId: string, hint: TaskSnapshot | null): void {
    this.#ingest(taskId, hint);
  }

  /** The account has a slot for this task; false: it is not wanted any more. */
  slotGranted(taskId: string): boolean {
    if (this.#deps.tasks.find({ id: taskId })?.phase !== 'WAITING') return this.claimsAlive([taskId]).length > 0;
    this.#deps.background(() => this.#sender.send(taskId, false));
    return true;
  }

  /** Which of these tasks still hold or want a slot. */
  claimsAlive(taskIds: readonly string[]): string[] {
    return taskIds.filter((id) => (this.#deps.tasks.find({ id })?.phase ?? 'DONE') !== 'DONE');
  }

  override async alarm(): Promise<void> {
    this.#armedAtMs = null;
    try {
      await this.#keeper.run();
    } finally {
      this.#arm();
    }
  }

  /** Called inside transactions: the alarm is part of what they write. */
  #arm(): void {
    const atMs = this.#keeper.nextAtMs();
    if (atMs === null || atMs === this.#armedAtMs) return;
    this.#armedAtMs = atMs;
    void this.ctx.storage.setAlarm(atMs);
  }
}

function noSuch(what: 'voice' | 'task'): GatewayError {
  return new GatewayError({ code: 'NOT_FOUND', message: `There is no such ${what}.`, retryable: false });
}

function alreadySent(): GatewayError {
  return new GatewayError({
    code: 'CONFLICT',
    message: 'The task has been sent to Kling, which cannot cancel it.',
    retryable: false,
  });
}
