import type { GatewayError } from '../recipes/fetch.ts';

/** A task as the tests ask for it. */
export interface Task {
  readonly id: string;
  readonly status: string;
  readonly externalId: string | null;
}

/** Where the gateway listens, for a client of its own. */
export interface Endpoint {
  readonly url: string;
  readonly socketUrl: string;
  readonly getToken: () => Promise<string>;
}

/** What a client does by its library's own means. All reject with what the library calls the failure. */
export interface Calls {
  task(id: string): Promise<Task | null>;
  createVoice(input: object): Promise<Task>;
  /** What needs the scope `operator`. */
  account(): Promise<unknown>;
  /** The ids of all tasks as the library has them after each page. */
  walkTasks(first: number): Promise<readonly (readonly string[])[]>;
  close(): void;
}

/** One client library. */
export interface Caller {
  readonly library: string;
  open(endpoint: Endpoint): Calls;
  /** The gateway's errors in the library's own failure; fails for any other. */
  errorsOf(failure: unknown): readonly GatewayError[];
  /** How the library shows a token that proves nothing, in a word. */
  refusalOf(failure: unknown): unknown;
}

export const TASK = 'query Task($id: ID!) { voiceTask(by: { id: $id }) { id status externalId } }';

export const CREATE_VOICE =
  'mutation CreateVoice($input: CreateVoiceInput!) { createVoice(input: $input) { task { id status externalId } } }';

export const ACCOUNT = 'query Account { account { resourcePacks { name } } }';

export const TASKS = `query Tasks($first: Int!, $after: String) {
  tasks(first: $first, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } }
}`;

/** One page of that list. */
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

/** For libraries that hand on the result as it comes. */
export function dataOf<Data>({ data, errors }: Result<Data>): Data {
  if (errors !== undefined) throw new ResultErrors(errors);
  if (data === null || data === undefined) throw new Error('neither data nor errors');
  return data;
}

/** The errors of a result that the library resolved with. */
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

/** Walks a list by hand: each page is asked for behind the last one. */
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
