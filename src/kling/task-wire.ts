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

/** Kling's word for a status. `/v1` says `succeed`, the newer API `succeeded`; any other word is `UNRECOGNIZED`. */
export function toTaskStatus(klingStatus: string): TaskStatus {
  return Object.hasOwn(STATUSES, klingStatus) ? (STATUSES[klingStatus] ?? 'UNRECOGNIZED') : 'UNRECOGNIZED';
}

/** Kling's id of a task, in either of its shapes; null when the record names none and so is no task. */
export function taskIdOf(record: WireRecord): string | null {
  return textOrNull(record['task_id']) ?? textOrNull(record['id']);
}

/**
 * What every task record tells, in either of Kling's shapes: the `/v1` one (`task_id`, `task_status`, ...; Kling docs,
 * 2026-09), also the body of a callback, and the newer one (`id`, `status`, ...; `GET /tasks` and the console's Test
 * Callback). `task_info` and everything in it may be missing. `klingRequestId` is null for callbacks.
 */
export function toTaskSnapshot(record: WireRecord, klingRequestId: string | null): TaskSnapshot {
  return isV1Task(record) ? toV1Snapshot(record, klingRequestId) : toNewerSnapshot(record, klingRequestId);
}

/** Whether it is a record of `/v1`, rather than one of the newer API. A read of `/v1` may leave out `task_id` (live). */
export function isV1Task(record: WireRecord): boolean {
  return textOrNull(record['task_id']) !== null || textOrNull(record['task_status']) !== null;
}

/**
 * The task in the answer to a read of one task. An answer without an id is about the task that was asked for: its
 * snapshot has an empty `klingTaskId`. Throws `UnreadableAnswer` when it has no status either, and so says nothing.
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

/** What a newer account was charged in money; null when Kling tells none. */
export function toBalanceDeduction(value: unknown): BalanceDeduction | null {
  if (!isRecord(value)) return null;
  const quota = decimalOrNull(value['quota']);
  const listPrice = decimalOrNull(value['list_price']);
  return quota === null || listPrice === null ? null : { quota, listPrice };
}

/** `billing: [{charge_type: "unit", amount: "3", package_type: "video"}]`; live, 2026-09. Null unless exactly one counts units. */
function unitsBilled(billing: unknown): string | null {
  if (!Array.isArray(billing)) return null;
  const units = billing.filter((entry) => isRecord(entry) && entry['charge_type'] === 'unit');
  return units.length === 1 ? decimalOrNull(recordOf(units[0])['amount']) : null;
}
