/** Operations of the schema for tests, with all fields. */

const KLING = `kling { klingTaskId klingRequestId klingStatus klingStatusMessage klingExternalTaskId klingCreatedAt
      klingUpdatedAt unitsDeducted balanceDeducted { quota listPrice } watermarkEnabled
      parentVideo { videoId url durationMs } videos { videoId url } voices { voiceId } }`;

const FAILURE = `... on Failure { code message retryable retryAfterMs }
    ... on InvalidInputError { issues { code path message } }
    ... on QuotaExhaustedError { limit }
    ... on KlingError { klingCode klingRequestId }`;

export const IDENTIFY_FACES = `mutation IdentifyFaces($video: VideoInput!, $externalId: String) {
  identifyFaces(video: $video, externalId: $externalId) {
    ... on FaceScan { id klingSessionId createdAt expiresAt unitsCharged klingRequestId video { url klingVideoId durationMs }
      faces { id klingFaceId imageUrl startMs endMs } }
    ${FAILURE}
  }
}`;

export const CREATE_LIP_SYNC_TASK = `mutation CreateLipSyncTask($input: CreateLipSyncTaskInput!) {
  createLipSyncTask(input: $input) { ... on LipSyncTask { id externalId status kling { klingTaskId klingRequestId } } ${FAILURE} }
}`;

export const CREATE_VOICE = `mutation CreateVoice($input: CreateVoiceTaskInput!) {
  createVoiceTask(input: $input) { ... on VoiceTask { id externalId status kling { klingTaskId klingRequestId } } ${FAILURE} }
}`;

export const DELETE_VOICE = `mutation DeleteVoice($voiceId: ID!) {
  deleteVoice(voiceId: $voiceId) {
    ... on Deletion { deletedId kling { klingTaskId klingStatus klingRequestId } }
    ... on InvalidInputError { issues { code path } }
  }
}`;

export const SYNTHESIZE_SPEECH = `mutation SynthesizeSpeech($speech: SpeechInput!, $externalId: String) {
  synthesizeSpeech(speech: $speech, externalId: $externalId) { ... on Speech { id text language speed klingVoiceId klingAudioId url durationMs unitsCharged expiresAt klingTaskId createdAt klingRequestId } ${FAILURE} }
}`;

export const LIP_SYNC_TASK = `query LipSyncTask($id: ID!) {
  lipSyncTask(by: { id: $id }) {
    id externalId status failure { code message } createdAt updatedAt expiresAt
    unitsEstimated unitsCharged ${KLING} watermarkEnabled
    parentVideo { videoId url durationMs } videos { videoId url watermarkUrl durationMs }
  }
}`;

export const VOICE_TASK = `query VoiceTask($id: ID!) {
  voiceTask(by: { id: $id }) {
    id externalId status failure { code message } createdAt updatedAt expiresAt
    unitsEstimated unitsCharged ${KLING}
    voices { id voiceId name trialUrl owner ownerId }
  }
}`;
