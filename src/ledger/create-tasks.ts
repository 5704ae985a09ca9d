import type { LedgerLimits } from '../config/index.ts';
import { checkAll, type Validation, validOrThrow } from '../domain/check.ts';
import { fromMilliunits, toMilliunitsMax, VOICE_UNITS } from '../domain/cost.ts';
import {
  checkCreateVoiceTaskInput,
  type CreateLipSyncTaskInput,
  type CreateVoiceTaskInput,
  type VoiceRequest,
} from '../domain/inputs.ts';
import { isWhole } from '../domain/placement.ts';
import type { LipSyncQuote } from '../domain/ports.ts';
import {
  type KeptVoiceInput,
  type LipSyncTask,
  type TaskRecord,
  type TaskWebhook,
  type VoiceTask,
} from '../domain/records.ts';
import { type SourceFacts } from '../domain/sources.ts';
import type { SpeechRequest } from '../domain/speech.ts';
import { checkNotes, type TaskKind } from '../domain/task.ts';
import { badUserInput, GatewayError, type Result, toResult } from '../errors.ts';
import { KlingError } from '../kling/errors.ts';
import { digestOfLipSync, digestOfVoice, type LipSyncDigest, type RequestDigest } from './digest.ts';
import type { FileSources } from './isolation.ts';
import { type CheckedLipSync, createLipSyncCheck } from './lip-sync-check.ts';
import type { Journal } from './journal.ts';
import type { BudgetCheck } from './limits.ts';
import type { Sender } from './sender.ts';
import { type Stages } from './stages.ts';
import type { AssetStore } from './stores/assets.ts';
import type { TaskRow, TaskStore } from './stores/tasks.ts';

/** Creates tasks. If the `externalId` was used with the same input before, returns that task and creates none. */
export interface TaskCreator {
  createVoiceTask(input: CreateVoiceTaskInput, retry?: Retry): Promise<VoiceTask>;
  createLipSyncTask(input: CreateLipSyncTaskInput, retry?: Retry): Promise<LipSyncTask>;
  /** Returns the task that a request of this digest has made; null for a new external id. Throws `CONFLICT` for another. */
  repeatOf(kind: TaskKind, externalId: string | null, digest: RequestDigest): Promise<TaskRecord | null>;
  /**
   * Creates a task for each input, and returns the outcomes in their order. One that is refused does not stop the others. For
   * each, calls `count` first, which throws if it may not be created now.
   */
  createLipSyncTasks(
    inputs: readonly CreateLipSyncTaskInput[],
    count: () => void,
  ): Promise<readonly Result<LipSyncTask>[]>;
  /** Makes the checks of `createLipSyncTask`, and throws as that does. Writes nothing, and does not call Kling. */
  quoteLipSync(input: CreateLipSyncTaskInput): Promise<LipSyncQuote>;
}

/** The task that a new task is a new attempt of. */
export interface Retry {
  /** The old task. */
  readonly of: string;
  readonly digest: LipSyncDigest;
  /** The text of the speech that the new task uses again. */
  readonly speech?: SpeechRequest | undefined;
}

interface TaskCreatorDeps {
  readonly tasks: TaskStore;
  readonly assets: AssetStore;
  readonly files: FileSources;
  readonly journal: Journal;
  readonly sender: Sender;
  readonly checkBudget: BudgetCheck;
  readonly limits: LedgerLimits;
  readonly stages: Pick<Stages, 'advance' | 'next' | 'scanOfVideo'>;
  readonly sourceFacts: SourceFacts;
  /** Checks the `webhookUrl` of an input. */
  readonly checkWebhook: (url: string | null | undefined) => Validation<TaskWebhook | null>;
  readonly now: () => number;
  readonly newId: () => string;
  readonly background: (work: () => Promise<unknown>) => void;
}

/** The wait that a full queue asks for. A slot takes minutes to become free when so many tasks wait. */
const ROOM_RETRY_MS = 60_000;

/** The fields of a new task that both kinds have. */
type NewTask = Omit<TaskRecord, 'kind' | 'parentVideo' | 'videos' | 'watermarkEnabled' | 'voices'>;

