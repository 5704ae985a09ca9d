import type { BalanceDeduction, TaskSnapshot, TaskStatus } from '../domain/task.ts';
import { decimalOrNull, epochMsOrNull, isRecord, recordOf, textOrNull } from './decode.ts';
import type { WireRecord } from './decode.ts';
import type { Envelope } from './envelope.ts';
import { UnreadableAnswer } from './kling-error.ts';

const STATUSES: Readonly<Record<string, TaskStatus>> = {
  submitted: 'SUBMITTED',
  processing: 'PROCESSING',
  succeed: 'SUCCEEDED',
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
};

/** Maps Kling's word for a status. `/v1` says `succeed` and the newer API `succeeded`. Unknown words are `UNRECOGNIZED`. */
export function toTaskStatus(klingStatus: string): TaskStatus {
  return Object.hasOwn(STATUSES, klingStatus) ? (STATUSES[klingStatus] ?? 'UNRECOGNIZED') : 'UNRECOGNIZED';
}

/** Returns Kling's id of a task, in either shape; null if the record lacks it, and so is not a task. */
export function taskIdOf(record: WireRecord): string | null {
  return textOrNull(record['task_id']) ?? textOrNull(record['id']);
}

/**
 * Maps a task record in either of Kling's shapes. `/v1` and callbacks send `task_id` and `task_status` (Kling docs, 2026-09).
 * `GET /tasks` and the console's Test Callback send `id` and `status`. Any part of `task_info` may be missing.
 * `klingRequestId` is null for callbacks.
 */
export function toTaskSnapshot(record: WireRecord, klingRequestId: string | null): TaskSnapshot {
  return isV1Task(record) ? toV1Snapshot(record, klingRequestId) : toNewerSnapshot(record, klingRequestId);
}

/** Returns true for a record of `/v1`, false for one of the newer API. A read of `/v1` may omit `task_id` (live). */
export function isV1Task(record: WireRecord): boolean {
  return textOrNull(record['task_id']) !== null || textOrNull(record['task_status']) !== null;
}

/**
 * Returns the task record in the answer to a read of one task. A record without an id is of the task that was asked for; its
 * snapshot gets an empty `klingTaskId`. Throws `UnreadableAnswer` if the status is missing, too.
 */
export function taskThatWasRead(envelope: Envelope): WireRecord {
  const record = recordOf(envelope.data);
  if (taskIdOf(record) === null && textOrNull(record['task_status']) === null) {
    throw new UnreadableAnswer('an answer without task_id and task_status');
  }
  return record;
}

function toV1Snapshot(record: WireRecord, klingRequestId: string | null): TaskSnapshot {
  const info = recordOf(record['task_info']);
  const klingStatus = textOrNull(record['task_status']) ?? '';
  return {
    klingTaskId: taskIdOf(record) ?? '',
    externalTaskId: textOrNull(info['external_task_id']) ?? textOrNull(record['external_task_id']),
    status: toTaskStatus(klingStatus),
    klingStatus,
    statusMessage: textOrNull(record['task_status_msg']),
    createdAtMs: epochMsOrNull(record['created_at']),
    updatedAtMs: epochMsOrNull(record['updated_at']),
    unitsDeducted: decimalOrNull(record['final_unit_deduction']),
    balanceDeducted: toBalanceDeduction(record['final_balance_deduction']),
    klingRequestId,
  };
}

function toNewerSnapshot(record: WireRecord, klingRequestId: string | null): TaskSnapshot {
  const klingStatus = textOrNull(record['status']) ?? '';
  return {
    klingTaskId: textOrNull(record['id']) ?? '',
    externalTaskId: textOrNull(record['external_id']),
    status: toTaskStatus(klingStatus),
    klingStatus,
    statusMessage: textOrNull(record['message']),
    createdAtMs: epochMsOrNull(record['create_time']),
    updatedAtMs: epochMsOrNull(record['update_time']),
    unitsDeducted: unitsBilled(record['billing']),
    balanceDeducted: null,
    klingRequestId,
  };
}

/** Returns the money that a newer account was charged; null if Kling sends none. */
export function toBalanceDeduction(value: unknown): BalanceDeduction | null {
  if (!isRecord(value)) return null;
  const quota = decimalOrNull(value['quota']);
  const listPrice = decimalOrNull(value['list_price']);
  return quota === null || listPrice === null ? null : { quota, listPrice };
}

/** Reads `billing: [{charge_type: "unit", amount: "3"}]` (live, 2026-09). Returns null unless exactly one entry counts units. */
function unitsBilled(billing: unknown): string | null {
  if (!Array.isArray(billing)) return null;
  const units = billing.filter((entry) => isRecord(entry) && entry['charge_type'] === 'unit');
  return units.length === 1 ? decimalOrNull(recordOf(units[0])['amount']) : null;
}
