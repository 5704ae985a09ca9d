import type { PageRequest, PresetVoicePage, TaskIdentity, UpstreamPage, VoiceRequest } from '../domain/requests.ts';
import type { Voice, VoiceTaskSnapshot } from '../domain/voice.ts';
import { dataItems, dataWith, pageQuery, pathSegment, toPage } from './call.ts';
import type { Call } from './call.ts';
import { recordOf, recordsOf, textOrNull } from './decode.ts';
import type { WireRecord } from './decode.ts';
import { identityFields } from './task-request.ts';
import { taskIdOf, taskThatWasRead, toTaskSnapshot } from './task-wire.ts';

/** Kling's answer to a deletion. All but the request id is null if Kling sends no data. */
export interface DeletedVoice {
  readonly klingTaskId: string | null;
  readonly klingStatus: string | null;
  readonly klingRequestId: string | null;
}

const CUSTOM_VOICES = '/v1/general/custom-voices';

/** `POST /v1/general/custom-voices`: 0.05 units. */
export function createVoiceCall(request: VoiceRequest, identity: TaskIdentity): Call<VoiceTaskSnapshot> {
  const { source } = request;
  return {
    method: 'POST',
    path: CUSTOM_VOICES,
    body: {
      voice_name: request.name,
      ...(source.url === undefined ? { video_id: source.videoId } : { voice_url: source.url }),
      ...identityFields(identity),
    },
    decode: (envelope) => toVoiceTaskSnapshot(dataWith(envelope, 'task_id'), envelope.requestId),
  };
}

/** `GET /v1/general/custom-voices/{id}`, by Kling's task id or by the `external_task_id`. */
export function readVoiceTaskCall(id: string): Call<VoiceTaskSnapshot> {
  return {
    method: 'GET',
    path: `${CUSTOM_VOICES}/${pathSegment(id)}`,
    decode: (envelope) => toVoiceTaskSnapshot(taskThatWasRead(envelope), envelope.requestId),
  };
}

/** `GET /v1/general/custom-voices`: the tasks of the whole account. Drops records without an id. */
export function listVoiceTasksCall(page: PageRequest): Call<UpstreamPage<VoiceTaskSnapshot>> {
  return {
    method: 'GET',
    path: CUSTOM_VOICES,
    query: pageQuery(page),
    decode(envelope) {
      const tasks = dataItems(envelope).filter((record) => taskIdOf(record) !== null);
      return toPage(
        envelope,
        tasks.map((record) => toVoiceTaskSnapshot(record, envelope.requestId)),
      );
    },
  };
}

/**
 * `GET /v1/general/presets-voices`. Kling wraps one or more voices in an item that looks like a task (live). They are
 * flattened, so a page may hold more or fewer voices than its size.
 */
export function listPresetVoicesCall(page: PageRequest): Call<PresetVoicePage> {
  return {
    method: 'GET',
    path: '/v1/general/presets-voices',
    query: pageQuery(page),
    decode(envelope) {
      const records = dataItems(envelope);
      const voices = records.flatMap((record) => toVoices(record, 'KLING'));
      return { ...toPage(envelope, voices), itemsSent: records.length };
    },
  };
}

/** `POST /v1/general/delete-voices`: immediate. A voice that is already deleted is refused as `NOT_FOUND`. */
export function deleteVoiceCall(voiceId: string): Call<DeletedVoice> {
  return {
    method: 'POST',
    path: '/v1/general/delete-voices',
    body: { voice_id: voiceId },
    decode(envelope) {
      const data = recordOf(envelope.data);
      return {
        klingTaskId: textOrNull(data['task_id']),
        klingStatus: textOrNull(data['task_status']),
        klingRequestId: envelope.requestId,
      };
    },
  };
}

/** Maps the record of a voice task. For a callback, `klingRequestId` is null and the voices may be missing. */
export function toVoiceTaskSnapshot(record: WireRecord, klingRequestId: string | null): VoiceTaskSnapshot {
  return { ...toTaskSnapshot(record, klingRequestId), voices: toVoices(record, 'ACCOUNT') };
}

function toVoices(task: WireRecord, ownerUnlessTold: Voice['owner']): Voice[] {
  return recordsOf(recordOf(task['task_result'])['voices']).flatMap((record) => toVoice(record, ownerUnlessTold) ?? []);
}

/** Returns null for a voice without an id: it cannot be used. */
function toVoice(record: WireRecord, ownerUnlessTold: Voice['owner']): Voice | null {
  const voiceId = textOrNull(record['voice_id']);
  if (voiceId === null) return null;
  const ownerId = textOrNull(record['owned_by']);
  return {
    voiceId,
    name: textOrNull(record['voice_name']) ?? '',
    trialUrl: textOrNull(record['trial_url']),
    owner: ownerId === null ? ownerUnlessTold : ownerId === 'kling' ? 'KLING' : 'ACCOUNT',
    ownerId,
  };
}
