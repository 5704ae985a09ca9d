import type { TaskIdentity, LipSyncRequest } from '../domain/inputs.ts';
import type {
  BalanceDeduction,
  TaskSnapshot,
  TaskStatus,
  GeneratedVideo,
  LipSyncSnapshot,
  ParentVideo,
} from '../domain/task.ts';
import { isRecord, parseJsonKeepingLongIntegers } from '../lib/json.ts';
import type { PageRequest, UpstreamPage } from '../domain/ports.ts';
import type { AudioSource, FileSource, Sent } from '../domain/sources.ts';
import {
  dataItems,
  decimalOrNull,
  type Envelope,
  epochMsOrNull,
  recordOf,
  recordsOf,
  secondsToMs,
  textOrNull,
  UnreadableAnswer,
  type WireRecord,
  dataWith,
  toPage,
} from './envelope.ts';
import { KlingError } from './errors.ts';
import { type Call, pageQuery, pathSegment } from './transport.ts';

/**
 * Maps a task record in either of Kling's shapes. `/v1` and callbacks send `task_id` and `task_status` (Kling docs, 2026-09).
 * `GET /tasks` and the console's Test Callback send `id` and `status`. Any part of `task_info` may be missing.
 * `klingRequestId` is null for callbacks.
 */
export function toTaskSnapshot(record: WireRecord, klingRequestId: string | null): TaskSnapshot {
  return isV1Task(record) ? toV1Snapshot(record, klingRequestId) : toNewerSnapshot(record, klingRequestId);
}

/** Returns true for a record of `/v1`, false for one of the newer API. A read of `/v1` may omit `task_id` (live). */
function isV1Task(record: WireRecord): boolean {
  return textOrNull(record['task_id']) !== null || textOrNull(record['task_status']) !== null;
}

/** Returns Kling's id of a task, in either shape; null if the record lacks it, and so is not a task. */
export function taskIdOf(record: WireRecord): string | null {
  return textOrNull(record['task_id']) ?? textOrNull(record['id']);
}

/**
 * Returns the task record in the answer to a read of one task. A record without an id is of the task that was asked for; its
 * snapshot gets an empty `klingTaskId`. Throws `UnreadableAnswer` if the status is missing, too.
 */
