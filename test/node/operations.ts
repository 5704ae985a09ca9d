/** Operations of the schema for tests, with all fields. */

export const IDENTIFY_FACES = `mutation IdentifyFaces($input: IdentifyFacesInput!) {
  identifyFaces(input: $input) {
    faceScan { id klingSessionId createdAt expiresAt unitsCharged klingRequestId video { url klingVideoId durationMs }
      faces { id klingFaceId imageUrl startMs endMs } }
  }
}`;

export const CREATE_LIP_SYNC_TASK = `mutation CreateLipSyncTask($input: CreateLipSyncTaskInput!) {
  createLipSyncTask(input: $input) { task { id externalId klingTaskId status klingRequestId } }
}`;

export const CREATE_VOICE = `mutation CreateVoice($input: CreateVoiceInput!) {
  createVoice(input: $input) { task { id externalId klingTaskId status klingRequestId } }
}`;

export const DELETE_VOICE = `mutation DeleteVoice($input: DeleteVoiceInput!) {
  deleteVoice(input: $input) { deletedVoiceId klingTaskId klingStatus klingRequestId }
}`;

export const SYNTHESIZE_SPEECH = `mutation SynthesizeSpeech($input: SynthesizeSpeechInput!) {
  synthesizeSpeech(input: $input) { speech { id text language speed klingVoiceId klingAudioId url durationMs unitsCharged expiresAt klingTaskId createdAt klingRequestId } }
}`;

export const LIP_SYNC_TASK = `query LipSyncTask($id: ID!) {
  lipSyncTask(by: { id: $id }) {
    id externalId klingTaskId status klingStatus failure { code message } createdAt updatedAt expiresAt
    unitsEstimated unitsDeducted balanceDeducted { quota listPrice } klingRequestId watermarkEnabled
    parentVideo { videoId url durationMs } videos { videoId url watermarkUrl durationMs }
  }
}`;

export const VOICE_TASK = `query VoiceTask($id: ID!) {
  voiceTask(by: { id: $id }) {
    id externalId klingTaskId status klingStatus failure { code message } createdAt updatedAt expiresAt
    unitsEstimated unitsDeducted balanceDeducted { quota listPrice } klingRequestId
    voices { id voiceId name trialUrl owner ownerId }
  }
}`;
