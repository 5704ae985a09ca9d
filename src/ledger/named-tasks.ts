import { checkAll, checkCallerKey, type Validation, validOrThrow } from '../domain/check.ts';
import type { NamedTask, RetryTaskInput, TaskHandle } from '../domain/ports.ts';
import { type KeptVideo, type LipSyncTask, RESULT_RETENTION_MS, type TaskRecord } from '../domain/records.ts';
import { checkRetry, lipSyncInputOf, toTaskIssue, voiceInputOf } from '../domain/retry.ts';
import type { SourceFacts, VideoSource } from '../domain/sources.ts';
import { checkNotes, isFinal, type NotesInput } from '../domain/task.ts';
import { badUserInput, GatewayError, InvalidInputError, unknownId, wrongIdType } from '../errors.ts';
import type { TaskCreator } from './create-tasks.ts';
import { digestOfRetry } from './digest.ts';
import type { Journal } from './journal.ts';
import type { PaidCalls } from './paid-calls.ts';
import type { Sender } from './sender.ts';
import type { Stages } from './stages.ts';
import type { AssetStore } from './stores/assets.ts';
import type { TaskRow, TaskStore } from './stores/tasks.ts';

/** The mutations of one task that exists. */
export interface NamedTasks {
  /**
   * Cancels a task that was not sent. Waits for a send that is under way, because Kling may refuse it for now. Throws
   * `CONFLICT` for a task that may be at Kling, which cannot cancel tasks.
   */
  cancel(task: NamedTask): Promise<TaskRecord>;
  /**
   * Makes a new task from one that has failed or was cancelled. Uses the scan and the speech again that it has paid for. Throws
   * `CONFLICT` for another task, and for one that may have been charged, unless `payAgain`.
   */
  retry(input: RetryTaskInput): Promise<TaskRecord>;
  /** Changes the caller's notes on a task in any state. Watchers see the change. */
  update(input: NamedTask & NotesInput): TaskRecord;
  /** Deletes a task that has ended, with its results and changes. Throws `CONFLICT` for another one. */
  remove(task: NamedTask): TaskHandle;
}

interface NamedTasksDeps {
  readonly tasks: Pick<TaskStore, 'find'>;
  readonly assets: Pick<AssetStore, 'speech'>;
  readonly journal: Pick<Journal, 'apply' | 'remove'>;
  readonly stages: Pick<Stages, 'close' | 'stop' | 'scanOfVideo'>;
  readonly calls: Pick<PaidCalls, 'chargeOf'>;
  readonly sender: Pick<Sender, 'whenIdle'>;
  readonly creator: Pick<TaskCreator, 'createVoiceTask' | 'createLipSyncTask' | 'repeatOf'>;
  readonly sourceFacts: SourceFacts;
  readonly now: () => number;
}

