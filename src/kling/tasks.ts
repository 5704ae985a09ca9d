import type { TaskSnapshot } from '../domain/task.ts';
import { dataItems } from './call.ts';
import type { Call } from './call.ts';
import { recordsOf, secondsToMs, textOrNull } from './decode.ts';
import type { WireRecord } from './decode.ts';
import { KlingError } from './kling-error.ts';
import { taskIdOf, toTaskSnapshot } from './task-wire.ts';

/** One thing that a task made, as the newer API tells it. */
export interface TaskOutput {
  /** Kling's word, such as `video`; null when not sent. */
  readonly type: string | null;
  readonly id: string | null;
  readonly url: string | null;
  readonly durationMs: number | null;
}

/** A task of any kind as the newer API tells it. `outputs` is empty until it has succeeded, and may stay so for voices. */
export interface ReadTask extends TaskSnapshot {
  readonly outputs: readonly TaskOutput[];
}

/** How many ids one read takes. Source: Kling docs, 2026-09. */
export const READ_TASKS_IDS_MAX = 20;

/**
 * `GET /tasks?task_ids`: many tasks in one read, API key only. Ids that Kling does not know are missing from the answer,
 * and its order is Kling's. Throws `BAD_USER_INPUT` for more than `READ_TASKS_IDS_MAX` ids, before sending.
 * Source: Kling docs, 2026-09; live for tasks made on `/v1` by voices, unverified for lip-syncs.
 */
export function readTasksCall(ids: readonly string[]): Call<readonly ReadTask[]> {
  if (ids.length > READ_TASKS_IDS_MAX) {
    throw new KlingError('REFUSED', {
      code: 'BAD_USER_INPUT',
      message: `At most ${READ_TASKS_IDS_MAX} tasks can be read at once.`,
      retryable: false,
    });
  }
  return {
    method: 'GET',
    path: '/tasks',
    query: `task_ids=${ids.map((id) => encodeURIComponent(id.toWellFormed())).join(',')}`,
    decode: (envelope) =>
      dataItems(envelope)
        .filter((record) => taskIdOf(record) !== null)
        .map((record) => toReadTask(record, envelope.requestId)),
  };
}

function toReadTask(record: WireRecord, klingRequestId: string | null): ReadTask {
  return { ...toTaskSnapshot(record, klingRequestId), outputs: recordsOf(record['outputs']).map(toTaskOutput) };
}

function toTaskOutput(record: WireRecord): TaskOutput {
  return {
    type: textOrNull(record['type']),
    id: textOrNull(record['id']),
    url: textOrNull(record['url']),
    durationMs: secondsToMs(record['duration']),
  };
}
