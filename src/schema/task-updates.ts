import { type FieldNode, getArgumentValues, type SelectionSetNode, type ValidatedSubscriptionArgs } from 'graphql';
import type { Watch } from '../domain/ports.ts';
import type { TaskChange } from '../domain/records.ts';
import type { TaskKind, TaskStatus } from '../domain/task.ts';
import { GatewayError } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { toConnection, toWindow, WINDOW_COST, windowArgs } from './connection.ts';
import { decodeGlobalId, taskHandleOf } from './global-id.ts';
import { TaskFilterInputRef, TaskRef, toTaskFilter } from './task.ts';

const TaskUpdateRef = builder.objectRef<TaskChange>('TaskUpdate').implement({
  description:
    'One change of a task, or its present state. By default, changes are kept for a day, and the newest 1,000 of each task.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', {
      description: 'The position in the log. Pass it as `after` to continue right after it.',
    }),
    sequence: t.exposeInt('seq', {
      description:
        "Counts the changes of all the caller's tasks from 1, without a gap. 0 for a present state, except its last item.",
    }),
    at: t.field({
      type: 'DateTime',
      description: 'When the gateway recorded the change.',
      resolve: ({ atMs }) => atMs,
    }),
    task: t.expose('task', { type: TaskRef, description: 'The task right after the change.' }),
    resync: t.exposeBoolean('resync', {
      description: 'Whether changes between the given cursor and this one are no longer kept. Read again what matters.',
    }),
  }),
});

const TaskUpdateConnectionRef = builder.connectionObject(
  { type: TaskUpdateRef, name: 'TaskUpdateConnection', description: 'A page of changes, oldest first.' },
  { description: 'A change and its position in the log.' },
);

builder.queryField('taskUpdates', (t) =>
  t.field({
    type: TaskUpdateConnectionRef,
    description:
      "Lists the changes of the caller's tasks, oldest first. The subscriptions continue from the same cursors.",
    args: {
      ...windowArgs(),
      taskId: t.arg.globalID({
        required: false,
        description: 'Only changes of this task. Empty if it does not exist, or belongs to another tenant.',
      }),
    },
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const window = toWindow(args);
      const { taskId } = args;
      if (taskId === undefined || taskId === null) return toConnection(await ledger.events(null, window), window);
      const handle = taskHandleOf(taskId);
      const task = handle === null ? null : await ledger.task({ id: handle.id });
      // A forged id of another kind must not show what the caller's scopes hide.
      const isFound = task !== null && task.kind === handle?.kind;
      return toConnection(isFound ? await ledger.events(task, window) : { edges: [], hasNextPage: false }, window);
    },
  }),
);

builder.interfaceField(TaskRef, 'events', (t) =>
  t.field({
    type: TaskUpdateConnectionRef,
    description: 'The changes of this task, oldest first.',
    args: windowArgs(),
    extensions: withCost({ ...WINDOW_COST, call: true }),
    async resolve(task, args, { ledger }) {
      const window = toWindow(args);
      return toConnection(await ledger.events(task, window), window);
    },
  }),
);

builder.subscriptionType({
  description:
    'Live changes, over WebSocket (graphql-transport-ws), Server-Sent Events and multipart/mixed. The present state comes first, then every change in order, once; after a break, `after` with the last cursor goes on with exactly what was missed.',
});

const AFTER =
  'The cursor of the last event that was seen: what came behind it follows, and not the present state. Null: the present state first. A cursor too old to go on from gets the present state with `resync: true`; one that is not of this log is `BAD_USER_INPUT`.';

/** Creates the error for a subscription over a transport that sends one response. */
export function needsStream(): GatewayError {
  return new GatewayError({
    code: 'BAD_USER_INPUT',
    message: 'A subscription needs a transport that streams: WebSocket, text/event-stream or multipart/mixed.',
    retryable: false,
  });
}

/** Refuses to subscribe. The hub runs the operation once for each event instead of a source event stream. */
function refuse(): never {
  throw needsStream();
}

/** Returns the event. The hub passes it as the root value of the operation. */
function toChange(event: unknown): TaskChange {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the hub passes nothing else as the root value
  return event as TaskChange;
}

builder.subscriptionFields((t) => ({
  taskChanged: t.field({
    type: TaskUpdateRef,
    description: 'One task, until it is final: then the subscription completes. Errors: `NOT_FOUND`.',
    args: {
      id: t.arg.id({ description: 'The `id` of the task.' }),
      after: t.arg.string({ required: false, description: AFTER }),
    },
    subscribe: refuse,
    resolve: toChange,
  }),
  tasksChanged: t.field({
    type: TaskUpdateRef,
    description: "All of the caller's tasks. The present state is that of the tasks that have not ended, up to 1,000.",
    args: {
      after: t.arg.string({ required: false, description: AFTER }),
      filter: t.arg({ type: TaskFilterInputRef, required: false, description: 'Null: all changes.' }),
    },
    subscribe: refuse,
    resolve: toChange,
  }),
}));

/** A subscription, read from its operation: which tasks are watched, and the cursor to start after. */
export interface Subscription {
  readonly watch: Watch;
  readonly after: string | null;
  /** The variable that holds the cursor. Null if the cursor is a literal or is missing. */
  readonly afterVariable: string | null;
}

interface Arguments {
  readonly id?: string;
  readonly after?: string | null;
  readonly filter?: { readonly kind?: TaskKind | null; readonly status?: readonly TaskStatus[] | null } | null;
}

/** Reads the root field of a subscription. Returns null if its `id` is not the id of a task. */
export function toSubscription(args: ValidatedSubscriptionArgs): Subscription | null {
  const node = rootFieldOf(args);
  const fields = args.schema.getSubscriptionType()?.getFields() ?? {};
  const field = node === null ? undefined : fields[node.name.value];
  if (node === null || field === undefined) return null;
  const { id, after, filter } = getArgumentValues(field, node, args.variableValues) as Arguments;
  const watch = id === undefined ? { taskId: null, filter: toTaskFilter(filter) } : toTaskWatch(id);
  if (watch === null) return null;
  return {
    watch,
    after: after ?? null,
    afterVariable: afterVariableOf(node),
  };
}

function toTaskWatch(id: string): Watch | null {
  const globalId = decodeGlobalId(id);
  const task = globalId && taskHandleOf(globalId);
  return task && { taskId: task.id, filter: { kind: task.kind, statuses: [] } };
}

/** Finds the first field. It may be inside fragments, and after fragments without a field. */
function rootFieldOf({ operation, fragments }: ValidatedSubscriptionArgs): FieldNode | null {
  const seen = new Set<string>();

  function firstOf({ selections }: SelectionSetNode): FieldNode | null {
    for (const node of selections) {
      if (node.kind === 'Field') return node;
      const isSpread = node.kind === 'FragmentSpread';
      if (isSpread && seen.has(node.name.value)) continue;
      if (isSpread) seen.add(node.name.value);
      const selectionSet = isSpread ? fragments[node.name.value]?.definition.selectionSet : node.selectionSet;
      const field = selectionSet === undefined ? null : firstOf(selectionSet);
      if (field !== null) return field;
    }
    return null;
  }

  return firstOf(operation.selectionSet);
}

function afterVariableOf(node: FieldNode): string | null {
  const value = node.arguments?.find((argument) => argument.name.value === 'after')?.value;
  return value?.kind === 'Variable' ? value.name.value : null;
}
