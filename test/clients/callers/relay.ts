import {
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getRequest,
  type Environment,
  type PayloadError,
} from 'relay-runtime';
import operatorQuery, { type relayCallsOperatorQuery } from '../__generated__/relayCallsOperatorQuery.graphql.ts';
import createVoiceTask, {
  type relayCallsCreateVoiceMutation,
} from '../__generated__/relayCallsCreateVoiceMutation.graphql.ts';
import taskQuery, { type relayCallsTaskQuery } from '../__generated__/relayCallsTaskQuery.graphql.ts';
import tasksQuery, { type relayCallsTasksQuery } from '../__generated__/relayCallsTasksQuery.graphql.ts';
import type { GatewayError } from '../recipes/fetch.ts';
import { createEnvironment } from '../recipes/relay.ts';
import { type Caller, errorsOfResult, type Made, ResultErrors, type Task } from './caller.ts';

/** Returns all nodes of the connection in the store. */
function tasksIn(environment: Environment, first: number): relayCallsTasksQuery['response']['tasks'] {
  const { fragment } = createOperationDescriptor(getRequest(tasksQuery), { first });
  return (environment.lookup(fragment).data as relayCallsTasksQuery['response']).tasks;
}

/** Relay's error for a result without data, which has the result in `source`. */
function errorsOf(failure: unknown): readonly GatewayError[] {
  const { source } = failure as { readonly source?: { readonly errors: readonly GatewayError[] } };
  return source?.errors ?? errorsOfResult(failure);
}

export const RELAY: Caller = {
  library: 'Relay',

  open({ url, getToken }) {
    const noSubscriptions = { subscribe: () => () => {} };
    const environment = createEnvironment(url, getToken, noSubscriptions);
    return {
      async task(id) {
        const data = await fetchQuery<relayCallsTaskQuery>(environment, taskQuery, { id }).toPromise();
        return (data?.task ?? null) as Task | null;
      },
      createVoiceTask: (input) =>
        new Promise((resolve, reject) => {
          commitMutation<relayCallsCreateVoiceMutation>(environment, {
            mutation: createVoiceTask,
            variables: { input: input as relayCallsCreateVoiceMutation['variables']['input'] },
            onCompleted(data, errors: readonly PayloadError[] | null | undefined) {
              // A mutation that failed completes with null data.
              if (errors) reject(new ResultErrors(errors as readonly unknown[] as readonly GatewayError[]));
              else resolve(data.createVoiceTask as Made);
            },
            onError: reject,
          });
        }),
      async operator() {
        const data = await fetchQuery<relayCallsOperatorQuery>(environment, operatorQuery, {}).toPromise();
        const operator = data?.operator;
        if (operator?.ok === false) throw new ResultErrors(operator.errors as readonly GatewayError[]);
        return operator;
      },
      async walkTasks(first) {
        const walked: string[][] = [];
        let after: string | null = null;
        do {
          await fetchQuery(environment, tasksQuery, { first, after }).toPromise();
          const { edges, pageInfo } = tasksIn(environment, first) as ReturnType<typeof tasksIn> & {
            readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
          };
          walked.push(edges.map(({ node }) => node.id));
          after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
        } while (after !== null);
        return walked;
      },
      close() {},
    };
  },

  errorsOf,
  refusalOf: (failure) => errorsOf(failure)[0]?.extensions.code,
};
