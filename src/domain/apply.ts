import { lipSyncUnits } from './cost.ts';
import { classifyFailure, type TaskFailure } from './failure.ts';
import type { LipSyncTask, TaskRecord, VoiceTask } from './records.ts';
import { resultExpiresAtMs } from './retention.ts';
import { isFinal, type LipSyncSnapshot, type TaskSnapshot, type TaskStatus, type VoiceTaskSnapshot } from './task.ts';

type AnySnapshot = TaskSnapshot | LipSyncSnapshot | VoiceTaskSnapshot;

/**
 * Something that was learned about a task. Every change of a task is one of these, from any source: a create's answer,
 * a poll, a callback's hint, Kling's id for the task, or the gateway's own decision to close it.
 */
export type TaskEvent =
  | { readonly type: 'SNAPSHOT'; readonly snapshot: AnySnapshot }
  | { readonly type: 'IDENTIFIED'; readonly klingTaskId: string }
  | { readonly type: 'CLOSED'; readonly failure: TaskFailure };

/** `STATE`: watchers are told. `DETAIL`: the record is completed (a fresher URL, a charge told late), nobody is told. */
export interface Applied<T extends TaskRecord> {
  readonly record: T;
  readonly change: 'STATE' | 'DETAIL';
}

/** How far along a status is. A task never moves to a lower one. */
const RANK: Record<TaskStatus, number> = {
  QUEUED: 0,
  SUBMITTED: 1,
  PROCESSING: 2,
  UNRECOGNIZED: 2,
  SUCCEEDED: 3,
  FAILED: 3,
};

/**
 * What a record becomes by an event; null when the event says nothing new.
 *
 * Safe against repeats, reorderings and late arrivals: a final record keeps its status for ever, a lower status never
 * replaces a higher one, and of two states that rank the same the one that Kling updated later stands.
 */
export function applyEvent<T extends TaskRecord>(record: T, event: TaskEvent, nowMs: number): Applied<T> | null {
  if (event.type === 'CLOSED') {
    if (isFinal(record.status)) return null;
    return { change: 'STATE', record: { ...record, status: 'FAILED', failure: event.failure, updatedAtMs: nowMs } };
  }
  if (event.type === 'IDENTIFIED') return identified(record, event.klingTaskId);
  if (isFinal(record.status)) return completed(record, event.snapshot);
  const isEmpty = isEmptySuccess(record, event.snapshot);
  const snapshot = isEmpty ? { ...event.snapshot, status: 'PROCESSING' as const } : event.snapshot;
  if (!supersedes(record, snapshot)) return noticed(record, snapshot);
  const updatedAtMs = Math.max(record.updatedAtMs, snapshot.updatedAtMs ?? nowMs);
  return {
    change: 'STATE',
    record: {
      ...record,
      ...learned(record, snapshot),
      status: snapshot.status,
      klingStatus: snapshot.klingStatus,
      failure: snapshot.status === 'FAILED' ? classifyFailure(snapshot.statusMessage) : null,
      updatedAtMs,
      expiresAtMs: snapshot.status === 'SUCCEEDED' ? resultExpiresAtMs(updatedAtMs) : null,
    },
  };
}

function supersedes(record: TaskRecord, snapshot: TaskSnapshot): boolean {
  const rise = RANK[snapshot.status] - RANK[record.status];
  if (rise !== 0) return rise > 0;
  if (snapshot.klingStatus === record.klingStatus) return false;
  return (snapshot.updatedAtMs ?? 0) > record.updatedAtMs;
}

/** What is true whatever the state: Kling's id for the task, and the video it is made from, which tells its cost. */
function noticed<T extends TaskRecord>(record: T, snapshot: AnySnapshot): Applied<T> | null {
  const { klingTaskId = null } = learned(record, snapshot);
  if (record.kind === 'VOICE' || record.parentVideo !== null) return detailed(record, { klingTaskId });
  const { parentVideo = null, unitsEstimated = null } = learned(record, snapshot);
  return detailed(record, { klingTaskId, ...(parentVideo === null ? {} : { parentVideo, unitsEstimated }) });
}

/** Kling's id for the task, learned from an event that changes nothing else. */
function identified<T extends TaskRecord>(record: T, klingTaskId: string): Applied<T> | null {
  if (record.klingTaskId !== null || klingTaskId === '') return null;
  return { change: 'DETAIL', record: { ...record, klingTaskId } };
}

/**
 * Whether Kling says that a task has succeeded, and shows no result of it yet. That is no end: results were seen to follow
 * within seconds. The task stays `PROCESSING`, with Kling's own word for its status.
 */
export function isEmptySuccess(record: TaskRecord, snapshot: AnySnapshot): boolean {
  if (snapshot.status !== 'SUCCEEDED' || isFinal(record.status)) return false;
  const { voices = [], videos = [] } = learned(record, snapshot);
  return (record.kind === 'VOICE' ? voices : videos).length === 0;
}

/** A final record takes from a later reading of the same outcome only what it lacks or what ages: URLs and the charge. */
function completed<T extends TaskRecord>(record: T, snapshot: TaskSnapshot): Applied<T> | null {
  // Kling's last word on a task that was given up here: what it was charged is owed all the same.
  if (snapshot.status !== record.status) {
    return detailed(record, {
      unitsDeducted: snapshot.unitsDeducted ?? record.unitsDeducted,
      balanceDeducted: snapshot.balanceDeducted ?? record.balanceDeducted,
    });
  }
  return detailed(record, learned(record, snapshot));
}

function detailed<T extends TaskRecord>(
  record: T,
  change: Partial<LipSyncTask & Omit<VoiceTask, 'kind'>>,
): Applied<T> | null {
  const next = { ...record, ...change };
  return JSON.stringify(next) === JSON.stringify(record) ? null : { change: 'DETAIL', record: next };
}

/** What a snapshot adds to a record. What Kling leaves out (it often does) is kept as it was. */
function learned(record: TaskRecord, snapshot: AnySnapshot): Partial<LipSyncTask & Omit<VoiceTask, 'kind'>> {
  const common = {
    klingTaskId: record.klingTaskId ?? (snapshot.klingTaskId === '' ? null : snapshot.klingTaskId),
    unitsDeducted: snapshot.unitsDeducted ?? record.unitsDeducted,
    balanceDeducted: snapshot.balanceDeducted ?? record.balanceDeducted,
    klingRequestId: record.klingRequestId ?? snapshot.klingRequestId,
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