/** Creates the creator. It keeps nothing in memory: the journal and the sender do the work. */
export function createTaskCreator(deps: TaskCreatorDeps): TaskCreator {
  const { tasks, files, journal, sender, stages, checkBudget, limits, sourceFacts, checkWebhook } = deps;
  const { now, newId, background } = deps;
  const checkInput = createLipSyncCheck(deps);

  /**
   * Returns the row of an external id; null for a new one. Nothing is awaited between this and `journal.open`, so the second
   * of two concurrent creates finds the row of the first. Throws `CONFLICT` for the id of a deleted task: the create may be a
   * repeat, which must not be paid for again.
   */
  function rowOf(externalId: string | null): TaskRow | null {
    if (externalId === null) return null;
    const row = tasks.find({ externalId });
    if (row === null && tasks.isSpent(externalId)) throw deletedBefore(externalId);
    return row;
  }

  /**
   * Returns the existing task of an external id. While its create waits for Kling, both creates share the outcome. The
   * input is not checked again: a task that was accepted stays accepted. Returns null if Kling has refused the first
   * create meanwhile, so that this one is now the first.
   */
  async function repeated<T extends TaskRecord>(
    kind: TaskKind,
    row: TaskRow,
    digest: RequestDigest,
  ): Promise<T | null> {
    await checkRepeat(kind, row, digest);
    const { id } = row.record;
    if (sender.isBusy(id)) await sender.send(id, true);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the kinds have been compared
    return (tasks.find({ id })?.record ?? null) as T | null;
  }

  /** `input` has been checked. */
  function newTask(
    input: CreateVoiceTaskInput | CreateLipSyncTaskInput,
    webhook: TaskWebhook | null,
    unitsEstimated: string,
    retry: Retry | undefined,
  ): NewTask {
    // A clock that was set back does not reorder the list, which is sorted by creation.
    const createdAtMs = Math.max(now(), tasks.newestAtMs());
    const { label = null, metadata = [] } = validOrThrow(checkNotes(input));
    return {
      id: newId(),
      externalId: input.externalId ?? null,
      ...(retry === undefined ? {} : { retryOf: retry.of }),
      klingTaskId: null,
      status: 'QUEUED',
      klingStatus: null,
      failure: null,
      createdAtMs,
      updatedAtMs: createdAtMs,
      expiresAtMs: null,
      unitsEstimated,
      unitsDeducted: null,
      balanceDeducted: null,
      klingRequestId: null,
      ...(label === null ? {} : { label }),
      details: { ...(metadata.length === 0 ? {} : { metadata }), ...(webhook === null ? {} : { webhook }) },
    };
  }

  /** Throws `RATE_LIMITED` if the queue is full. A full storage (10 GB) could not even store callbacks. */
  function checkRoom(request: string): void {
    const waiting = tasks.waiting();
    const { waitingTasksMax, waitingBytesMax } = limits;
    if (waiting.tasks >= waitingTasksMax)
      throw noRoom(`The tenant has reached its limit of ${waitingTasksMax} waiting tasks.`);
    if (waiting.bytes + request.length <= waitingBytesMax) return;
    throw noRoom(
      `The requests of tasks that wait to be sent hold ${waiting.bytes} bytes. This one has ${request.length}; together at most ${waitingBytesMax} are allowed.`,
    );
  }

  /** Writes the intent, sends it, and returns the task as it is then. */
  async function create<T extends TaskRecord>(record: T, digest: RequestDigest, request: string): Promise<T> {
    const nowMs = now();
    journal.open(
      {
        record,
        inputDigest: digest.text,
        phase: 'WAITING',
        // Due at once: if this object is evicted before the send, the alarm sends the task.
        wakeAtMs: nowMs,
        tries: 0,
        sends: 0,
        deadlineAtMs: nowMs + limits.taskAgeMaxMs,
      },
      request,
    );
    await sender.send(record.id, true);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row was opened with this record; its kind stays
    return (tasks.find({ id: record.id })?.record ?? record) as T;
  }

  const creator: TaskCreator = {
    async createVoiceTask(input, retry) {
      const digest = retry?.digest ?? (await digestOfVoice(input));
      const before = rowOf(input.externalId ?? null);
      if (before !== null)
        return (await repeated<VoiceTask>('VOICE', before, digest)) ?? creator.createVoiceTask(input, retry);
      const { checked, webhook } = validOrThrow(
        checkAll<{ checked: VoiceRequest; webhook: TaskWebhook | null }>({
          checked: checkCreateVoiceTaskInput(input, ['input'], sourceFacts),
          webhook: checkWebhook(input.webhookUrl),
        }),
      );
      files.checkReachable(checked.source);
      const request = JSON.stringify(checked);
      checkRoom(request);
      checkBudget(VOICE_UNITS);
      const fields = newTask(input, webhook, VOICE_UNITS, retry);
      const kept: KeptVoiceInput = { name: checked.name, sample: { ...checked.source, ...files.kept(checked.source) } };
      const task = { ...fields, kind: 'VOICE' as const, voices: [], details: { ...fields.details, voice: kept } };
      return create<VoiceTask>(task, digest, request);
    },

    async createLipSyncTask(input, retry) {
      const digest = retry?.digest ?? (await digestOfLipSync(input));
      const before = rowOf(input.externalId ?? null);
      if (before !== null) {
        const task = await repeated<LipSyncTask>('LIP_SYNC', before, digest).catch(withUnknownSession(input));
        return task ?? creator.createLipSyncTask(input, retry);
      }
      const checked = checkLipSync(input);
      const { plan, webhook, next, units, faceId } = checked;
      const body = JSON.stringify(next.type === 'SEND' ? next.request : plan);
      checkRoom(body);
      const fields = newTask(input, webhook, units.sync, retry);
      const lipSync = checked.kept(digest.audioSha256);
      const record: LipSyncTask = {
        ...fields,
        kind: 'LIP_SYNC',
        ...(faceId === null ? {} : { faceId }),
        parentVideo: null,
        videos: [],
        watermarkEnabled: plan.watermark,
        ...(typeof input.maxUnits === 'string' ? { unitsMax: input.maxUnits } : {}),
        details: {
          ...fields.details,
          lipSync: retry?.speech === undefined ? lipSync : { ...lipSync, speech: retry.speech },
        },
      };
      if (next.type === 'SEND') return create(record, digest, body).catch(withUnknownSession(input));
      const preparation = units.steps.map((cost) => ({ ...cost, isPaid: false, unitsCharged: null }));
      const stage = FIRST_STAGES[next.type];
      return prepare({ ...record, status: 'PREPARING', stage, preparation }, digest, body);
    },

    async createLipSyncTasks(inputs, count) {
      const outcomes: Result<LipSyncTask>[] = [];
      for (const group of groupsOf(inputs)) {
        const creates = group.map((input) =>
          toResult(() => {
            count();
            return creator.createLipSyncTask(input);
          }),
        );
        outcomes.push(...(await Promise.all(creates)));
      }
      return outcomes;
    },

    async repeatOf(kind, externalId, digest) {
      const row = rowOf(externalId);
      return row === null ? null : repeated(kind, row, digest);
    },

    async quoteLipSync(input) {
      const before = rowOf(input.externalId ?? null);
      if (before === null) {
        const { next, plan, units } = checkLipSync(input);
        checkRoom(JSON.stringify(plan));
        const costs = [...units.steps, { stage: 'SYNCING' as const, unitsEstimated: units.sync }];
        const placement = next.type === 'SEND' ? next.request.placement : plan.placement;
        return { milliunits: units.milliunits, costs, placement: isWhole(placement) ? placement : null };
      }
      await checkRepeat('LIP_SYNC', before, await digestOfLipSync(input));
      const { details } = before.record;
      return { milliunits: 0, costs: [], placement: details?.lipSync?.placement ?? null };
    },
  };
  return creator;

  /** Writes the intent of a task that has to be prepared, and begins. */
  function prepare(record: LipSyncTask, digest: RequestDigest, plan: string): LipSyncTask {
    const nowMs = now();
    const schedule = { wakeAtMs: nowMs, tries: 0, sends: 0, deadlineAtMs: nowMs + limits.taskAgeMaxMs };
    journal.open({ record, inputDigest: digest.text, phase: 'PREPARING', ...schedule }, plan);
    background(() => stages.advance(record.id));
    return record;
  }

  /** Makes every check of a new lip-sync but that of room, and throws what is wrong. */
  function checkLipSync(input: CreateLipSyncTaskInput): CheckedLipSync {
    const checked = checkInput(input);
    const { milliunits } = checked.units;
    checkMaxUnits(input, milliunits);
    checkBudget(fromMilliunits(milliunits));
    return checked;
  }
}

