import { Client, CombinedError, fetchExchange, type OperationResult } from '@urql/core';
import { INTROSPECTION } from '../generated.ts';
import { authorizedFetch } from '../recipes/authorized.ts';
import type { GatewayError } from '../recipes/fetch.ts';
import { createCacheExchange } from '../recipes/urql-calls.ts';
import { OPERATOR, type Caller, CREATE_VOICE, type Made, TASK, type Task, TASKS, type TasksPage } from './caller.ts';

function dataOf<Data>({ data, error }: OperationResult<Data>): Data {
  if (error !== undefined) throw error;
  return data!;
}

function errorsOf(failure: unknown): readonly GatewayError[] {
  if (!(failure instanceof CombinedError) || failure.networkError !== undefined) throw failure;
  return failure.graphQLErrors as readonly unknown[] as readonly GatewayError[];
}

export const URQL: Caller = {
  library: 'urql',

  open({ url, getToken }) {
    const fetch = authorizedFetch(getToken);
    const exchanges = [createCacheExchange(INTROSPECTION), fetchExchange];
    // Uses GET where possible, as urql does by default.
    const client = new Client({ url, fetch, exchanges, preferGetMethod: true });
    return {
      async task(id) {
        return dataOf(await client.query<{ task: Task | null }>(TASK, { id })).task;
      },
      async createVoiceTask(input) {
        return dataOf(await client.mutation<{ createVoiceTask: Made }>(CREATE_VOICE, { input })).createVoiceTask;
      },
      async operator() {
        return dataOf(await client.query(OPERATOR, {}));
      },
      async walkTasks(first) {
        const walked: string[][] = [];
        let after: string | null = null;
        do {
          const { tasks }: TasksPage = dataOf(await client.query<TasksPage>(TASKS, { first, after }));
          walked.push(tasks.edges.map(({ node }) => node.id));
          after = tasks.pageInfo.hasNextPage ? tasks.pageInfo.endCursor : null;
        } while (after !== null);
        return walked;
      },
      close() {},
    };
  },

  errorsOf,
  refusalOf: (failure) => errorsOf(failure)[0]?.extensions.code,
};
