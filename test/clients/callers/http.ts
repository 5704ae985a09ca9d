import { watch } from '../recipes/eventsource.ts';
import { execute } from '../recipes/fetch.ts';
import {
  OPERATOR,
  type Caller,
  CREATE_VOICE,
  type Made,
  dataOf,
  type Endpoint,
  errorsOfResult,
  type Result,
  TASK,
  type Task,
  TASKS,
  type TasksPage,
  walkByHand,
} from './caller.ts';

type Ask = <Data>({ url, getToken }: Endpoint, query: string, variables: object) => Promise<Result<Data>>;

function callerOf(library: string, ask: Ask): Omit<Caller, 'refusalOf'> {
  return {
    library,
    open(endpoint) {
      const data = async <Data>(query: string, variables: object) =>
        dataOf(await ask<Data>(endpoint, query, variables));
      return {
        task: async (id) => (await data<{ task: Task | null }>(TASK, { id })).task,
        createVoiceTask: async (input) =>
          (await data<{ createVoiceTask: Made }>(CREATE_VOICE, { input })).createVoiceTask,
        operator: () => data(OPERATOR, {}),
        walkTasks: (first) => walkByHand(first, (variables) => data<TasksPage>(TASKS, variables)),
        close() {},
      };
    },
    errorsOf: errorsOfResult,
  };
}

export const FETCH: Caller = {
  ...callerOf('fetch', ({ url, getToken }, query, variables) => execute(url, getToken, { query, variables })),
  refusalOf: (failure) => errorsOfResult(failure)[0]?.extensions.code,
};

/** The event of an EventSource for a failed connection. */
class SourceError extends Error {
  readonly status: unknown;
  constructor(event: Event) {
    super('the EventSource failed');
    this.status = Reflect.get(event, 'code');
  }
}

const askByEventSource: Ask = ({ url, getToken }, query, variables) =>
  new Promise((resolve, reject) => {
    const source = watch(url, getToken, { query, variables }, (result) => resolve(result as never));
    source.addEventListener('error', (event) => {
      source.close();
      reject(new SourceError(event));
    });
  });

export const EVENT_SOURCE: Caller = {
  ...callerOf('EventSource', askByEventSource),
  refusalOf: (failure) => failure instanceof SourceError && failure.status,
};
