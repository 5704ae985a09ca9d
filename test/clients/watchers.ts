import { gql, type ApolloClient } from '@apollo/client';
import type { Client as UrqlClient } from '@urql/core';
import { requestSubscription, type ConcreteRequest, type Environment } from 'relay-runtime';
import taskSubscription from './__generated__/relayOperationsTaskSubscription.graphql.ts';
import tasksSubscription from './__generated__/relayOperationsTasksSubscription.graphql.ts';
import { TOKEN } from '../support/token.ts';
import type { CuttableProxy } from './cuttable-proxy.ts';
import { POSSIBLE_TYPES } from './generated.ts';
import { createCache } from './recipes/apollo-calls.ts';
import { createApolloClient as createApolloOverMultipart } from './recipes/apollo-multipart.ts';
import { createApolloClient as createApolloOverWs } from './recipes/apollo-ws.ts';
import { watch as watchByEventSource } from './recipes/eventsource.ts';
import { createSseClient } from './recipes/graphql-sse.ts';
import { createWsClient } from './recipes/graphql-ws.ts';
import { createEnvironment } from './recipes/relay.ts';
import type { Subscriber } from './recipes/resumable.ts';
import { createUrqlClient } from './recipes/urql.ts';

/** The fields of an event that the tests select. */
export interface WatchedEvent {
  readonly cursor: string;
  readonly sequence: number;
  readonly task: { readonly id: string; readonly status: string };
}

/** A subscription. Relay uses its artefact, and the others its text. */
export interface WatchedOperation {
  readonly query: string;
  readonly artifact: ConcreteRequest;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The callbacks of a subscription. A failure is a result without an event. */
export interface Watching {
  readonly event: (event: WatchedEvent) => void;
  readonly complete: () => void;
  readonly failure: (reason: unknown) => void;
}

/** One client library with its recipe. `watch` starts a new client, subscribes once, and returns a function that stops it. */
export interface Watcher {
  readonly library: string;
  readonly watch: (proxy: CuttableProxy, operation: WatchedOperation, watching: Watching) => () => void;
}

const EVENT = '{ cursor sequence task { id status } }';

/** A subscription to every change of every task. */
export function allTasks(): WatchedOperation {
  return {
    query: `subscription ($after: String) { taskUpdates(after: $after) ${EVENT} }`,
    artifact: tasksSubscription,
    variables: {},
  };
}

/** A subscription to every change of one task, until it is final. */
export function oneTask(id: string): WatchedOperation {
  return {
    query: `subscription ($id: ID!, $after: String) { taskUpdates(taskId: $id, after: $after) ${EVENT} }`,
    artifact: taskSubscription,
    variables: { id },
  };
}

interface Data {
  readonly taskUpdates?: WatchedEvent;
}

interface Result {
  readonly data?: unknown;
  readonly errors?: unknown;
  readonly error?: unknown;
}

/** Passes an execution result to its callback. Libraries name failures differently. */
function take({ data, errors, error }: Result, { event, failure }: Watching): void {
  const change = (data as Data | null | undefined)?.taskUpdates;
  if (change === undefined) return failure(error ?? errors);
  // Leaves out `__typename`, which some libraries add.
  const { cursor, sequence, task } = change;
  event({ cursor, sequence, task: { id: task.id, status: task.status } });
}

/** Returns the code of the first error. Libraries keep the errors in different places. */
export function codeOf(reason: unknown): unknown {
  type Errors = readonly { readonly extensions?: { readonly code?: string } }[];
  const of = reason as {
    readonly errors?: Errors;
    readonly graphQLErrors?: Errors;
    readonly source?: { errors: Errors };
  };
  const errors = Array.isArray(reason) ? (reason as Errors) : (of.errors ?? of.graphQLErrors ?? of.source?.errors);
  return errors?.[0]?.extensions?.code ?? reason;
}

function watchThrough(subscriber: Subscriber, operation: WatchedOperation, watching: Watching): () => void {
  const { query, variables } = operation;
  return subscriber.subscribe(
    { query, variables },
    {
      next: (result: Result) => take(result, watching),
      error: watching.failure,
      complete: watching.complete,
    },
  );
}

function watchByApollo(client: ApolloClient, operation: WatchedOperation, watching: Watching): () => void {
  const { query, variables } = operation;
  const subscription = client.subscribe({ query: gql(query), variables }).subscribe({
    next: (result) => take(result, watching),
    error: watching.failure,
    complete: watching.complete,
  });
  return () => {
    subscription.unsubscribe();
    client.stop();
  };
}

/** Subscribes once through an urql client, and returns a function that stops it. */
export function watchByUrql(client: UrqlClient, operation: WatchedOperation, watching: Watching): () => void {
  const { query, variables } = operation;
  const subscription = client.subscription(query, variables).subscribe((result) => {
    // urql repeats the last result to report the end.
    if (result.hasNext) take(result, watching);
    else watching.complete();
  });
  return () => subscription.unsubscribe();
}

function watchByRelay(environment: Environment, operation: WatchedOperation, watching: Watching): () => void {
  const { dispose } = requestSubscription(environment, {
    subscription: operation.artifact,
    variables: operation.variables,
    onNext: (data) => take({ data }, watching),
    onError: watching.failure,
    onCompleted: watching.complete,
  });
  return dispose;
}

const getToken = async (): Promise<string> => TOKEN;

/** The libraries with a recipe, in the order of docs/clients.md. */
export const WATCHERS: readonly Watcher[] = [
  {
    library: 'graphql-ws',
    watch: ({ socketUrl }, ...rest) => watchThrough(createWsClient(socketUrl, getToken), ...rest),
  },
  {
    library: 'graphql-sse',
    watch: ({ url }, ...rest) => watchThrough(createSseClient(url, getToken), ...rest),
  },
  {
    library: 'Apollo Client over WebSocket',
    watch: ({ url }, ...rest) => watchByApollo(createApolloOverWs(url, getToken, createCache(POSSIBLE_TYPES)), ...rest),
  },
  {
    library: 'Apollo Client over multipart',
    watch: ({ url }, ...rest) =>
      watchByApollo(createApolloOverMultipart(url, getToken, createCache(POSSIBLE_TYPES)), ...rest),
  },
  {
    library: 'urql over WebSocket',
    watch: ({ url, socketUrl }, ...rest) =>
      watchByUrql(createUrqlClient(url, getToken, createWsClient(socketUrl, getToken)), ...rest),
  },
  {
    library: 'urql over Server-Sent Events',
    watch: ({ url }, ...rest) => watchByUrql(createUrqlClient(url, getToken, createSseClient(url, getToken)), ...rest),
  },
  {
    library: 'Relay over WebSocket',
    watch: ({ url, socketUrl }, ...rest) =>
      watchByRelay(createEnvironment(url, getToken, createWsClient(socketUrl, getToken)), ...rest),
  },
  {
    library: 'EventSource',
    watch({ url }, operation, watching) {
      const source = watchByEventSource(url, getToken, operation, (result) => take(result as Result, watching));
      source.addEventListener('complete', watching.complete);
      return () => source.close();
    },
  },
];
