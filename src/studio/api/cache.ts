import { cacheExchange, type Cache } from '@urql/exchange-graphcache';
import type { Exchange } from 'urql';
import { isListed } from '../tasks/task-filter.ts';
import type { VariablesOf } from './graphql.ts';
import { TaskEdgesDocument, type Task } from './documents.ts';
import { VoicesDocument } from './voice-documents.ts';

/** Types without an id. The cache embeds them in the objects that contain them. */
const EMBEDDED = [
  'MediaConnection',
  'MediaEdge',
  'MediaUpload',
  'TaskConnection',
  'TaskEdge',
  'VoiceConnection',
  'VoiceEdge',
  'PageInfo',
  'SpeechVoice',
  'Video',
  'KlingTask',
  'KlingTaskPage',
  'LipSyncQuote',
  'OperatorQuery',
  'ResourcePack',
  'StageCost',
  'Viewer',
  'WebhookAttempt',
  'WebhookDeliveryConnection',
  'WebhookDeliveryEdge',
  'WebhookSecret',
  'Deletion',
  'ConflictError',
  'InvalidInputError',
  'Issue',
  'KlingError',
  'QuotaExhaustedError',
] as const;

type TasksVariables = VariablesOf<typeof TaskEdgesDocument>;

/** The arguments of `tasks`, as the documents fill them from their variables. */
interface TasksArguments extends Pick<TasksVariables, 'after'> {
  readonly first?: unknown;
  readonly filter?: Omit<TasksVariables, 'after'>;
}

const TASK_TYPES = ['LipSyncTask', 'VoiceTask'] as const;

/**
 * Adds a new task to every list that it belongs to, and removes it from the others. Does not add a task that is older than
 * the loaded page.
 */
function listTask(cache: Cache, task: Task): void {
  for (const { fieldName, arguments: args } of cache.inspectFields('Query')) {
    if (fieldName !== 'tasks') continue;
    const { first: _, filter, ...position }: TasksArguments = args ?? {};
    const variables = { ...position, ...filter };
    cache.updateQuery({ query: TaskEdgesDocument, variables }, (data) => {
      if (data === null) return null;
      const { edges, pageInfo } = data.tasks;
      const withEdges = (changed: typeof edges) => ({ ...data, tasks: { ...data.tasks, edges: changed } });
      const isThere = edges.some(({ node }) => node.id === task.id);
      if (!isListed(variables, task)) {
        return isThere ? withEdges(edges.filter(({ node }) => node.id !== task.id)) : data;
      }
      if (isThere || variables.after != null) return data;
      const later = edges.findIndex(({ node }) => node.createdAt < task.createdAt);
      if (later === -1 && pageInfo.hasNextPage) return data;
      const edge = { __typename: 'TaskEdge' as const, cursor: '', node: task };
      const at = later === -1 ? edges.length : later;
      return withEdges([...edges.slice(0, at), edge, ...edges.slice(at)]);
    });
  }
}

/** The answer to a mutation: an object, or a failure. */
interface MutationAnswer {
  readonly __typename: string;
}

function isTask(answer: MutationAnswer | null | undefined): answer is Task {
  return TASK_TYPES.some((name) => name === answer?.__typename);
}

function noteTask(answer: MutationAnswer | null | undefined, cache: Cache): void {
  if (isTask(answer)) listTask(cache, answer);
}

/** Makes the shown list be read again. */
function forgetEndpoints(cache: Cache): void {
  cache.invalidate('Query', 'webhookEndpoints');
}

function forgetDeliveries(cache: Cache, id: string): void {
  const endpoint = { __typename: 'WebhookEndpoint', id };
  for (const { fieldKey, fieldName } of cache.inspectFields(endpoint)) {
    if (fieldName === 'deliveries') cache.invalidate(endpoint, fieldKey);
  }
}