/** How many tasks of one call are created at once. Each may wait for Kling, to which an object has 6 connections. */
const CREATES_AT_ONCE = 5;

/** Divides the inputs of one call. A repeated external id is in a later group, so that the first of them is the first create. */
function groupsOf(inputs: readonly CreateLipSyncTaskInput[]): readonly (readonly CreateLipSyncTaskInput[])[] {
  const groups: CreateLipSyncTaskInput[][] = [];
  for (const input of inputs) {
    const { externalId = null } = input;
    const group = groups.at(-1);
    const isRepeat = externalId !== null && group?.some((other) => other.externalId === externalId) === true;
    if (group === undefined || group.length === CREATES_AT_ONCE || isRepeat) groups.push([input]);
    else group.push(input);
  }
  return groups;
}

/** The stage of a task that begins with this step. */
const FIRST_STAGES = { WAIT: 'WAITING', SCAN: 'SCANNING', SPEAK: 'SPEAKING' } as const;

function checkMaxUnits({ maxUnits = null }: CreateLipSyncTaskInput, milliunits: number): void {
  const max = maxUnits === null ? null : toMilliunitsMax(maxUnits);
  if (max === null || milliunits <= max) return;
  const units = fromMilliunits(milliunits);
  throw new GatewayError({
    code: 'QUOTA_EXHAUSTED',
    message: `This may cost ${units} units, more than the ${fromMilliunits(max)} of maxUnits. Nothing was sent.`,
    retryable: false,
    quota: { limit: 'MAX_UNITS', unitsNeeded: units, unitsLeft: fromMilliunits(max) },
  });
}

