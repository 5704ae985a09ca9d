import { graphql } from 'relay-runtime';

// `npm run generate -- relay` replaces the texts by ids and writes them into `documents.json`, the manifest of a gateway that serves only these.

export const viewer = () => graphql`
  query operationsViewerQuery {
    viewer {
      tenant
    }
  }
`;

export const createVoiceTask = () => graphql`
  mutation operationsCreateVoiceMutation($input: CreateVoiceTaskInput!) {
    createVoiceTask(input: $input) {
      ... on VoiceTask {
        id
        status
      }
      ... on Failure {
        code
        message
      }
    }
  }
`;

export const taskUpdates = () => graphql`
  subscription operationsTaskSubscription($id: ID!, $after: String) {
    taskUpdates(taskId: $id, after: $after) {
      cursor
      sequence
      task {
        id
        status
      }
    }
  }
`;
