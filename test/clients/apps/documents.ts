import { initGraphQLTada, type ResultOf } from 'gql.tada';
import type { introspection } from '../../../src/studio/api/introspection.d.ts';

const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; Decimal: string; Month: string; URL: string };
}>();

const TASK_PARTS = graphql(`
  fragment TaskParts on Task @_unmask {
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
`);

export const LIST = graphql(
  `
    query List {
      tasks(first: 20) {
        nodes {
          ...TaskParts
        }
      }
    }
  `,
  [TASK_PARTS],
);

export const CLONE_VOICE = graphql(
  `
    mutation CloneVoice($input: CreateVoiceTaskInput!) {
      createVoiceTask(input: $input) {
        __typename
        ...TaskParts
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
  `,
  [TASK_PARTS],
);

export const WATCH = graphql(
  `
    subscription Watch($after: String) {
      taskUpdates(after: $after) {
        cursor
        task {
          ...TaskParts
        }
      }
    }
  `,
  [TASK_PARTS],
);

/** The type of a task decides which results it has. */
export function lineOf(task: ResultOf<typeof TASK_PARTS>): string {
  const results =
    task.__typename === 'VoiceTask' ? task.voices.map(({ name }) => name) : task.videos.map(({ url }) => url);
  return [task.label, task.status, task.failure?.code, ...results].filter(Boolean).join(' ');
}

/** The type of an answer decides what the user is told. */
export function linesOf({ createVoiceTask: answer }: ResultOf<typeof CLONE_VOICE>): readonly string[] {
  if (answer === null) return ['Something went wrong.'];
  switch (answer.__typename) {
    case 'VoiceTask':
      return [lineOf(answer)];
    case 'InvalidInputError':
      return answer.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    default:
      return [answer.retryable ? 'Try again later.' : answer.message];
  }
}
