import { cacheExchange, type Cache } from '@urql/exchange-graphcache';
import type { Exchange } from 'urql';
import { TasksDocument, VoicesDocument, type Task } from './documents.ts';

/** Types that have no identity: they live inside what shows them. */
const EMBEDDED = [
  'TaskConnection',
  'TaskEdge',
  'TaskEvent',
  'TaskFailure',
  'VoiceConnection',
  'VoiceEdge',
  'PageInfo',
  'ParentVideo',
  'GeneratedVideo',
  'Quote',
  'Viewer',
  'CreateLipSyncTaskPayload',
  'CreateVoicePayload',
  'DeleteVoicePayload',
  'CancelQueuedPayload',
  'IdentifyFacesPayload',
] as const;

const TASK_TYPES = ['LipSyncTask', 'VoiceTask'] as const;

/** Puts a task that is new to the list where it belongs; one that is older than the first page stays away from it. */
function listTask(cache: Cache, task: Task): void {
  cache.updateQuery({ query: TasksDocument, variables: {} }, (data) => {
    if (data === null) return null;
    const { edges, pageInfo } = data.tasks;
    if (edges.some(({ node }) => node.id === task.id)) return data;
    const later = edges.findIndex(({ node }) => node.createdAt < task.createdAt);
    if (later === -1 && pageInfo.hasNextPage) return data;
    const edge = { __typename: 'TaskEdge' as const, cursor: '', node: task };
    const at = later === -1 ? edges.length : later;
    return { ...data, tasks: { ...data.tasks, edges: [...edges.slice(0, at), edge, ...edges.slice(at)] } };
  });
}

/** A finished voice is in a list that only the gateway can make: it is asked again. */
function listVoicesOf(cache: Cache, task: Task): void {
  if (task.__typename !== 'VoiceTask' || task.status !== 'SUCCEEDED') return;
  for (const { fieldName, arguments: args } of cache.inspectFields('Query')) {
    if (fieldName === 'voices') cache.invalidate('Query', fieldName, args ?? undefined);
  }
}

interface TaskPayload {
  readonly task: Task;
}

function noteTask(payload: TaskPayload | null | undefined, cache: Cache): void {
  if (!payload) return;
  listTask(cache, payload.task);
  listVoicesOf(cache, payload.task);
}

/** One copy of every object, however it came: an event of a task changes each place that shows it. */
export function createCache(): Exchange {
  return cacheExchange({
    keys: Object.fromEntries(EMBEDDED.map((name) => [name, () => null])),
    possibleTypes: {
      Node: [...TASK_TYPES, 'FaceScan', 'Face', 'Voice'],
      Task: [...TASK_TYPES],
    },
    resolvers: {
      Query: {
        // A task that is known by another way is shown at once, and goes on being shown when the read of it is lost.
        node: (_parent, args: { id: string }, cache) =>
          TASK_TYPES.map((name) => ({ __typename: name, id: args.id })).find((task) => cache.resolve(task, 'id')) ??
          cache.resolve('Query', 'node', args),
      },
    },
    updates: {
      Subscription: {
        tasksChanged: ({ tasksChanged }: { tasksChanged?: TaskPayload | null }, _args, cache) =>
          noteTask(tasksChanged, cache),
      },
      Mutation: {
        createLipSyncTask: ({ createLipSyncTask }: { createLipSyncTask?: TaskPayload | null }, _args, cache) =>
          noteTask(createLipSyncTask, cache),
        createVoice: ({ createVoice }: { createVoice?: TaskPayload | null }, _args, cache) =>
          noteTask(createVoice, cache),
        deleteVoice: ({ deleteVoice }: { deleteVoice?: { readonly deletedVoiceId: string } | null }, _args, cache) => {
          if (!deleteVoice) return;
          cache.updateQuery({ query: VoicesDocument, variables: {} }, (data) =>
            data === null
              ? null
              : {
                  ...data,
                  voices: {
                    ...data.voices,
                    edges: data.voices.edges.filter(({ node }) => node.id !== deleteVoice.deletedVoiceId),
                  },
                },
          );
        },
      },
    },
  });
}
