import { graphql, type ResultOf, type VariablesOf } from './graphql.ts';

/**
 * All fields of a task that any screen shows. One shape, so that an event can replace any earlier answer. `__typename` is
 * here because the cache adds it to all documents but subscriptions.
 */
export const taskFields = graphql(`
  fragment TaskFields on Task @_unmask {
    __typename
    id
    status
    externalId
    label
    createdAt
    updatedAt
    endedAt
    estimatedEndAt
    expiresAt
    unitsEstimated
    unitsCharged
    queuePosition
    failure {
      __typename
      code
      message
    }
    ... on LipSyncTask {
      stage
      costs {
        __typename
        stage
      }
      face {
        __typename
        id
        imageUrl
      }
      sourceVideo {
        __typename
        url
        media {
          __typename
          id
          fileName
        }
      }
      videos {
        __typename
        klingVideoId
        url
        durationMs
        isArchived
        expiresAt
      }
    }
    ... on VoiceTask {
      name
      voices {
        __typename
        id
        name
        sampleUrl
      }
    }
  }
`);

/** All fields of a failure that any screen shows. */
export const failureFields = graphql(`
  fragment FailureFields on Failure @_unmask {
    __typename
    code
    message
    ... on InvalidInputError {
      issues {
        __typename
        code
        path
        message
      }
    }
  }
`);

export type Task = ResultOf<typeof taskFields>;
export type LipSyncTask = Extract<Task, { __typename: 'LipSyncTask' }>;

export const ViewerDocument = graphql(`
  query Viewer {
    viewer {
      tenant
      scopes
      expiresAt
    }
  }
`);

export const TasksDocument = graphql(
  `
    query Tasks($after: String, $kind: TaskKind, $status: [TaskStatus!]) {
      tasks(first: 20, after: $after, filter: { kind: $kind, status: $status }) {
        edges {
          cursor
          node {
            ...TaskFields
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [taskFields],
);

/** The tasks of a list, for the cache to change. Without a schema, it cannot read fields of single types while it writes. */
export const TaskEdgesDocument = graphql(`
  query TaskEdges($after: String, $kind: TaskKind, $status: [TaskStatus!]) {
    tasks(first: 20, after: $after, filter: { kind: $kind, status: $status }) {
      __typename
      edges {
        __typename
        cursor
        node {
          __typename
          id
          createdAt
        }
      }
      pageInfo {
        __typename
        hasNextPage
      }
    }
  }
`);

export const TaskDocument = graphql(
  `
    query Task($id: ID!) {
      node(id: $id) {
        __typename
        id
        ...TaskFields
      }
    }
  `,
  [taskFields],
);

export const TaskUpdatesDocument = graphql(
  `
    subscription TaskUpdates($after: String) {
      taskUpdates(after: $after) {
        cursor
        resync
        task {
          ...TaskFields
        }
      }
    }
  `,
  [taskFields],
);

/** Passes an event to the cache: the query is never sent, and the event is its answer. The cursor makes each query distinct. */
export const EventDocument = graphql(
  `
    query Event($id: ID!, $cursor: String!) {
      node(id: $id) {
        __typename
        id
        ...TaskFields
      }
    }
  `,
  [taskFields],
);

export const CancelTaskDocument = graphql(
  `
    mutation CancelTask($taskId: ID!) {
      cancelTask(taskId: $taskId) {
        ... on Task {
          ...TaskFields
        }
        ...FailureFields
      }
    }
  `,
  [taskFields, failureFields],
);

export const RetryTaskDocument = graphql(
  `
    mutation RetryTask($taskId: ID!, $payAgain: Boolean!, $externalId: String) {
      retryTask(taskId: $taskId, payAgain: $payAgain, externalId: $externalId) {
        ... on Task {
          ...TaskFields
        }
        ...FailureFields
      }
    }
  `,
  [taskFields, failureFields],
);

export const IdentifyFacesDocument = graphql(
  `
    mutation IdentifyFaces($video: VideoInput!, $externalId: String) {
      identifyFaces(video: $video, externalId: $externalId) {
        ... on FaceScan {
          __typename
          id
          expiresAt
          unitsCharged
          faces {
            id
            imageUrl
            startMs
            endMs
          }
        }
        ...FailureFields
      }
    }
  `,
  [failureFields],
);

export type FaceScan = Extract<ResultOf<typeof IdentifyFacesDocument>['identifyFaces'], { __typename: 'FaceScan' }>;
export type Face = FaceScan['faces'][number];

export const CreateLipSyncDocument = graphql(
  `
    mutation CreateLipSync($input: CreateLipSyncTaskInput!) {
      createLipSyncTask(input: $input) {
        ... on LipSyncTask {
          ...TaskFields
        }
        ...FailureFields
      }
    }
  `,
  [taskFields, failureFields],
);

export type LipSyncInput = VariablesOf<typeof CreateLipSyncDocument>['input'];

export const LipSyncQuoteDocument = graphql(
  `
    query LipSyncQuote($input: CreateLipSyncTaskInput!) {
      lipSyncQuote(input: $input) {
        ... on LipSyncQuote {
          __typename
          units
          usd
        }
        ...FailureFields
      }
    }
  `,
  [failureFields],
);