/** Throws `CONFLICT` unless the task of an external id was made with this input. */
async function checkRepeat(kind: TaskKind, { record, inputDigest }: TaskRow, digest: RequestDigest): Promise<void> {
  if (record.kind === kind && (await digest.matches(inputDigest))) return;
  throw new GatewayError({
    code: 'CONFLICT',
    message: `The external id "${record.externalId}" has been used with another input.`,
    retryable: false,
    existing: { type: record.kind, id: record.id },
  });
}

/**
 * Returns the handler of a failed create. Kling's refusal of a session that the caller has named becomes an issue of the
 * input. Kling's text is not documented, so the word is searched.
 */
function withUnknownSession({ face: { klingFace = null } }: CreateLipSyncTaskInput): (error: unknown) => never {
  return (error) => {
    const isAboutSession = error instanceof KlingError && error.outcome === 'REFUSED' && /session/i.test(error.message);
    if (klingFace === null || !isAboutSession) throw error;
    const path = ['input', 'face', 'klingFace', 'klingSessionId'];
    const message = `Kling knows no such session, or it is older than 24 hours. ${error.message}`;
    throw badUserInput([{ path, code: 'NOT_FOUND', message }]);
  };
}

function noRoom(bound: string): GatewayError {
  return new GatewayError({
    code: 'RATE_LIMITED',
    message: `${bound} Nothing was sent.`,
    retryable: true,
    retryAfterMs: ROOM_RETRY_MS,
  });
}

function deletedBefore(externalId: string): GatewayError {
  const message = `The task with the external id "${externalId}" was deleted. Use another external id for a new task.`;
  return new GatewayError({ code: 'CONFLICT', message, retryable: false });
}