export function requestedTask(envelope: Envelope): WireRecord {
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

/** Returns the money that a newer account was charged; null if Kling sends none. */
export function toBalanceDeduction(value: unknown): BalanceDeduction | null {
  if (!isRecord(value)) return null;
  const quota = decimalOrNull(value['quota']);
  const listPrice = decimalOrNull(value['list_price']);
  return quota === null && listPrice === null ? null : { quota, listPrice };
}

/** Reads `billing: [{charge_type: "unit", amount: "3"}]` (live, 2026-09). Returns null unless exactly one entry counts units. */
function unitsBilled(billing: unknown): string | null {
  if (!Array.isArray(billing)) return null;
  const units = billing.filter((entry) => isRecord(entry) && entry['charge_type'] === 'unit');
  return units.length === 1 ? decimalOrNull(recordOf(units[0])['amount']) : null;
}

/** Returns the fields by which a task is found again. Omits unset ones, because Kling may reject an empty one. */
export function identityFields({ externalTaskId, callbackUrl }: TaskIdentity): WireRecord {
  return {
    ...(externalTaskId === null ? {} : { external_task_id: externalTaskId }),
    ...(callbackUrl === null ? {} : { callback_url: callbackUrl }),
  };
}

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

/**
 * The state of a task as a callback reports it. It is a hint: a callback may be forged, late, repeated or without results,
 * so the task is read at Kling before it ends. `klingRequestId` is always null.
 */
export interface CallbackHint extends TaskSnapshot {
  /** `V1`: the record of a task of this gateway. `NEWER`: the record that the console's Test Callback sends. */
  readonly shape: 'V1' | 'NEWER';
}

/** Parses the body as JSON without losing digits of long ids. Returns null if it is not JSON. */
export function parseCallbackBody(body: string): unknown {
  try {
    return parseJsonKeepingLongIntegers(body);
  } catch {
    return null;
  }
}

/** Reads a parsed callback. Returns null if it names no task. Source: Kling docs, "Callback Protocol", 2026-09. */
export function parseCallback(json: unknown): CallbackHint | null {
  if (!isRecord(json) || taskIdOf(json) === null) return null;
  return { ...toTaskSnapshot(json, null), shape: isV1Task(json) ? 'V1' : 'NEWER' };
}

const LIP_SYNCS = '/v1/videos/advanced-lip-sync';

/** `POST /v1/videos/advanced-lip-sync`: 0.5 units per 5 s. Kling accepts one face in `face_choose` (2026-09). */
export function createLipSyncCall(request: Sent<LipSyncRequest>, identity: TaskIdentity): Call<LipSyncSnapshot> {
  const { placement } = request;
  return {
    method: 'POST',
    path: LIP_SYNCS,
    body: {
      session_id: request.sessionId,
      face_choose: [
        {
          face_id: request.faceId,
          ...audioFields(request.sound),
          sound_start_time: placement.cropStartMs,
          sound_end_time: placement.cropEndMs,
          sound_insert_time: placement.insertAtMs,
          sound_volume: request.soundVolume,
          original_audio_volume: request.originalAudioVolume,
        },
      ],
      ...(request.watermark ? { watermark_info: { enabled: true } } : {}),
      ...identityFields(identity),
    },
    decode: (envelope) => toLipSyncSnapshot(dataWith(envelope, 'task_id'), envelope.requestId),
  };
}

/** `GET /v1/videos/advanced-lip-sync/{id}`, by Kling's task id. Reading by `external_task_id` is unverified. */
export function readLipSyncCall(id: string): Call<LipSyncSnapshot> {
  return {
    method: 'GET',
    path: `${LIP_SYNCS}/${pathSegment(id)}`,
    decode: (envelope) => toLipSyncSnapshot(requestedTask(envelope), envelope.requestId),
  };
}

/** `GET /v1/videos/advanced-lip-sync`: the tasks of the whole account. Drops records without an id. */
export function listLipSyncsCall(page: PageRequest): Call<UpstreamPage<LipSyncSnapshot>> {
  return {
    method: 'GET',
    path: LIP_SYNCS,
    query: pageQuery(page),
    decode(envelope) {
      const tasks = dataItems(envelope).filter((record) => taskIdOf(record) !== null);
      return toPage(
        envelope,
        tasks.map((record) => toLipSyncSnapshot(record, envelope.requestId)),
      );
    },
  };
}

/** Maps the record of a lip-sync task. `klingRequestId` is null for a record from a callback. */
export function toLipSyncSnapshot(record: WireRecord, klingRequestId: string | null): LipSyncSnapshot {
  const info = recordOf(record['task_info']);
  return {
    ...toTaskSnapshot(record, klingRequestId),
    parentVideo: toParentVideo(info['parent_video']),
    videos: toGeneratedVideos(recordOf(record['task_result'])['videos']),
    watermarkEnabled: toWatermarkEnabled(record['watermark_info']) ?? toWatermarkEnabled(info['watermark_info']),
  };
}

function audioFields({ audioId, url, base64 }: Exclude<AudioSource, FileSource>): WireRecord {
  return audioId === undefined ? { sound_file: url ?? base64 } : { audio_id: audioId };
}

/** Returns null if Kling sends no video, or an empty one. */
function toParentVideo(value: unknown): ParentVideo | null {
  if (!isRecord(value)) return null;
  const videoId = textOrNull(value['id']);
  const url = textOrNull(value['url']);
  const durationMs = secondsToMs(value['duration']);
  return videoId === null && url === null && durationMs === null ? null : { videoId, url, durationMs };
}

function toGeneratedVideos(value: unknown): readonly GeneratedVideo[] {
  const videos: GeneratedVideo[] = [];
  for (const record of recordsOf(value)) {
    const video = toGeneratedVideo(record);
    if (video !== null) videos.push(video);
  }
  return videos;
}

/** Returns null for a video with neither id nor URL. A paid video with only a URL is kept, with an empty id. */
function toGeneratedVideo(record: WireRecord): GeneratedVideo | null {
  const videoId = textOrNull(record['id']);
  const url = textOrNull(record['url']);
  if (videoId === null && url === null) return null;
  return {
    videoId: videoId ?? '',
    url,
    watermarkUrl: textOrNull(record['watermark_url']),
    durationMs: secondsToMs(record['duration']),
  };
}

function toWatermarkEnabled(value: unknown): boolean | null {
  const enabled = recordOf(value)['enabled'];
  return typeof enabled === 'boolean' ? enabled : null;
}

/** The list of the account's lip-syncs, as a Kling client reads it. */
export interface LipSyncList {
  readonly listLipSyncTasks: (page: PageRequest) => Promise<UpstreamPage<LipSyncSnapshot>>;
}

const PAGES_MAX = 5;
/** Kling's maximum for this list. */
const PAGE_SIZE = 500;
/** How much older than its first send a task may look, because Kling's clock differs. */
const OLDER_MS = 600_000;

/**
 * Finds the lip-sync with an external id in the account's list, newest first, and returns Kling's id of it. Returns null if
 * it is not among the newest 2,500 made since the first send. Whether Kling can read one by external id is unverified.
 * Invariant: the list holds tasks of other tenants, so only the id of the exact match leaves this function.
 */
export async function findLipSync(
  { listLipSyncTasks }: LipSyncList,
  externalTaskId: string,
  firstSentAtMs: number,
): Promise<string | null> {
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const { items } = await listLipSyncTasks({ page, pageSize: PAGE_SIZE });
    const match = items.find((item) => item.externalTaskId === externalTaskId && item.klingTaskId !== '');
    if (match !== undefined) return match.klingTaskId;
    const oldestAtMs = items.findLast(({ createdAtMs }) => createdAtMs !== null)?.createdAtMs ?? null;
    if (items.length === 0 || (oldestAtMs !== null && oldestAtMs < firstSentAtMs - OLDER_MS)) return null;
  }
  return null;
}
