/** Operations of the schema for tests, with all fields. */

const KLING = `kling { klingTaskId klingRequestId klingStatus klingStatusMessage klingExternalTaskId klingCreatedAt
      klingUpdatedAt unitsDeducted balanceDeducted { quota listPrice } watermarkEnabled
      parentVideo { videoId url durationMs } videos { videoId url } voices { voiceId } }`;

export const IDENTIFY_FACES = `mutation IdentifyFaces($video: VideoInput!, $externalId: String) {
  identifyFaces(video: $video, externalId: $externalId) {
    faceScan { id klingSessionId createdAt expiresAt unitsCharged klingRequestId video { url klingVideoId durationMs }
      faces { id klingFaceId imageUrl startMs endMs } }
  }
}`;

export const CREATE_LIP_SYNC_TASK = `mutation CreateLipSyncTask($input: CreateLipSyncTaskInput!) {
  createLipSyncTask(input: $input) { task { id externalId status kling { klingTaskId klingRequestId } } }
}`;

export const CREATE_VOICE = `mutation CreateVoice($input: CreateVoiceTaskInput!) {
  createVoiceTask(input: $input) { task { id externalId status kling { klingTaskId klingRequestId } } }
}`;

export const DELETE_VOICE = `mutation DeleteVoice($voiceId: ID!) { deleteVoice(voiceId: $voiceId) { deletedVoiceId klingTaskId klingStatus klingRequestId }
}`;

export const SYNTHESIZE_SPEECH = `mutation SynthesizeSpeech($speech: SpeechInput!, $externalId: String) {
  synthesizeSpeech(speech: $speech, externalId: $externalId) { speech { id text language speed klingVoiceId klingAudioId url durationMs unitsCharged expiresAt klingTaskId createdAt klingRequestId } }
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
