import { withFile, withoutFile } from './archive.ts';
import { lipSyncUnits } from './cost.ts';
import { classifyFailure, type TaskFailure } from './failure.ts';
import type { StoredFile } from './media.ts';
import {
  type KeptLipSyncInput,
  type LastReport,
  type LipSyncTask,
  type PreparationCost,
  resultExpiresAtMs,
  type ResultPart,
  type TaskDetails,
  type TaskRecord,
  type VoiceTask,
} from './records.ts';
import {
  isFinal,
  LIP_SYNC_STAGES,
  type LipSyncSnapshot,
  type Notes,
  type LipSyncStage,
  type TaskReport,
  type TaskSnapshot,
  type TaskStatus,
  type VoiceTaskSnapshot,
} from './task.ts';

type AnySnapshot = TaskSnapshot | LipSyncSnapshot | VoiceTaskSnapshot;

/**
 * A fact that may change a task. `SNAPSHOT`: an answer or a callback reported its state. `IDENTIFIED`: its id at Kling was
 * found in a list. `CLOSED`: the gateway gave it up. `CANCELLED`: by the caller, before a send. `NOTED`: the caller changed
 * the notes on it. `STAGE`: a lip-sync has come to another step, or knows more. `ARCHIVED` and `UNARCHIVED`: the copy of a result was made or deleted.
 */
export type TaskFact =
  | { readonly type: 'SNAPSHOT'; readonly snapshot: AnySnapshot }
  | { readonly type: 'IDENTIFIED'; readonly klingTaskId: string }
  | { readonly type: 'CLOSED'; readonly failure: TaskFailure }
  | { readonly type: 'CANCELLED' }
  | { readonly type: 'NOTED'; readonly notes: Partial<Notes> }
  | { readonly type: 'STAGE'; readonly progress: LipSyncProgress }
  | {
      readonly type: 'ARCHIVED';
      readonly part: ResultPart;
      readonly file: StoredFile;
      readonly expiresAtMs: number;
    }
  | { readonly type: 'UNARCHIVED'; readonly part: ResultPart };

/** The facts that are known of a lip-sync at a step. */
export interface LipSyncProgress {
  readonly stage: LipSyncStage;
  readonly preparation: readonly PreparationCost[];
  readonly lipSync: KeptLipSyncInput;
  /** As `LipSyncTask.faceId`; null before it is found. */
  readonly faceId: string | null;
  /** The expected cost of the lip-sync itself, without the steps before it. */
  readonly unitsEstimated: string;
}

/** The changed record. Watchers see a `STATE` change. A `DETAIL`, such as a fresher URL or a late charge, is only stored. */
export interface Applied<T extends TaskRecord> {
  readonly record: T;
  readonly change: 'STATE' | 'DETAIL';
}

/** The progress of each status. A task never moves to a lower one. */
const RANK: Record<TaskStatus, number> = {
  PREPARING: -1,
  QUEUED: 0,
  SUBMITTED: 1,
  PROCESSING: 2,
  UNRECOGNIZED: 2,
  SUCCEEDED: 3,
  FAILED: 3,
  CANCELLED: 3,
};

/**
 * Applies a fact to a record. Returns null if the fact changes nothing.
 *
 * Invariant: repeated, reordered and late facts are safe. A final record keeps its status, and a lower status never
 * replaces a higher one. Between two statuses of the same rank, the one that Kling updated later wins.
 */
export function applyFact<T extends TaskRecord>(record: T, fact: TaskFact, nowMs: number): Applied<T> | null {
  if (fact.type === 'CLOSED') return applyEnd(record, { status: 'FAILED', failure: fact.failure }, nowMs);
  if (fact.type === 'CANCELLED') return applyEnd(record, { status: 'CANCELLED' }, nowMs);
  if (fact.type === 'NOTED') return applyNotes(record, fact.notes, nowMs);
  if (fact.type === 'STAGE') return applyStage(record, fact.progress, nowMs);
  if (fact.type === 'ARCHIVED' || fact.type === 'UNARCHIVED') return applyArchive(record, fact);
  if (fact.type === 'IDENTIFIED') return applyKlingTaskId(record, fact.klingTaskId);
  if (isFinal(record.status)) return applyToFinal(record, fact.snapshot);
  const isEmpty = isEmptySuccess(record, fact.snapshot);
  const snapshot = isEmpty ? { ...fact.snapshot, status: 'PROCESSING' as const } : fact.snapshot;
  if (!supersedes(record, snapshot)) return applySuperseded(record, snapshot);
  const updatedAtMs = Math.max(record.updatedAtMs, snapshot.updatedAtMs ?? nowMs);
  return {
    change: 'STATE',
    record: {
      ...record,
      ...fieldsOf(record, snapshot),
      status: snapshot.status,
      klingStatus: snapshot.klingStatus,
      failure: snapshot.status === 'FAILED' ? classifyFailure(snapshot.statusMessage) : null,
      updatedAtMs,
      ...(record.status === 'QUEUED' ? { startedAtMs: startOf(record, snapshot, updatedAtMs) } : {}),
      ...(isFinal(snapshot.status) ? { endedAtMs: updatedAtMs } : {}),
      expiresAtMs: snapshot.status === 'SUCCEEDED' ? resultExpiresAtMs(updatedAtMs) : null,
    },
  };
}

