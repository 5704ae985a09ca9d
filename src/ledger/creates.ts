import { lipSyncUnits, VOICE_UNITS } from '../domain/cost.ts';
import type { Checked } from '../domain/checked.ts';
import type { CreateLipSyncTaskInput, CreateVoiceInput } from '../domain/inputs.ts';
import { checkLipSyncInput } from '../domain/lip-sync-input.ts';
import type { LipSyncTask, TaskRecord, VoiceTask } from '../domain/records.ts';
import type { LipSyncRequest, VoiceRequest } from '../domain/requests.ts';
import type { TaskKind } from '../domain/task.ts';
import { checkCreateVoiceInput } from '../domain/voice-input.ts';
import { badUserInput, GatewayError } from '../errors.ts';
import { createAfford } from './budget.ts';
import type { LedgerDeps } from './deps.ts';
import { digestOfLipSync, digestOfVoice, type RequestDigest } from './digest.ts';
import type { Journal } from './journal.ts';
import type { Sender } from './sender.ts';
import type { TaskRow } from './task-store.ts';

/** Makes tasks. An `externalId` that has been used for the same input answers with the same task, and nothing is made. */
export interface Creates {
  createVoice(input: CreateVoiceInput): Promise<VoiceTask>;
  createLipSyncTask(input: CreateLipSyncTaskInput): Promise<LipSyncTask>;
}

/** Tasks of one tenant that may wait for a slot. Each may hold 7 MB of audio, and an object 10 GB in all. */
const WAITING_MAX = 1_000;

/** A slot is free again in minutes at the soonest, when so many wait. */
const ROOM_RETRY_MS = 60_000;

/** A task as it is before Kling has heard of it. */
type Fresh = Omit<TaskRecord, 'kind' | 'parentVideo' | 'videos' | 'watermarkEnabled' | 'voices'>;

export function createCreates(deps: LedgerDeps, journal: Journal, sender: Sender): Creates {
  const { tasks, holdings, limits, now } = deps;
  const afford = createAfford(deps);

  /** The row of an external id; null for a new one. Synchronous up to `journal.open`: of two creates, the second finds the first one's. */
  function rowOf(externalId: string | null): TaskRow | null {
    return externalId === null ? null : tasks.find({ externalId });
  }

  /**
   * The task that this external id already stands for. The first create may still be waiting for Kling; its outcome is
   * this one's too. Nothing is checked again: what has been accepted stays accepted.
   */
  async function repeated<T extends TaskRecord>(kind: TaskKind, row: TaskRow, digest: RequestDigest): Promise<T> {
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
    return (tasks.find({ id })?.record ?? row.record) as T;
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

  /** A queue that only grows would fill the object's storage, and then not even callbacks could be kept. */
  function findRoom(): void {
    if (tasks.waiting() < WAITING_MAX) return;
    throw new GatewayError({
      code: 'RATE_LIMITED',
      message: `${WAITING_MAX} tasks wait to be sent already. Nothing was sent.`,
      retryable: true,
      retryAfterMs: ROOM_RETRY_MS,
    });
  }

  /** Records the intent, sends it, and answers with what is known of it then. */
  async function make<T extends TaskRecord>(record: T, digest: RequestDigest, request: object): Promise<T> {
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
      JSON.stringify(request),
    );
    await sender.send(record.id, true);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row was opened with this record; its kind stays
    return (tasks.find({ id: record.id })?.record ?? record) as T;
  }

  return {
    async createVoice(input) {
      const digest = await digestOfVoice(input);
      const before = rowOf(input.externalId ?? null);
      if (before !== null) return repeated<VoiceTask>('VOICE', before, digest);
      const request = valid<VoiceRequest>(checkCreateVoiceInput(input));
      findRoom();
      afford(VOICE_UNITS);
      return make({ ...fresh(input.externalId ?? null, VOICE_UNITS), kind: 'VOICE', voices: [] }, digest, request);
    },

    async createLipSyncTask(input) {
      const digest = await digestOfLipSync(input);
      const before = rowOf(input.externalId ?? null);
      if (before !== null) return repeated<LipSyncTask>('LIP_SYNC', before, digest);
      const request = valid<LipSyncRequest>(checkLipSyncInput(input, ['input'], facts(input)));
      const units = lipSyncUnits(input.placement.videoDurationMs ?? null);
      findRoom();
      afford(units);
      const record: LipSyncTask = {
        ...fresh(input.externalId ?? null, units),
        kind: 'LIP_SYNC',
        parentVideo: null,
        videos: [],
        watermarkEnabled: request.watermark,
      };
      return make(record, digest, request);
    },
  };

  function facts(input: CreateLipSyncTaskInput) {
    const [scanId = '', ...faceId] = (input.faceId ?? '').split(':');
    const scan = holdings.faceScan(scanId);
    const face = scan?.faces.find((candidate) => candidate.faceId === faceId.join(':')) ?? null;
    const speech = typeof input.sound.audioId === 'string' ? holdings.speech(input.sound.audioId) : null;
    return {
      face,
      sessionId: face === null || scan === null ? null : scan.sessionId,
      scanExpiresAtMs: face === null || scan === null ? null : scan.expiresAtMs,
      now: now(),
      soundDurationMs: speech?.durationMs ?? null,
    };
  }
}

/** The value, or everything that is wrong with the input. */
export function valid<T>(checked: Checked<T>): T {
  if (checked.ok) return checked.value;
  throw badUserInput(checked.issues);
}
