import { graphql, type ResultOf } from './graphql.ts';

/** All that any screen shows of a task: one shape, so that an event can stand in for whatever was read before it. The
 * types are what the cache would ask for by itself, of all but a subscription. */
export const taskFields = graphql(`
  fragment TaskFields on Task @_unmask {
    __typename
    id
    status
    externalId
    createdAt
    updatedAt
    expiresAt
    unitsEstimated
    unitsDeducted
    queuePosition
    failure {
      __typename
      code
      message
    }
    ... on LipSyncTask {
      parentVideo {
        __typename
        url
        durationMs
      }
      videos {
        __typename
        videoId
        url
        durationMs
      }
    }
    ... on VoiceTask {
      voices {
        __typename
        id
        name
        trialUrl
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
      tasks(first: 20, after: $after, kind: $kind, status: $status) {
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

/**
 * Which tasks a list has, for the cache to change: without a schema it cannot read what is asked of one type alone while
 * it writes.
 */
export const TaskEdgesDocument = graphql(`
  query TaskEdges($after: String, $kind: TaskKind, $status: [TaskStatus!]) {
    tasks(first: 20, after: $after, kind: $kind, status: $status) {
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

export const TasksChangedDocument = graphql(
  `
    subscription TasksChanged($after: String) {
      tasksChanged(after: $after) {
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

/** How an event comes to the cache: never sent, and answered by the event. Each is one of its own, by its cursor. */
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

export const CancelQueuedDocument = graphql(
  `
    mutation CancelQueued($input: CancelQueuedInput!) {
      cancelQueued(input: $input) {
        task {
          ...TaskFields
        }
      }
    }
  `,
  [taskFields],
);

export const IdentifyFacesDocument = graphql(`
  mutation IdentifyFaces($input: IdentifyFacesInput!) {
    identifyFaces(input: $input) {
      faceScan {
        id
        expiresAt
        unitsDeducted
        faces {
          id
          imageUrl
          startMs
          endMs
        }
      }
    }
  }
`);

export type FaceScan = NonNullable<ResultOf<typeof IdentifyFacesDocument>['identifyFaces']>['faceScan'];
export type Face = FaceScan['faces'][number];

export const QuoteDocument = graphql(`
  query Quote($videoDurationMs: Int!) {
    lipSyncQuote(videoDurationMs: $videoDurationMs) {
      units
      usd
    }
  }
`);

export const CreateLipSyncDocument = graphql(
  `
    mutation CreateLipSync($input: CreateLipSyncTaskInput!) {
      createLipSyncTask(input: $input) {
        task {
          ...TaskFields
        }
      }
    }
  `,
  [taskFields],
);
