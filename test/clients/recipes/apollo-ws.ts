import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createWsClient } from './graphql-ws.ts';

/** `url` is `https://…/graphql`; subscriptions go over a WebSocket to the same place. */
export function createApolloClient(url: string): ApolloClient {
  const link = ApolloLink.split(
    ({ operationType }) => operationType === 'subscription',
    new GraphQLWsLink(createWsClient(url.replace('http', 'ws'))),
    new HttpLink({ uri: url }),
  );
  return new ApolloClient({ cache: new InMemoryCache(), link });
}
