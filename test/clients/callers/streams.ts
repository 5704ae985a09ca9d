import { createSseClient } from '../recipes/graphql-sse.ts';
import { createWsClient } from '../recipes/graphql-ws.ts';
import { once } from '../recipes/once.ts';
import type { Subscriber } from '../recipes/resumable.ts';
import {
  OPERATOR,
  type Caller,
  type Calls,
  CREATE_VOICE,
  type Made,
  dataOf,
  errorsOfResult,
  type Result,
  TASK,
  type Task,
  TASKS,
  type TasksPage,
  walkByHand,
} from './caller.ts';

function callsOf(client: Subscriber & { dispose(): unknown }): Calls {
  async function ask<Data>(query: string, variables: Record<string, unknown>): Promise<Data> {
    return dataOf(await once<Result<Data>>(client, { query, variables }));
  }
  return {
    task: async (id) => (await ask<{ task: Task | null }>(TASK, { id })).task,
    createVoiceTask: async (input) => (await ask<{ createVoiceTask: Made }>(CREATE_VOICE, { input })).createVoiceTask,
    operator: () => ask(OPERATOR, {}),
    walkTasks: (first) => walkByHand(first, (variables) => ask<TasksPage>(TASKS, variables)),
    close() {
      // graphql-ws repeats here why it has given up.
      Promise.resolve(client.dispose()).catch(() => {});
    },
  };
}

export const GRAPHQL_WS: Caller = {
  library: 'graphql-ws',
  open: ({ socketUrl, getToken }) => callsOf(createWsClient(socketUrl, getToken)),
  errorsOf: errorsOfResult,
  refusalOf: (failure) => (failure as CloseEvent).code,
};

export const GRAPHQL_SSE: Caller = {
  library: 'graphql-sse',
  open: ({ url, getToken }) => callsOf(createSseClient(url, getToken)),
  errorsOf: errorsOfResult,
  refusalOf: (failure) => failure instanceof Error && failure.message,
};
