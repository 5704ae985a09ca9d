import { lipSyncUnits, VOICE_UNITS } from '../domain/cost.ts';
import type { Validation } from '../domain/check.ts';
import {
  checkCreateVoiceInput,
  checkLipSyncInput,
  type CreateLipSyncTaskInput,
  type CreateVoiceInput,
  type LipSyncRequest,
  type VoiceRequest,
} from '../domain/inputs.ts';
import { scanIdOf, type FaceScan, type LipSyncTask, type TaskRecord, type VoiceTask } from '../domain/records.ts';
import type { TaskKind } from '../domain/task.ts';
import { badUserInput, GatewayError } from '../errors.ts';
import { createAfford } from './budget.ts';
import type { LedgerDeps } from './deps.ts';
import { digestOfLipSync, digestOfVoice, type RequestDigest } from './digest.ts';
import type { Journal } from './journal.ts';
import type { Sender } from './sender.ts';
import type { TaskRow } from './stores/tasks.ts';

/** Makes tasks. An `externalId` that has been used for the same input answers with the same task, and nothing is made. */
export interface Creates {
  createVoice(input: CreateVoiceInput): Promise<VoiceTask>;
  createLipSyncTask(input: CreateLipSyncTaskInput): Promise<LipSyncTask>;
}

/** A slot is free again in minutes at the soonest, when so many wait. */
const ROOM_RETRY_MS = 60_000;

/** A task as it is before Kling has heard of it. */
type Fresh = Omit<TaskRecord, 'kind' | 'parentVideo' | 'videos' | 'watermarkEnabled' | 'voices'>;

export function createCreates(deps: LedgerDeps, journal: Journal, sender: Sender): Creates {
  const { tasks, sums, holdings, limits, now } = deps;
  const afford = createAfford(deps);

  /** The row of an external id; null for a new one. Synchronous up to `journal.open`: of two creates, the second finds the first one's. */
  function rowOf(externalId: string | null): TaskRow | null {
    return externalId === null ? null : tasks.find({ externalId });
  }

  /**
   * The task that this external id already stands for. The first create may still be waiting for Kling; its outcome is
   * this one's too. Nothing is checked again: what has been accepted stays accepted. Null when Kling has refused the
   * first create meanwhile, so that this one is the first.
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
      });
    }
    if (sender.isBusy(id)) await sender.send(id, true);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the kinds have been compared
    return (tasks.find({ id })?.record ?? null) as T | null;
  }

  function fresh(externalId: string | null, unitsEstimated: string): Fresh {
    const createdAtMs = now();
    return {
      id: deps.newId(),
      externalId,
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
    };
  }

  /** A queue that only grows would fill the object's storage (10 GB), and then not even callbacks could be kept. */
  function findRoom(request: string): void {
    const waiting = sums.waiting();
    const { waitingTasksMax, waitingBytesMax } = limits;
    if (waiting.tasks >= waitingTasksMax)
      throw noRoom(`${waitingTasksMax} tasks wait to be sent already, the most allowed.`);
    if (waiting.bytes + request.length <= waitingBytesMax) return;
    throw noRoom(
      `The requests of tasks that wait to be sent hold ${waiting.bytes} bytes. This one has ${request.length}; together at most ${waitingBytesMax} are allowed.`,
    );
  }

  /** Records the intent, sends it, and answers with what is known of it then. */
  async function make<T extends TaskRecord>(record: T, digest: RequestDigest, request: string): Promise<T> {
    journal.open(
      {
        record,
        inputDigest: digest.text,
        phase: 'WAITING',
        // Due at once: should this object die before it is sent, the alarm sends it.
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

  const creates: Creates = {
    async createVoice(input) {
      const digest = await digestOfVoice(input);
      const before = rowOf(input.externalId ?? null);
      if (before !== null) return (await repeated<VoiceTask>('VOICE', before, digest)) ?? creates.createVoice(input);
      const request = JSON.stringify(valid<VoiceRequest>(checkCreateVoiceInput(input)));
      findRoom(request);
      afford(VOICE_UNITS);
      return make({ ...fresh(input.externalId ?? null, VOICE_UNITS), kind: 'VOICE', voices: [] }, digest, request);
    },

    async createLipSyncTask(input) {
      const digest = await digestOfLipSync(input);
      const before = rowOf(input.externalId ?? null);
      if (before !== null) {
        return (await repeated<LipSyncTask>('LIP_SYNC', before, digest)) ?? creates.createLipSyncTask(input);
      }
      const scan = holdings.faceScan(scanIdOf(input.faceId ?? ''));
      const checked = valid<LipSyncRequest>(checkLipSyncInput(input, ['input'], facts(input, scan)));
      // What Kling told of the video wins over what the caller says.
      const units = lipSyncUnits(scan?.videoDurationMs ?? input.placement.videoDurationMs ?? null);
      const request = JSON.stringify(checked);
      findRoom(request);
      afford(units);
      const record: LipSyncTask = {
        ...fresh(input.externalId ?? null, units),
        kind: 'LIP_SYNC',
        ...(input.faceId === null ? {} : { faceId: input.faceId }),
        parentVideo: null,
        videos: [],
        watermarkEnabled: checked.watermark,
      };
      return make(record, digest, request);
    },
  };
  return creates;

  function facts(input: CreateLipSyncTaskInput, scan: FaceScan | null) {
    const face = scan?.faces.find(({ faceId }) => `${scan.id}:${faceId}` === input.faceId) ?? null;
    const speech = typeof input.sound.audioId === 'string' ? holdings.speech(input.sound.audioId) : null;
    return {
      face,
      sessionId: face === null || scan === null ? null : scan.sessionId,
      scanExpiresAtMs: face === null || scan === null ? null : scan.expiresAtMs,
      now: now(),
      audioDurationMs: speech?.durationMs ?? null,
    };
  }
}

function noRoom(bound: string): GatewayError {
  return new GatewayError({
    code: 'RATE_LIMITED',
    message: `${bound} Nothing was sent.`,
    retryable: true,
    retryAfterMs: ROOM_RETRY_MS,
  });
}

/** The value, or everything that is wrong with the input. */
export function valid<T>(checked: Validation<T>): T {
  if (checked.ok) return checked.value;
  throw badUserInput(checked.issues);
}
