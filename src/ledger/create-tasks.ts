import { measureInlineAudio } from '../domain/audio.ts';
import type { LedgerLimits } from '../config/index.ts';
import type { Validation } from '../domain/check.ts';
import { lipSyncUnits, VOICE_UNITS } from '../domain/cost.ts';
import {
  checkCreateVoiceTaskInput,
  checkLipSyncInput,
  type CreateLipSyncTaskInput,
  type CreateVoiceTaskInput,
  type AudioSource,
  type LipSyncFacts,
  type LipSyncRequest,
  spokenIdOf,
  type VoiceRequest,
} from '../domain/inputs.ts';
import { checkNotes } from '../domain/notes.ts';
import {
  type FaceScan,
  type KeptAudio,
  type KeptLipSyncInput,
  type KeptVoiceInput,
  type LipSyncTask,
  scanIdOf,
  type TaskRecord,
  type VoiceTask,
} from '../domain/records.ts';
import type { TaskKind } from '../domain/task.ts';
import { badUserInput, GatewayError } from '../errors.ts';
import { digestOfLipSync, digestOfVoice, type RequestDigest } from './digest.ts';
import type { Journal } from './journal.ts';
import type { BudgetCheck } from './limits.ts';
import type { Sender } from './sender.ts';
import type { AssetStore } from './stores/assets.ts';
import type { TaskRow, TaskStore } from './stores/tasks.ts';

/** Creates tasks. If the `externalId` was used with the same input before, returns that task and creates none. */
export interface TaskCreator {
  createVoiceTask(input: CreateVoiceTaskInput): Promise<VoiceTask>;
  createLipSyncTask(input: CreateLipSyncTaskInput): Promise<LipSyncTask>;
}

interface TaskCreatorDeps {
  readonly tasks: TaskStore;
  readonly assets: AssetStore;
  readonly journal: Journal;
  readonly sender: Sender;
  readonly checkBudget: BudgetCheck;
  readonly limits: LedgerLimits;
  readonly now: () => number;
  readonly newId: () => string;
}

/** The wait that a full queue asks for. A slot takes minutes to become free when so many tasks wait. */
const ROOM_RETRY_MS = 60_000;

/** The fields of a new task that both kinds have. */
type NewTask = Omit<TaskRecord, 'kind' | 'parentVideo' | 'videos' | 'watermarkEnabled' | 'voices'>;

