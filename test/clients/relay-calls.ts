import { graphql } from 'relay-runtime';

// relay-compiler reads this file and writes `__generated__`, which runs. Update it by `npm run generate -- relay`.

export const task = () => graphql`
  query relayCallsTaskQuery($id: ID!) {
    task(by: { id: $id }) {
      id
      status
      externalId
    }
  }
`;

export const createVoiceTask = () => graphql`
  mutation relayCallsCreateVoiceMutation($input: CreateVoiceTaskInput!) {
    createVoiceTask(input: $input) {
      ... on VoiceTask {
        id
        status
        externalId
      }
      ... on Failure {
        code
        message
      }
      ... on InvalidInputError {
        issues {
          code
          path
          message
        }
      }
    }
  }
`;

export const tasks = () => graphql`
  query relayCallsTasksQuery($first: Int!, $after: String) {
    tasks(first: $first, after: $after) @connection(key: "relayCalls_tasks") {
      edges {
        node {
          id
        }
      }
    }
  }
`;

export const operator = () => graphql`
  query relayCallsOperatorQuery {
    operator @catch(to: RESULT) {
      resourcePacks {
        name
      }
    }
  }
`;
