import type { LipSyncRequest, TaskIdentity } from '../domain/inputs.ts';
import type { PageRequest, UpstreamPage } from '../domain/ports.ts';
import type { AudioSource, FileSource, Sent } from '../domain/sources.ts';
import type { GeneratedVideo, LipSyncSnapshot, ParentVideo } from '../domain/task.ts';
import { isRecord } from '../lib/json.ts';
import {
  dataItems,
  dataWith,
  recordOf,
  recordsOf,
  secondsToMs,
  textOrNull,
  toPage,
  type WireRecord,
} from './envelope.ts';
import { identityFields, requestedTask, taskIdOf, toTaskSnapshot } from './tasks.ts';
import { type Call, pageQuery, pathSegment } from './transport.ts';

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