/** Creates the normalised cache: an event of a task changes every place that shows the task. */
export function createCache(): Exchange {
  return cacheExchange({
    keys: Object.fromEntries(EMBEDDED.map((name) => [name, () => null])),
    possibleTypes: {
      Node: [...TASK_TYPES, 'Media', 'FaceScan', 'Face', 'Speech', 'Voice', 'WebhookEndpoint', 'WebhookDelivery'],
      Task: [...TASK_TYPES],
      Failure: ['ConflictError', 'InvalidInputError', 'KlingError', 'QuotaExhaustedError'],
    },
    resolvers: {
      Query: {
        // A task that another query has loaded is shown at once, also if its own query fails.
        node: (_parent, args: { id: string }, cache) =>
          TASK_TYPES.map((name) => ({ __typename: name, id: args.id })).find((task) => cache.resolve(task, 'id')) ??
          cache.resolve('Query', 'node', args),
      },
    },
    updates: {
      Query: {
        node({ node }: { readonly node?: Task | null }, _args, cache) {
          noteTask(node, cache);
        },
      },
      Mutation: {
        createLipSyncTask: ({ createLipSyncTask }: { createLipSyncTask?: MutationAnswer | null }, _args, cache) =>
          noteTask(createLipSyncTask, cache),
        createVoiceTask: ({ createVoiceTask }: { createVoiceTask?: MutationAnswer | null }, _args, cache) =>
          noteTask(createVoiceTask, cache),
        cancelTask: ({ cancelTask }: { cancelTask?: MutationAnswer | null }, _args, cache) =>
          noteTask(cancelTask, cache),
        retryTask: ({ retryTask }: { retryTask?: MutationAnswer | null }, _args, cache) => noteTask(retryTask, cache),
        deleteMedia: ({ deleteMedia }: { deleteMedia?: { readonly deletedId?: string } | null }, _args, cache) => {
          if (deleteMedia?.deletedId === undefined) return;
          cache.invalidate({ __typename: 'Media', id: deleteMedia.deletedId });
          for (const { fieldKey, fieldName } of cache.inspectFields('Query')) {
            if (fieldName === 'media') cache.invalidate('Query', fieldKey);
          }
        },
        createWebhookEndpoint: (_answer: unknown, _args, cache) => forgetEndpoints(cache),
        deleteWebhookEndpoint: (_answer: unknown, _args, cache) => forgetEndpoints(cache),
        sendTestWebhook: (_answer: unknown, { endpointId }: { endpointId: string }, cache) =>
          forgetDeliveries(cache, endpointId),
        deleteVoice: ({ deleteVoice }: { deleteVoice?: { readonly deletedId?: string } | null }, _args, cache) => {
          if (deleteVoice?.deletedId === undefined) return;
          cache.updateQuery({ query: VoicesDocument, variables: {} }, (data) =>
            data === null
              ? null
              : {
                  ...data,
                  voices: {
                    ...data.voices,
                    edges: data.voices.edges.filter(({ node }) => node.id !== deleteVoice.deletedId),
                  },
                },
          );
        },
      },
    },
  });
}

interface Stamped {
  readonly id: string;
  readonly updatedAt: string;
}

function isStamped(value: object): value is Stamped {
  return 'id' in value && typeof value.id === 'string' && 'updatedAt' in value && typeof value.updatedAt === 'string';
}

/**
 * Returns a function that replaces every older state of a task in `data` with the newest one so far. An answer can arrive
 * after an event that is newer, and a task on the screen must never go back.
 */
export function createKeepNewest(): <T>(data: T) => T {
  const newest = new Map<string, Stamped>();

  function visit(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    if (!isStamped(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child)]));
    }
    const known = newest.get(value.id);
    if (known !== undefined && known.updatedAt > value.updatedAt) return { ...value, ...known };
    newest.set(value.id, value);
    return value;
  }

  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- same keys, with values from the same schema
  return <T>(data: T) => visit(data) as T;
}
