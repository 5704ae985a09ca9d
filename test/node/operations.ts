/** Operations of the schema for tests, with all fields. */

const KLING = `kling { klingTaskId klingRequestId klingStatus klingStatusMessage klingExternalTaskId klingCreatedAt
      klingUpdatedAt unitsDeducted balanceDeducted { quota listPrice } watermarkEnabled
      parentVideo { klingVideoId url durationMs } videos { klingVideoId url } voices { klingVoiceId } }`;

const FAILURE = `... on Failure { code message retryable retryAfterMs }
    ... on InvalidInputError { issues { code path message } }
    ... on QuotaExhaustedError { limit }
    ... on KlingError { klingCode klingRequestId }`;

export const IDENTIFY_FACES = `mutation IdentifyFaces($video: VideoInput!, $externalId: String) {
  identifyFaces(video: $video, externalId: $externalId) {
    ... on FaceScan { id klingSessionId createdAt expiresAt unitsCharged klingRequestId video { url klingVideoId durationMs expiresAt watermarkUrl }
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
  synthesizeSpeech(speech: $speech, externalId: $externalId) { ... on Speech { id text language speed klingVoiceId klingAudioId url durationMs unitsCharged expiresAt createdAt kling { klingTaskId klingRequestId klingStatus klingCreatedAt klingUpdatedAt unitsDeducted } } ${FAILURE} }
}`;

export const LIP_SYNC_TASK = `query LipSyncTask($id: ID!) {
  task(by: { id: $id }) {
    id externalId status failure { code message } createdAt updatedAt expiresAt
    unitsEstimated unitsCharged ${KLING}
    ... on LipSyncTask {
      sourceVideo { klingVideoId url durationMs } videos { klingVideoId url watermarkUrl expiresAt durationMs }
    }
  }
}`;

export const VOICE_TASK = `query VoiceTask($id: ID!) {
  task(by: { id: $id }) {
    id externalId status failure { code message } createdAt updatedAt expiresAt
    unitsEstimated unitsCharged ${KLING}
    ... on VoiceTask { voices { id klingVoiceId name sampleUrl owner klingOwnerId } }
  }
}`;