/** Creates the mutations. They keep nothing in memory. */
export function createNamedTasks(deps: NamedTasksDeps): NamedTasks {
  const { tasks, assets, journal, stages, calls, sender, creator, sourceFacts, now } = deps;

  function named({ id, kind }: NamedTask): Validation<TaskRow> {
    if (kind === null) return { ok: false, issues: [wrongIdType('taskId', 'task')] };
    const row = tasks.find({ id });
    return row?.record.kind === kind ? { ok: true, value: row } : { ok: false, issues: [unknownId('taskId', 'task')] };
  }

  /** Returns Kling's id of the speech that a task has made, and that Kling still accepts; null without one. */
  function speechOf({ id, details }: LipSyncTask): string | null {
    const { speech, audio } = details?.lipSync ?? {};
    if (speech === undefined) return null;
    const made = assets.speech(audio?.audioId ?? calls.chargeOf(id, 'SPEAKING')?.audioId ?? '');
    return made !== null && now() < made.createdAtMs + RESULT_RETENTION_MS ? made.audioId : null;
  }

  /** Returns true if a step of the task has been charged, or may have been, and its result is not there. */
  function isStepLost(task: TaskRecord): boolean {
    if (task.kind !== 'LIP_SYNC') return false;
    const speech = calls.chargeOf(task.id, 'SPEAKING');
    if (speech !== null && assets.speech(speech.audioId ?? '') === null) return true;
    const scan = calls.chargeOf(task.id, 'SCANNING');
    if (scan === null || !scan.isAnswered) return scan !== null;
    const { face, video } = task.details?.lipSync ?? {};
    const isKnown = face !== undefined || task.failure?.code === 'NO_FACE_DETECTED';
    // One that could not be claimed yet is in no list.
    return !isKnown && (video === undefined || stages.scanOfVideo(toSource(video)) === null);
  }

  return {
    async cancel(task) {
      const before = validOrThrow(named(task));
      // A scan or a speech that is under way is paid for, and is not interrupted.
      if (before.phase === 'PREPARING') await stages.stop(task.id);
      if (before.phase === 'SENDING') await sender.whenIdle(task.id);
      const row = tasks.find({ id: task.id }) ?? before;
      const isUnsent = row.phase === 'PREPARING' || (row.phase === 'WAITING' && row.sends === 0);
      if (!isUnsent) throw notCancellable(row.record);
      if (row.phase === 'PREPARING') stages.close(task.id, { type: 'CANCELLED' });
      else journal.apply(task.id, { type: 'CANCELLED' });
      return (tasks.find({ id: task.id }) ?? row).record;
    },

    async retry({ payAgain, externalId = null, ...task }) {
      const key = checkCallerKey(externalId, ['externalId']);
      const digest = await digestOfRetry(task.id);
      // The old task may be deleted meanwhile.
      const repeat = key.ok && task.kind !== null ? await creator.repeatOf(task.kind, externalId, digest) : null;
      if (repeat !== null) return repeat;
      const { row } = validOrThrow(checkAll<{ row: TaskRow; key: unknown }>({ row: named(task), key }));
      const { record } = row;
      checkRetry(record, { payAgain, isStepLost: isStepLost(record) });
      const origin = { of: record.id, digest };
      if (record.kind === 'VOICE') {
        const input = validOrThrow(voiceInputOf(record, externalId));
        return creator.createVoiceTask(input, origin).catch(asTaskIssues);
      }
      const audioId = speechOf(record);
      const input = validOrThrow(
        lipSyncInputOf(record, externalId, {
          audioId,
          isOwnSpeech: (id) => assets.speech(id) !== null,
          findLipSync: sourceFacts.findLipSync,
        }),
      );
      const speech = audioId === null ? undefined : record.details?.lipSync?.speech;
      return creator.createLipSyncTask(input, { ...origin, speech }).catch(asTaskIssues);
    },

    update({ id, kind, ...input }) {
      const { row, notes } = validOrThrow(checkAll({ row: named({ id, kind }), notes: checkNotes(input) }));
      return (journal.apply(id, { type: 'NOTED', notes }) ?? row).record;
    },

    remove(task) {
      const { record } = validOrThrow(named(task));
      if (!isFinal(record.status)) throw notDeletable(record);
      journal.remove(record.id);
      return { id: record.id, kind: record.kind };
    },
  };
}

/** The input was rebuilt, so its issues are those of the task. */
function asTaskIssues(error: unknown): never {
  const [first, ...others] = error instanceof InvalidInputError ? (error.failure.issues ?? []) : [];
  if (first === undefined) throw error;
  throw badUserInput([toTaskIssue(first), ...others.map(toTaskIssue)]);
}

function toSource({ mediaId, videoId, url = '' }: KeptVideo): VideoSource {
  if (mediaId !== undefined) return { mediaId };
  return videoId === undefined ? { url } : { videoId };
}

function notCancellable({ kind, id, status }: TaskRecord): GatewayError {
  const message = isFinal(status)
    ? `The task has ended already: it is ${status}.`
    : 'The task has been sent to Kling, which cannot cancel it.';
  return new GatewayError({ code: 'CONFLICT', message, retryable: false, existing: { type: kind, id } });
}

function notDeletable({ kind, id, status }: TaskRecord): GatewayError {
  const message = `The task has not ended: it is ${status}. Cancel it, or wait for its end.`;
  return new GatewayError({ code: 'CONFLICT', message, retryable: false, existing: { type: kind, id } });
}
