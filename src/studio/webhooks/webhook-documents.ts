import { failureFields, taskFields } from '../api/documents.ts';
import { graphql, type ResultOf } from '../api/graphql.ts';

/** All fields of an endpoint that any screen shows. */
const endpointFields = graphql(`
  fragment EndpointFields on WebhookEndpoint @_unmask {
    __typename
    id
    url
    description
    statuses
    isPaused
    pausedReason
    createdAt
  }
`);

/** All fields of a delivery that any screen shows. */
const deliveryFields = graphql(
  `
    fragment DeliveryFields on WebhookDelivery @_unmask {
      __typename
      id
      status
      createdAt
      nextAttemptAt
      attempts {
        at
        durationMs
        responseStatus
        responseBody
        error
      }
      task @include(if: $withTasks) {
        ...TaskFields
      }
    }
  `,
  [taskFields],
);

export type WebhookEndpoint = ResultOf<typeof endpointFields>;
export type WebhookDelivery = ResultOf<typeof deliveryFields>;

export const WebhookEndpointsDocument = graphql(
  `
    query WebhookEndpoints {
      webhookEndpoints {
        ...EndpointFields
      }
    }
  `,
  [endpointFields],
);

export const WebhookEndpointDocument = graphql(
  `
    query WebhookEndpoint($id: ID!) {
      node(id: $id) {
        __typename
        id
        ...EndpointFields
      }
    }
  `,
  [endpointFields],
);

export const DeliveriesDocument = graphql(
  `
    query Deliveries($id: ID!, $after: String, $status: WebhookDeliveryStatus, $withTasks: Boolean!) {
      node(id: $id) {
        __typename
        id
        ... on WebhookEndpoint {
          deliveries(first: 20, after: $after, status: $status) {
            edges {
              cursor
              node {
                ...DeliveryFields
              }
            }
            pageInfo {
              hasNextPage
              endCursor
            }
          }
        }
      }
    }
  `,
  [deliveryFields],
);

export const CreateEndpointDocument = graphql(
  `
    mutation CreateWebhookEndpoint($url: String!, $statuses: [TaskStatus!]!, $description: String) {
      createWebhookEndpoint(url: $url, statuses: $statuses, description: $description) {
        ... on WebhookSecret {
          __typename
          secret
          previousSecretExpiresAt
          endpoint {
            ...EndpointFields
          }
        }
        ...FailureFields
      }
    }
  `,
  [endpointFields, failureFields],
);

export const RotateSecretDocument = graphql(
  `
    mutation RotateWebhookSecret($endpointId: ID!) {
      rotateWebhookSecret(endpointId: $endpointId) {
        ... on WebhookSecret {
          __typename
          secret
          previousSecretExpiresAt
          endpoint {
            ...EndpointFields
          }
        }
        ...FailureFields
      }
    }
  `,
  [endpointFields, failureFields],
);

/** A secret and its endpoint. The gateway shows it once. */
export type WebhookSecret = Extract<
  ResultOf<typeof RotateSecretDocument>['rotateWebhookSecret'],
  { __typename: 'WebhookSecret' }
>;

export const PauseEndpointDocument = graphql(
  `
    mutation PauseWebhookEndpoint($endpointId: ID!, $isPaused: Boolean!) {
      updateWebhookEndpoint(endpointId: $endpointId, isPaused: $isPaused) {
        ...EndpointFields
        ...FailureFields
      }
    }
  `,
  [endpointFields, failureFields],
);

export const DeleteEndpointDocument = graphql(
  `
    mutation DeleteWebhookEndpoint($endpointId: ID!) {
      deleteWebhookEndpoint(endpointId: $endpointId) {
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

export const SendTestDocument = graphql(
  `
    mutation SendTestWebhook($endpointId: ID!) {
      sendTestWebhook(endpointId: $endpointId) {
        ... on WebhookDelivery {
          __typename
          id
          status
        }
        ...FailureFields
      }
    }
  `,
  [failureFields],
);

export const RedeliverDocument = graphql(
  `
    mutation RedeliverWebhook($deliveryId: ID!) {
      redeliverWebhook(deliveryId: $deliveryId) {
        ... on WebhookDelivery {
          __typename
          id
          status
          nextAttemptAt
        }
        ...FailureFields
      }
    }
  `,
  [failureFields],
);
