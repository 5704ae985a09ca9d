import { graphql } from 'relay-runtime';

// Compiled by `npm run generate -- relay` into ids: the texts go to `documents.json`, the manifest of a gateway that serves no others.

export const viewer = () => graphql`
  query operationsViewerQuery {
    viewer {
      tenant
    }
  }
`;

export const createVoice = () => graphql`
  mutation operationsCreateVoiceMutation($input: CreateVoiceInput!) {
    createVoice(input: $input) {
      task {
        id
        status
      }
    }
  }
`;

export const taskChanged = () => graphql`
  subscription operationsTaskSubscription($id: ID!, $after: String) {
    taskChanged(id: $id, after: $after) {
      cursor
      sequence
      task {
        id
        status
      }
    }
  }
`;
