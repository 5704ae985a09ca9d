import { failureFields } from '../api/documents.ts';
import { graphql, type ResultOf } from '../api/graphql.ts';

/** All fields of a file that any screen shows. */
const mediaFields = graphql(`
  fragment MediaFields on Media @_unmask {
    __typename
    id
    kind
    status
    fileName
    contentType
    bytes
    durationMs
    width
    height
    url
    createdAt
    expiresAt
    problems {
      code
      message
    }
  }
`);

export type Media = ResultOf<typeof mediaFields>;

export const CreateMediaDocument = graphql(
  `
    mutation CreateMedia($kind: MediaKind!, $source: MediaSourceInput!) {
      createMedia(kind: $kind, source: $source) {
        ... on Media {
          ...MediaFields
          upload {
            url
          }
        }
        ...FailureFields
      }
    }
  `,
  [mediaFields, failureFields],
);

export const MediaDocument = graphql(
  `
    query Media($id: ID!) {
      node(id: $id) {
        __typename
        id
        ...MediaFields
      }
    }
  `,
  [mediaFields],
);

export const UnfinishedUploadDocument = graphql(`
  query UnfinishedUpload($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Media {
        status
        upload {
          url
          receivedBytes
        }
      }
    }
  }
`);

export const MediaListDocument = graphql(
  `
    query MediaList($after: String) {
      media(first: 20, after: $after) {
        edges {
          node {
            ...MediaFields
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [mediaFields],
);

export const DeleteMediaDocument = graphql(
  `
    mutation DeleteMedia($mediaId: ID!) {
      deleteMedia(mediaId: $mediaId) {
        ... on Deletion {
          __typename
          deletedId
        }
        ...FailureFields
      }
    }
  `,
  [failureFields],
);
