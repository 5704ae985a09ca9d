import { createClient } from 'graphql-ws';

interface Operation {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Record<string, unknown> | null;
}

interface FetcherOptions {
  readonly headers?: Record<string, string>;
  readonly documentAST?: {
    readonly definitions: readonly {
      readonly kind: string;
      readonly operation?: string;
      readonly name?: { readonly value: string };
    }[];
  };
}

function isSubscription({ operationName }: Operation, { documentAST }: FetcherOptions): boolean {
  return (documentAST?.definitions ?? []).some(
    ({ kind, operation, name }) =>
      kind === 'OperationDefinition' &&
      operation === 'subscription' &&
      (typeof operationName !== 'string' || name?.value === operationName),
  );
}

async function post(url: string, operation: Operation, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(operation),
  });
  return response.json();
}

/** A new socket for each subscription, that begins with the headers as they are in the editor. */
function subscribe(url: string, operation: Operation, headers: Record<string, string>): AsyncIterable<unknown> {
  const client = createClient({ url: url.replace(/^http/, 'ws'), connectionParams: headers, retryAttempts: 0 });
  return client.iterate({
    query: operation.query,
    variables: operation.variables ?? {},
    ...(typeof operation.operationName === 'string' && { operationName: operation.operationName }),
  });
}

/** How GraphiQL reaches the gateway: HTTP for what is answered once, WebSocket for what goes on. */
export function createFetcher(url: string) {
  return (operation: Operation, options: FetcherOptions = {}): Promise<unknown> | AsyncIterable<unknown> => {
    const headers = options.headers ?? {};
    return isSubscription(operation, options) ? subscribe(url, operation, headers) : post(url, operation, headers);
  };
}
