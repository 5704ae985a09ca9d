import { ApolloClient, gql, HttpLink } from '@apollo/client';
import { POSSIBLE_TYPES } from '../generated.ts';
import { createCache, errorsOf, fetchNextPage } from '../recipes/apollo-calls.ts';
import { authorizedFetch } from '../recipes/authorized.ts';
import type { GatewayError } from '../recipes/fetch.ts';
import { OPERATOR, type Caller, CREATE_VOICE, type Made, TASK, type Task, TASKS, type TasksPage } from './caller.ts';

export const APOLLO: Caller = {
  library: 'Apollo Client',

  open({ url, getToken }) {
    const client = new ApolloClient({
      cache: createCache(POSSIBLE_TYPES),
      link: new HttpLink({ uri: url, fetch: authorizedFetch(getToken) }),
    });
    return {
      async task(id) {
        const { data } = await client.query<{ task: Task | null }>({ query: gql(TASK), variables: { id } });
        return data?.task ?? null;
      },
      async createVoiceTask(input) {
        const mutation = gql(CREATE_VOICE);
        const { data } = await client.mutate<{ createVoiceTask: Made }>({ mutation, variables: { input } });
        return data!.createVoiceTask;
      },
      operator: () => client.query({ query: gql(OPERATOR) }),
      walkTasks(first) {
        const query = client.watchQuery<TasksPage>({ query: gql(TASKS), variables: { first } });
        return new Promise((resolve, reject) => {
          const walked: string[][] = [];
          query.subscribe(({ data, loading }) => {
            if (loading) return;
            const { tasks } = data as TasksPage;
            walked.push(tasks.edges.map(({ node }) => node.id));
            if (tasks.pageInfo.hasNextPage) void fetchNextPage(query, tasks.pageInfo.endCursor).catch(reject);
            else resolve(walked);
          });
        });
      },
      close: () => client.stop(),
    };
  },

  errorsOf: (failure) => errorsOf(failure) as readonly unknown[] as readonly GatewayError[],
  refusalOf: (failure) => errorsOf(failure)[0]?.extensions?.['code'],
};
