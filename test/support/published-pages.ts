/**
 * Every request parameter and response field of Kling's pages "Custom Voice" and "Lip-Sync" (read 2026-09), with its name
 * in the GraphQL schema and its test. `publishedTable` writes it into docs/kling-coverage.md.
 */

/** Kling's name, its place in the schema (a coordinate, or text in brackets), and the test file under `test/`. */
export type PublishedRow = readonly [kling: string, graphql: string, test: string];

export interface PublishedEndpoint {
  readonly endpoint: string;
  readonly rows: readonly PublishedRow[];
}

const VOICES = 'kling/voices.test.ts';
const LIP_SYNC = 'kling/lip-sync.test.ts';
const LIVE = 'node/published-pages.test.ts';
const CODES = 'node/business-codes.test.ts';

/** The envelope, which is the same for all endpoints. */
const ENVELOPE: readonly PublishedRow[] = [
  ['code', 'KlingError.klingCode', CODES],
  ['message', 'KlingError.message', CODES],
];

const TASK: readonly PublishedRow[] = [
  ['task_id', 'KlingTask.klingTaskId', LIVE],
  ['task_status', 'KlingTask.klingStatus', LIVE],
  ['created_at', 'KlingTask.klingCreatedAt', LIVE],
  ['updated_at', 'KlingTask.klingUpdatedAt', LIVE],
];

const LISTED: readonly PublishedRow[] = [
  ...ENVELOPE,
  ['request_id', 'KlingTaskPage.klingRequestId', LIVE],
  ['task_id', 'KlingTask.klingTaskId', LIVE],
  ['task_status', 'KlingTask.klingStatus', LIVE],
  ['task_status_msg', 'KlingTask.klingStatusMessage', LIVE],
  ['created_at', 'KlingTask.klingCreatedAt', LIVE],
  ['updated_at', 'KlingTask.klingUpdatedAt', LIVE],
];

const VOICE: readonly PublishedRow[] = [
  ['voices[].voice_id', 'Voice.klingVoiceId', LIVE],
  ['voices[].voice_name', 'Voice.name', LIVE],
  ['voices[].trial_url', 'Voice.sampleUrl', LIVE],
  ['voices[].owned_by', 'Voice.klingOwnerId', LIVE],
];

const VIDEO: readonly PublishedRow[] = [
  ['parent_video.id', 'Video.klingVideoId', LIVE],
  ['parent_video.url', 'Video.url', LIVE],
  ['parent_video.duration', 'Video.durationMs', LIVE],
  ['videos[].id', 'Video.klingVideoId', LIVE],
  ['videos[].url', 'Video.url', LIVE],
  ['videos[].watermark_url', 'Video.watermarkUrl', LIVE],
  ['videos[].duration', 'Video.durationMs', LIVE],
];

