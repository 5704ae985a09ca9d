import { graphql, type ResultOf } from './graphql.ts';

/** All that any screen shows of a task: one shape, so that an event can stand in for whatever was read before it. */
const taskFields = graphql(`
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
      code
      message
    }
    ... on LipSyncTask {
      parentVideo {
        url
        durationMs
      }
      videos {
        videoId
        url
        durationMs
      }
    }
    ... on VoiceTask {
      voices {
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
    query Tasks($after: String) {
      tasks(first: 20, after: $after) {
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

export const VoicesDocument = graphql(`
  query Voices($after: String) {
    voices(first: 50, after: $after) {
      edges {
        node {
          id
          name
          trialUrl
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
          trialUrl
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export type Voice = ResultOf<typeof PresetVoicesDocument>['presetVoices']['edges'][number]['node'];

export const CreateVoiceDocument = graphql(
  `
    mutation CreateVoice($input: CreateVoiceInput!) {
      createVoice(input: $input) {
        task {
          ...TaskFields
        }
      }
    }
  `,
  [taskFields],
);

export const DeleteVoiceDocument = graphql(`
  mutation DeleteVoice($input: DeleteVoiceInput!) {
    deleteVoice(input: $input) {
      deletedVoiceId
    }
  }
`);
