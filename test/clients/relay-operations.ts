import { graphql } from 'relay-runtime';

// relay-compiler reads this file and writes `__generated__`, which runs. Update it by `npm run generate -- relay`.

export const tasksChanged = () => graphql`
  subscription relayOperationsTasksSubscription($after: String) {
    tasksChanged(after: $after) {
      cursor
      sequence
      task {
        id
        status
      }
    }
  }
`;

export const taskChanged = () => graphql`
  subscription relayOperationsTaskSubscription($id: ID!, $after: String) {
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
