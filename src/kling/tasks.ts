import type { TaskSnapshot } from '../domain/task.ts';
import { dataItems } from './call.ts';
import type { Call } from './call.ts';
import { recordsOf, secondsToMs, textOrNull } from './decode.ts';
import type { WireRecord } from './decode.ts';
import { KlingError } from './kling-error.ts';
import { taskIdOf, toTaskSnapshot } from './task-wire.ts';

/** A result of a task, in the shape of the newer API. */
export interface TaskOutput {
  /** Kling's word, such as `video`; null if not sent. */
  readonly type: string | null;
  readonly id: string | null;
  readonly url: string | null;
  readonly durationMs: number | null;
}

/** A task of any kind, in the shape of the newer API. `outputs` is empty until it has succeeded, and may stay so for voices. */
export interface ReadTask extends TaskSnapshot {
  readonly outputs: readonly TaskOutput[];
}

/** The most ids per read. Source: Kling docs, 2026-09. */
export const READ_TASKS_IDS_MAX = 20;

/**
 * `GET /tasks?task_ids`: reads many tasks, with an API key only. Unknown ids are missing, and the order is Kling's. Throws
 * `BAD_USER_INPUT` for more than `READ_TASKS_IDS_MAX` ids, before sending.
 * Source: Kling docs, 2026-09. Seen live for voice tasks made on `/v1`, unverified for lip-syncs.
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
