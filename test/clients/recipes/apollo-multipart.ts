import {
  type ApolloCache,
  ApolloClient,
  ApolloLink,
  CombinedProtocolErrors,
  HttpLink,
  ServerError,
} from '@apollo/client';
import { RetryLink } from '@apollo/client/link/retry';
import { tap } from 'rxjs';
import { authorizedFetch, type GetToken } from './authorized';

/** Retries a stream that breaks off, but not one that was refused. */
const retry = new RetryLink({
  attempts(_count, { operationType }, error) {
    const isRefused = CombinedProtocolErrors.is(error) || (ServerError.is(error) && error.statusCode < 500);
    return operationType === 'subscription' && !isRefused;
  },
  delay: { initial: 300, max: 10_000 },
});

/** Each attempt sends the newest cursor as `$after`. */
const resume = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    tap(({ data }) => {
      const [event] = Object.values<{ cursor?: string } | null>(data ?? {});
      if (event?.cursor) operation.variables = { ...operation.variables, after: event.cursor };
    }),
  ),
);

/** `url` is `https://…/graphql`. Subscriptions use multipart. */
export function createApolloClient(url: string, getToken: GetToken, cache: ApolloCache): ApolloClient {
  const http = new HttpLink({ uri: url, fetch: authorizedFetch(getToken) });
  const link = ApolloLink.from([retry, resume, http]);
  return new ApolloClient({ cache, link });
}
