import { type ApolloCache, ApolloClient, ApolloLink, HttpLink } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { authorizedFetch, type GetToken } from './authorized';
import { createWsClient } from './graphql-ws';

/** `url` is `https://…/graphql`. Subscriptions use a WebSocket to the same path. */
export function createApolloClient(url: string, getToken: GetToken, cache: ApolloCache): ApolloClient {
  const link = ApolloLink.split(
    ({ operationType }) => operationType === 'subscription',
    new GraphQLWsLink(createWsClient(url.replace('http', 'ws'), getToken)),
    new HttpLink({ uri: url, fetch: authorizedFetch(getToken) }),
  );
  return new ApolloClient({ cache, link });
}
