import { graphql } from 'relay-runtime';

// relay-compiler reads this file and writes `__generated__`, which runs. Update it by `npm run generate -- relay`.

export const task = () => graphql`
  fragment relayDocumentsTask on Task @inline {
    __typename
    id
    label
    status
    failure {
      __typename
      code
      message
    }
    ... on VoiceTask {
      voices {
        id
        name
      }
    }
    ... on LipSyncTask {
      videos {
        url
      }
    }
  }
`;

export const list = () => graphql`
  query relayDocumentsListQuery {
    tasks(first: 20) {
      nodes {
        ...relayDocumentsTask
      }
    }
  }
`;

export const cloneVoice = () => graphql`
  mutation relayDocumentsCloneVoiceMutation($input: CreateVoiceTaskInput!) {
    createVoiceTask(input: $input) {
      __typename
      ...relayDocumentsTask @alias(as: "task")
      ... on Failure {
        message
        retryable
      }
      ... on InvalidInputError {
        issues {
          path
          message
        }
      }
    }
  }
`;

export const watch = () => graphql`
  subscription relayDocumentsWatchSubscription($after: String) {
    taskUpdates(after: $after) {
      cursor
      task {
        ...relayDocumentsTask
      }
    }
  }
`;