export const PUBLISHED: readonly PublishedEndpoint[] = [
  {
    endpoint: 'POST /v1/general/custom-voices',
    rows: [
      ['voice_name', 'CreateVoiceTaskInput.name', VOICES],
      ['voice_url', 'VoiceSampleInput.url', VOICES],
      ['video_id', 'VoiceSampleInput.klingVideoId', VOICES],
      ['callback_url', '(set by the gateway to its own address)', VOICES],
      ['external_task_id', 'Task.id', VOICES],
      ...ENVELOPE,
      ['request_id', 'KlingTask.klingRequestId', LIVE],
      ['task_info.external_task_id', 'KlingTask.klingExternalTaskId', LIVE],
      ...TASK,
    ],
  },
  {
    endpoint: 'GET /v1/general/custom-voices/{id}',
    rows: [
      ['task_id / external_task_id (path)', 'TaskReferenceInput.id', VOICES],
      ...ENVELOPE,
      ['request_id', 'KlingError.klingRequestId', CODES],
      ...TASK,
      ['task_status_msg', 'KlingTask.klingStatusMessage', LIVE],
      ['task_info.external_task_id', 'KlingTask.klingExternalTaskId', LIVE],
      ...VOICE,
      ['final_unit_deduction', 'KlingTask.unitsDeducted', LIVE],
    ],
  },
  {
    endpoint: 'GET /v1/general/custom-voices',
    rows: [
      ['pageNum', 'OperatorQuery.klingTasks(page:)', VOICES],
      ['pageSize', 'OperatorQuery.klingTasks(pageSize:)', VOICES],
      ...LISTED,
      ['final_unit_deduction', 'KlingTask.unitsDeducted', LIVE],
      ['task_info.external_task_id', 'KlingTask.klingExternalTaskId', LIVE],
      ...VOICE,
    ],
  },
  {
    endpoint: 'GET /v1/general/presets-voices',
    rows: [
      ['pageNum', 'OperatorQuery.klingTasks(page:)', VOICES],
      ['pageSize', 'OperatorQuery.klingTasks(pageSize:)', VOICES],
      ...LISTED,
      ...VOICE,
    ],
  },
  {
    endpoint: 'POST /v1/general/delete-voices',
    rows: [
      ['voice_id', 'Mutation.deleteVoice(voiceId:)', VOICES],
      ...ENVELOPE,
      ['request_id', 'KlingTask.klingRequestId', LIVE],
      ['task_id', 'KlingTask.klingTaskId', LIVE],
      ['task_status', 'KlingTask.klingStatus', LIVE],
    ],
  },
  {
    endpoint: 'POST /v1/videos/identify-face',
    rows: [
      ['video_id', 'VideoInput.klingVideoId', 'kling/faces.test.ts'],
      ['video_url', 'VideoInput.url', 'kling/faces.test.ts'],
      ...ENVELOPE,
      ['request_id', 'FaceScan.klingRequestId', LIVE],
      ['session_id', 'FaceScan.klingSessionId', LIVE],
      ['final_unit_deduction', 'FaceScan.unitsCharged', LIVE],
      ['face_data[].face_id', 'Face.klingFaceId', LIVE],
      ['face_data[].face_image', 'Face.imageUrl', LIVE],
      ['face_data[].start_time', 'Face.startMs', LIVE],
      ['face_data[].end_time', 'Face.endMs', LIVE],
    ],
  },
  {
    endpoint: 'POST /v1/videos/advanced-lip-sync',
    rows: [
      ['session_id', 'KlingFaceInput.klingSessionId', LIP_SYNC],
      ['face_choose[].face_id', 'KlingFaceInput.klingFaceId', LIP_SYNC],
      ['face_choose[].audio_id', 'AudioInput.klingAudioId', LIP_SYNC],
      ['face_choose[].sound_file (URL)', 'AudioInput.url', LIP_SYNC],
      ['face_choose[].sound_file (Base64)', 'AudioInput.base64', LIP_SYNC],
      ['face_choose[].sound_start_time', 'PlacementInput.audioStartMs', LIP_SYNC],
      ['face_choose[].sound_end_time', 'PlacementInput.audioEndMs', LIP_SYNC],
      ['face_choose[].sound_insert_time', 'PlacementInput.insertAtMs', LIP_SYNC],
      ['face_choose[].sound_volume', 'CreateLipSyncTaskInput.audioVolume', LIP_SYNC],
      ['face_choose[].original_audio_volume', 'CreateLipSyncTaskInput.originalAudioVolume', LIP_SYNC],
      ['watermark_info.enabled', 'CreateLipSyncTaskInput.watermark', LIP_SYNC],
      ['external_task_id', 'Task.id', LIP_SYNC],
      ['callback_url', '(set by the gateway to its own address)', LIP_SYNC],
      ...ENVELOPE,
      ['request_id', 'KlingTask.klingRequestId', LIVE],
      ['task_info.external_task_id', 'KlingTask.klingExternalTaskId', LIVE],
      ...TASK,
    ],
  },
  {
    endpoint: 'GET /v1/videos/advanced-lip-sync/{id}',
    rows: [
      ['task_id (path)', 'TaskReferenceInput.id', LIP_SYNC],
      ...ENVELOPE,
      ['request_id', 'KlingError.klingRequestId', CODES],
      ...TASK,
      ['task_status_msg', 'KlingTask.klingStatusMessage', LIVE],
      ...VIDEO,
      ['watermark_info.enabled', 'KlingTask.watermarkEnabled', LIVE],
      ['final_unit_deduction', 'KlingTask.unitsDeducted', LIVE],
    ],
  },
  {
    endpoint: 'GET /v1/videos/advanced-lip-sync',
    rows: [
      ['pageNum', 'OperatorQuery.klingTasks(page:)', LIP_SYNC],
      ['pageSize', 'OperatorQuery.klingTasks(pageSize:)', LIP_SYNC],
      ...LISTED,
      ['final_unit_deduction', 'KlingTask.unitsDeducted', LIVE],
      ...VIDEO,
      ['watermark_info.enabled', 'KlingTask.watermarkEnabled', LIVE],
    ],
  },
];

/** Builds the table of docs/kling-coverage.md. */
export function publishedTable(): string {
  const lines = ['| Kling | GraphQL | test |', '|---|---|---|'];
  for (const { endpoint, rows } of PUBLISHED) {
    lines.push(`| **${endpoint}** | | |`);
    for (const [kling, graphql, test] of rows) {
      const shown = graphql.startsWith('(') ? graphql : `\`${graphql}\``;
      lines.push(`| \`${kling}\` | ${shown} | \`test/${test}\` |`);
    }
  }
  return lines.join('\n');
}
