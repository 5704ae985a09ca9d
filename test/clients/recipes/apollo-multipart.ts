import { ApolloClient, ApolloLink, CombinedProtocolErrors, HttpLink, InMemoryCache, ServerError } from '@apollo/client';
import { RetryLink } from '@apollo/client/link/retry';
import { tap } from 'rxjs';
import { authorizedFetch, type GetToken } from './authorized.ts';

/** A stream that breaks off is asked for again, one that was refused is not. */
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

/** `url` is `https://…/graphql`; subscriptions come as multipart. */
export function createApolloClient(url: string, getToken: GetToken): ApolloClient {
  const http = new HttpLink({ uri: url, fetch: authorizedFetch(getToken) });
  const link = ApolloLink.from([retry, resume, http]);
  return new ApolloClient({ cache: new InMemoryCache(), link });
}
