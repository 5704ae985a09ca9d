import type { GatewayError } from '../recipes/fetch.ts';

/** The fields of a task that the tests query. */
export interface Task {
  readonly id: string;
  readonly status: string;
  readonly externalId: string | null;
}

/** A failure that a mutation answers with. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly issues?: readonly { readonly code: string; readonly path: readonly string[]; readonly message: string }[];
}

/** The answer to a mutation that makes a task. */
export type Made = Task | Refusal;

/** Returns the task. Throws for a failure. */
export function taskOf(made: Made): Task {
  // Relay sets the fields of the other types to undefined.
  if (!('id' in made) || made.id === undefined) throw new Error(JSON.stringify(made));
  return made;
}

/** The URLs of the gateway. */
export interface Endpoint {
  readonly url: string;
  readonly socketUrl: string;
  readonly getToken: () => Promise<string>;
}

/** The calls of a client, made with its library. All reject with the failure of the library. */
export interface Calls {
  task(id: string): Promise<Task | null>;
  createVoiceTask(input: object): Promise<Made>;
  /** A query that needs the scope `operator`. */
  operator(): Promise<unknown>;
  /** Returns the ids of all tasks that the library has after each page. */
  walkTasks(first: number): Promise<readonly (readonly string[])[]>;
  close(): void;
}

/** One client library. */
export interface Caller {
  readonly library: string;
  open(endpoint: Endpoint): Calls;
  /** Returns the gateway's errors in a failure of the library. Throws for any other failure. */
  errorsOf(failure: unknown): readonly GatewayError[];
  /** How the library shows an invalid token. */
  refusalOf(failure: unknown): unknown;
}

export const TASK = 'query Task($id: ID!) { task(by: { id: $id }) { id status externalId } }';

export const CREATE_VOICE =
  'mutation CreateVoice($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id status externalId } ... on Failure { code message } ... on InvalidInputError { issues { code path message } } } }';

export const OPERATOR = 'query Operator { operator { resourcePacks { name } } }';

export const TASKS = `query Tasks($first: Int!, $after: String) {
  tasks(first: $first, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } }
}`;

/** One page of the task list. */
export interface TasksPage {
  readonly tasks: {
    readonly edges: readonly { readonly node: { readonly id: string } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

export interface Result<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GatewayError[];
}

/** For libraries that return the result unchanged. */
export function dataOf<Data>({ data, errors }: Result<Data>): Data {
  if (errors !== undefined) throw new ResultErrors(errors);
  if (data === null || data === undefined) throw new Error('neither data nor errors');
  return data;
}

/** Returns the errors of a result that the library resolved with. */
export class ResultErrors extends Error {
  readonly errors: readonly GatewayError[];
  constructor(errors: readonly GatewayError[]) {
    super(errors[0]?.message ?? '');
    this.errors = errors;
  }
}

export function errorsOfResult(failure: unknown): readonly GatewayError[] {
  if (failure instanceof ResultErrors) return failure.errors;
  throw failure;
}

/** Walks a list by hand, with the cursor of each page for the next one. */
export async function walkByHand(
  first: number,
  read: (variables: { first: number; after: string | null }) => Promise<TasksPage>,
): Promise<readonly (readonly string[])[]> {
  const walked: string[][] = [];
  let after: string | null = null;
  for (;;) {
    const { tasks }: TasksPage = await read({ first, after });
    walked.push([...(walked.at(-1) ?? []), ...tasks.edges.map(({ node }) => node.id)]);
    if (!tasks.pageInfo.hasNextPage) return walked;
    after = tasks.pageInfo.endCursor;
  }
}
