import { graphql } from 'relay-runtime';

// relay-compiler reads this file and writes `__generated__`, which runs. Update it by `npm run generate -- relay`.

export const allTasks = () => graphql`
  subscription relayOperationsTasksSubscription($after: String) {
    taskUpdates(after: $after) {
      cursor
      sequence
      task {
        id
        status
      }
    }
  }
`;

export const oneTask = () => graphql`
  subscription relayOperationsTaskSubscription($id: ID!, $after: String) {
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
