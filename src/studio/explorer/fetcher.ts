import { Kind, parse, type OperationDefinitionNode } from 'graphql';
import { createClient } from 'graphql-ws';

interface Operation {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Record<string, unknown> | null;
}

interface FetcherOptions {
  readonly headers?: Record<string, string>;
}

/** Parses the operations of a document. Empty for an invalid text, whose errors the gateway reports. */
function operationsIn(query: string): readonly OperationDefinitionNode[] {
  try {
    return parse(query).definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  } catch {
    return [];
  }
}

async function post(url: string, operation: Operation, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(operation),
  });
  return response.json();
}

/** Subscribes with a new socket, which sends the current headers of the editor. */
function subscribe(url: string, operation: Operation, headers: Record<string, string>): AsyncIterable<unknown> {
  const client = createClient({ url: url.replace(/^http/, 'ws'), connectionParams: headers, retryAttempts: 0 });
  return client.iterate({
    query: operation.query,
    variables: operation.variables ?? {},
    ...(typeof operation.operationName === 'string' && { operationName: operation.operationName }),
  });
}

/** Creates GraphiQL's fetcher: HTTP for queries and mutations, WebSocket for subscriptions. */
export function createFetcher(url: string) {
  return (operation: Operation, options: FetcherOptions = {}): Promise<unknown> | AsyncIterable<unknown> => {
    const headers = options.headers ?? {};
    // After a change of tabs, GraphiQL still passes the parsed document and the name of the previous tab.
    const operations = operationsIn(operation.query);
    const named = operations.find(({ name }) => name?.value === operation.operationName);
    const chosen = named ?? (operations.length === 1 ? operations[0] : undefined);
    const fresh = chosen === undefined ? operation : { ...operation, operationName: chosen.name?.value ?? null };
    return chosen?.operation === 'subscription' ? subscribe(url, fresh, headers) : post(url, fresh, headers);
  };
}