/** Creates the creator. It keeps nothing in memory: the journal and the sender do the work. */
export function createTaskCreator(deps: TaskCreatorDeps): TaskCreator {
  const { tasks, assets, journal, sender, checkBudget, limits, now, newId } = deps;

  /**
   * Returns the row of an external id; null for a new one. Nothing is awaited between this and `journal.open`, so the second
   * of two concurrent creates finds the row of the first.
   */
  function rowOf(externalId: string | null): TaskRow | null {
    return externalId === null ? null : tasks.find({ externalId });
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
    const { id, externalId } = row.record;
    if (row.record.kind !== kind || !(await digest.matches(row.inputDigest))) {
      throw new GatewayError({
        code: 'CONFLICT',
        message: `The external id "${externalId}" stands for a task that was made with another input.`,
        retryable: false,
        existing: { type: row.record.kind, id },
      });
    }
    if (sender.isBusy(id)) await sender.send(id, true);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the kinds have been compared
    return (tasks.find({ id })?.record ?? null) as T | null;
  }

  /** `input` has been checked. */
  function newTask(input: CreateVoiceTaskInput | CreateLipSyncTaskInput, unitsEstimated: string): NewTask {
    const createdAtMs = now();
    const { label = null, metadata = [] } = validOrThrow(checkNotes(input));
    return {
      id: newId(),
      externalId: input.externalId ?? null,
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
      ...(metadata.length === 0 ? {} : { details: { metadata } }),
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
    journal.open(
      {
        record,
        inputDigest: digest.text,
        phase: 'WAITING',
        // Due at once: if this object is evicted before the send, the alarm sends the task.
        wakeAtMs: record.createdAtMs,
        tries: 0,
        sends: 0,
        deadlineAtMs: record.createdAtMs + limits.taskAgeMaxMs,
      },
      request,
    );
    await sender.send(record.id, true);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row was opened with this record; its kind stays
    return (tasks.find({ id: record.id })?.record ?? record) as T;
  }

  const creator: TaskCreator = {
    async createVoiceTask(input) {
      const digest = await digestOfVoice(input);
      const before = rowOf(input.externalId ?? null);
      if (before !== null)
        return (await repeated<VoiceTask>('VOICE', before, digest)) ?? creator.createVoiceTask(input);
      const checked = validOrThrow<VoiceRequest>(checkCreateVoiceTaskInput(input));
      const request = JSON.stringify(checked);
      checkRoom(request);
      checkBudget(VOICE_UNITS);
      const fields = newTask(input, VOICE_UNITS);
      const kept: KeptVoiceInput = { name: checked.name, sample: checked.source };
      const task = { ...fields, kind: 'VOICE' as const, voices: [], details: { ...fields.details, voice: kept } };
      return create<VoiceTask>(task, digest, request);
    },

    async createLipSyncTask(input) {
      const digest = await digestOfLipSync(input);
      const before = rowOf(input.externalId ?? null);
      if (before !== null) {
        return (await repeated<LipSyncTask>('LIP_SYNC', before, digest)) ?? creator.createLipSyncTask(input);
      }
      const scan = assets.faceScan(scanIdOf(input.faceId ?? ''));
      const known = facts(input, scan);
      const checked = validOrThrow<LipSyncRequest>(checkLipSyncInput(input, ['input'], known));
      // The length that Kling measured takes precedence over the caller's.
      const units = lipSyncUnits(scan?.videoDurationMs ?? input.videoDurationMs ?? null);
      const request = JSON.stringify(checked);
      checkRoom(request);
      checkBudget(units);
      const fields = newTask(input, units);
      const kept = toKeptInput(checked, known, scan, digest.audioSha256);
      const record: LipSyncTask = {
        ...fields,
        kind: 'LIP_SYNC',
        ...(input.faceId === null ? {} : { faceId: input.faceId }),
        parentVideo: null,
        videos: [],
        watermarkEnabled: checked.watermark,
        details: { ...fields.details, ...(kept === null ? {} : { lipSync: kept }) },
      };
      return create(record, digest, request);
    },
  };
  return creator;

  function facts(input: CreateLipSyncTaskInput, scan: FaceScan | null): LipSyncFacts {
    const face = scan?.faces.find(({ faceId }) => `${scan.id}:${faceId}` === input.faceId) ?? null;
    const audioId = spokenIdOf(input.audio);
    return {
      face,
      sessionId: face === null || scan === null ? null : scan.sessionId,
      scanExpiresAtMs: face === null || scan === null ? null : scan.expiresAtMs,
      now: now(),
      hasSpeech: audioId !== null && assets.speech(audioId) !== null,
      audioDurationMs: audioId === null ? null : assets.speechDurationMs(audioId),
    };
  }
}

/** Returns what a lip-sync keeps of its checked input. Null without a face, which the check refuses. */
function toKeptInput(
  { sound, placement, soundVolume, originalAudioVolume, watermark }: LipSyncRequest,
  { face, audioDurationMs }: LipSyncFacts,
  scan: FaceScan | null,
  audioSha256: string | null,
): KeptLipSyncInput | null {
  if (face === null) return null;
  const { video, videoDurationMs } = scan ?? {};
  return {
    face,
    ...(video === undefined ? {} : { video }),
    ...(videoDurationMs === undefined ? {} : { videoDurationMs }),
    audio: toKeptAudio(sound, audioDurationMs, audioSha256),
    placement,
    audioVolume: soundVolume,
    originalAudioVolume,
    watermark,
  };
}

/** The bytes stay in the request, which is deleted once Kling has the task. */
function toKeptAudio(source: AudioSource, speechMs: number | null, sha256: string | null): KeptAudio {
  if (source.base64 === undefined) return { ...source, ...(speechMs === null ? {} : { durationMs: speechMs }) };
  const { sizeBytes, durationMs } = measureInlineAudio(source.base64);
  return {
    bytes: sizeBytes,
    ...(sha256 === null ? {} : { sha256 }),
    ...(durationMs === null ? {} : { durationMs }),
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

/** Returns the checked value. Throws `BAD_USER_INPUT` with every problem of the input. */
export function validOrThrow<T>(checked: Validation<T>): T {
  if (checked.ok) return checked.value;
  throw badUserInput(checked.issues);
}