/** Ends a task without Kling. */
function applyEnd<T extends TaskRecord>(
  record: T,
  outcome: Partial<Pick<TaskRecord, 'status' | 'failure'>>,
  nowMs: number,
): Applied<T> | null {
  if (isFinal(record.status)) return null;
  return { change: 'STATE', record: { ...record, ...outcome, updatedAtMs: nowMs, endedAtMs: nowMs } };
}

/**
 * Changes the notes of a task in any state, and nothing else. `updatedAtMs` stays: it orders Kling's reports, and the
 * caller's clock must not make a later one look old.
 */
function applyNotes<T extends TaskRecord>(record: T, notes: Partial<Notes>, nowMs: number): Applied<T> | null {
  const before = notesOf(record);
  const after = { ...before, ...notes };
  if (JSON.stringify(after) === JSON.stringify(before)) return null;
  const { label, metadata } = after;
  return { change: 'STATE', record: { ...record, label, details: { ...record.details, metadata }, notedAtMs: nowMs } };
}

/** A task that has ended keeps its stage, but not less is paid for it. A stage never goes back. */
function applyStage<T extends TaskRecord>(record: T, progress: LipSyncProgress, nowMs: number): Applied<T> | null {
  if (record.kind !== 'LIP_SYNC') return null;
  const { stage, preparation, lipSync, faceId, unitsEstimated } = progress;
  if (isFinal(record.status)) return asDetail(record, { preparation });
  const isLater = stageRank(stage) > stageRank(record.stage ?? 'WAITING');
  const details: TaskDetails = { ...record.details, lipSync };
  const known = { preparation, details, unitsEstimated, ...(faceId === null ? {} : { faceId }) };
  if (!isLater) return asDetail(record, known);
  const status = stage === 'SYNCING' ? ('QUEUED' as const) : ('PREPARING' as const);
  return {
    change: 'STATE',
    record: { ...record, ...known, stage, status, updatedAtMs: Math.max(record.updatedAtMs, nowMs) },
  };
}

function stageRank(stage: LipSyncStage): number {
  return LIP_SYNC_STAGES.indexOf(stage);
}

/** Changes which copies a task has. Watchers are not told: the result is the same, and old changes show the present copies. */
function applyArchive<T extends TaskRecord>(
  record: T,
  fact: Extract<TaskFact, { readonly type: 'ARCHIVED' | 'UNARCHIVED' }>,
): Applied<T> {
  const { archive: before, ...others }: TaskDetails = record.details ?? {};
  const archive =
    fact.type === 'ARCHIVED'
      ? withFile(before, fact.part, fact.file, fact.expiresAtMs)
      : withoutFile(before, fact.part);
  return {
    change: 'DETAIL',
    record: { ...record, details: archive === undefined ? others : { ...others, archive } },
  };
}

/** Returns the caller's notes on a task. */
export function notesOf({ label = null, details }: TaskRecord): Notes {
  return { label, metadata: details?.metadata ?? [] };
}

/** Returns when anything that a task shows last changed. */
export function updatedAtMsOf({ updatedAtMs, notedAtMs = 0 }: TaskRecord): number {
  return Math.max(updatedAtMs, notedAtMs);
}

/** Returns when Kling received a task. Clocks differ, so the time is kept between its creation and this change. */
function startOf({ createdAtMs }: TaskRecord, snapshot: TaskSnapshot, updatedAtMs: number): number {
  return Math.min(updatedAtMs, Math.max(createdAtMs, snapshot.createdAtMs ?? updatedAtMs));
}

/** Returns when a task became final; null before. */
export function endedAtMsOf({ status, endedAtMs, updatedAtMs }: TaskRecord): number | null {
  return endedAtMs ?? (isFinal(status) ? updatedAtMs : null);
}

function supersedes(record: TaskRecord, snapshot: TaskSnapshot): boolean {
  const rise = RANK[snapshot.status] - RANK[record.status];
  if (rise !== 0) return rise > 0;
  if (snapshot.klingStatus === record.klingStatus) return false;
  return (snapshot.updatedAtMs ?? 0) > record.updatedAtMs;
}

