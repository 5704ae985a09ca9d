import { failureFields, taskFields } from './documents.ts';
import { graphql, type ResultOf } from './graphql.ts';

export const VoicesDocument = graphql(`
  query Voices($after: String) {
    voices(first: 50, after: $after) {
      edges {
        node {
          id
          name
          sampleUrl
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const PresetVoicesDocument = graphql(`
  query PresetVoices($after: String) {
    presetVoices(first: 12, after: $after) {
      edges {
        node {
          id
          name
          sampleUrl
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export type Voice = ResultOf<typeof VoicesDocument>['voices']['edges'][number]['node'];

export const CreateVoiceDocument = graphql(
  `
    mutation CreateVoice($input: CreateVoiceTaskInput!) {
      createVoiceTask(input: $input) {
        ... on VoiceTask {
          ...TaskFields
        }
        ...FailureFields
      }
    }
  `,
  [taskFields, failureFields],
);

export const DeleteVoiceDocument = graphql(
  `
    mutation DeleteVoice($voiceId: ID!) {
      deleteVoice(voiceId: $voiceId) {
        ... on Deletion {
          __typename
          deletedId
        }
        ...FailureFields
      }
    }
  `,
  [failureFields],
);

export const SynthesizeSpeechDocument = graphql(
  `
    mutation SynthesizeSpeech($speech: SpeechInput!, $externalId: String) {
      synthesizeSpeech(speech: $speech, externalId: $externalId) {
        ... on Speech {
          __typename
          id
          klingAudioId
          durationMs
          url
        }
        ...FailureFields
      }
    }
  `,
  [failureFields],
);

export const SpeechVoicesDocument = graphql(`
  query SpeechVoices($language: SpeechLanguage!) {
    speechVoices(language: $language) {
      klingVoiceId
      name
      gender
    }
  }
`);

export type SpeechVoice = ResultOf<typeof SpeechVoicesDocument>['speechVoices'][number];