/** Takes Kling's id and the source video from a superseded snapshot. The video determines the cost. */
function applySuperseded<T extends TaskRecord>(record: T, snapshot: AnySnapshot): Applied<T> | null {
  const { klingTaskId = null } = fieldsOf(record, snapshot);
  if (record.kind === 'VOICE' || record.parentVideo !== null) return asDetail(record, { klingTaskId });
  const { parentVideo = null, unitsEstimated = null } = fieldsOf(record, snapshot);
  return asDetail(record, { klingTaskId, ...(parentVideo === null ? {} : { parentVideo, unitsEstimated }) });
}

/** Stores Kling's id of a task, unless the record already has an id of Kling. */
function applyKlingTaskId<T extends TaskRecord>(record: T, klingTaskId: string): Applied<T> | null {
  if (record.klingTaskId !== null || klingTaskId === '') return null;
  return { change: 'DETAIL', record: { ...record, klingTaskId } };
}

/**
 * Returns true for a success without results. Such a task stays `PROCESSING`, with Kling's word for its status, because
 * results were seen to follow within seconds (live).
 */
export function isEmptySuccess(record: TaskRecord, snapshot: AnySnapshot): boolean {
  if (snapshot.status !== 'SUCCEEDED' || isFinal(record.status)) return false;
  const { voices = [], videos = [] } = fieldsOf(record, snapshot);
  return (record.kind === 'VOICE' ? voices : videos).length === 0;
}

/** Adds late charges and fresher URLs to a final record. Its outcome never changes. */
function applyToFinal<T extends TaskRecord>(record: T, snapshot: TaskSnapshot): Applied<T> | null {
  // A task that the gateway gave up has to be paid for if Kling finished it.
  if (snapshot.status !== record.status) {
    return asDetail(record, {
      unitsDeducted: snapshot.unitsDeducted ?? record.unitsDeducted,
      balanceDeducted: balanceOf(record, snapshot),
    });
  }
  return asDetail(record, fieldsOf(record, snapshot));
}

function asDetail<T extends TaskRecord>(
  record: T,
  change: Partial<LipSyncTask & Omit<VoiceTask, 'kind'>>,
): Applied<T> | null {
  const next = { ...record, ...change };
  return JSON.stringify(next) === JSON.stringify(record) ? null : { change: 'DETAIL', record: next };
}

/** Returns the fields that a snapshot sets. Fields that Kling omits keep their value. */
function fieldsOf(record: TaskRecord, snapshot: AnySnapshot): Partial<LipSyncTask & Omit<VoiceTask, 'kind'>> {
  const common = {
    klingTaskId: record.klingTaskId ?? (snapshot.klingTaskId === '' ? null : snapshot.klingTaskId),
    unitsDeducted: snapshot.unitsDeducted ?? record.unitsDeducted,
    balanceDeducted: balanceOf(record, snapshot),
    klingRequestId: record.klingRequestId ?? snapshot.klingRequestId,
    lastReport: reportOf(record, snapshot),
  };
  if (record.kind === 'VOICE') {
    const voices = 'voices' in snapshot && snapshot.voices.length > 0 ? snapshot.voices : record.voices;
    return { ...common, voices };
  }
  if (!('videos' in snapshot)) return common;
  const lengthMs = snapshot.parentVideo?.durationMs ?? null;
  return {
    ...common,
    videos: snapshot.videos.length > 0 ? snapshot.videos : record.videos,
    parentVideo: snapshot.parentVideo ?? record.parentVideo,
    unitsEstimated: lengthMs === null ? record.unitsEstimated : lipSyncUnits(lengthMs),
    watermarkEnabled: snapshot.watermarkEnabled ?? record.watermarkEnabled,
  };
}

/** A report without a part of the charge keeps the known part. */
function balanceOf({ balanceDeducted: known }: TaskReport, { balanceDeducted: sent }: TaskReport) {
  if (known === null || sent === null) return sent ?? known;
  return { quota: sent.quota ?? known.quota, listPrice: sent.listPrice ?? known.listPrice };
}

/** A message belongs to the status that it came with. */
function reportOf({ lastReport, klingStatus }: TaskRecord, snapshot: TaskSnapshot): LastReport {
  const isSameStatus = snapshot.klingStatus === klingStatus;
  return {
    statusMessage: snapshot.statusMessage ?? (isSameStatus ? lastReport?.statusMessage : null) ?? null,
    createdAtMs: snapshot.createdAtMs ?? lastReport?.createdAtMs ?? null,
    updatedAtMs: snapshot.updatedAtMs ?? lastReport?.updatedAtMs ?? null,
  };
}
