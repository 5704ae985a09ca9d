import { type FieldNode, getArgumentValues, type SelectionSetNode, type ValidatedSubscriptionArgs } from 'graphql';
import { ALL_TASKS, checkTaskFilter, type Slice, type TaskFilter, type TaskFilterInput } from '../domain/list.ts';
import type { NamedTask, Watch } from '../domain/ports.ts';
import type { TaskChange } from '../domain/records.ts';
import { NOTES_MAX } from '../domain/task.ts';
import { badUserInput, GatewayError } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import {
  builder,
  decodeGlobalId,
  definedOnly,
  type GlobalId,
  NO_OBJECT,
  taskHandleOf,
  toConnection,
  WINDOW_COST,
  windowArgs,
} from './builder.ts';
import { DeletionResultRef, PAID_FAILURES } from './failures.ts';
import { LipSyncTaskRef } from './lip-sync.ts';
import { checkListArgs, MetadataInputRef, TaskFilterInputRef, TaskRef, taskTypeOf } from './task.ts';
import { VoiceTaskRef } from './voice.ts';

const TaskUpdateRef = builder.objectRef<TaskChange>('TaskUpdate').implement({
  description:
    'One change of a task, or its present state. By default, changes are kept for a day, and the newest 1,000 of each task.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', {
      description:
        'The position in the log. Pass it as `after` to continue right after it, in the query and in the subscription.',
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
      "Lists the changes of the caller's tasks, oldest first. The subscription `taskUpdates` continues from the same cursors. A page with a filter may be short or empty although more follow: go on with `endCursor` while `hasNextPage` is true.",
    args: {
      ...windowArgs(),
      filter: t.arg({
        type: TaskFilterInputRef,
        required: false,
        description: 'Only changes after which the task matches. Null means all. A page examines up to 500 changes.',
      }),
      taskId: t.arg.globalID({
        required: false,
        description: 'Only changes of this task. Empty if it does not exist, or belongs to another tenant.',
      }),
    },
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const { window, filter } = await checkListArgs(args, (each) =>
        ledger.events({ task: null, filter: ALL_TASKS }, each),
      );
      const watch = toWatch(args.taskId, filter);
      return toConnection(watch === null ? NOTHING : await ledger.events(watch, window), window);
    },
  }),
);

const NOTHING: Slice<TaskChange> = { edges: [], hasNextPage: false };

/** Returns null if the id is not the id of a task. */
function toWatch(taskId: GlobalId | null | undefined, filter: TaskFilter): Watch | null {
  if (taskId === null || taskId === undefined) return { task: null, filter };
  const task = taskHandleOf(taskId);
  return task && { task, filter };
}

builder.subscriptionType({
  description:
    'Live changes, over WebSocket (graphql-transport-ws), Server-Sent Events and multipart/mixed. The present state comes first, then every change in order, once; after a break, `after` with the last cursor goes on with exactly what was missed.',
});

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

builder.subscriptionField('taskUpdates', (t) =>
  t.field({
    type: TaskUpdateRef,
    description:
      'Reports task changes: first the present state, then every change, in order and once. The present state of all tasks is that of the tasks that have not ended, up to 1,000. The subscription completes only if `taskId` is given, when that task is final.',
    args: {
      after: t.arg.string({
        required: false,
        description:
          'The cursor of the last update received. Continues right after it, without the present state. Null sends the present state first. A cursor older than the log gets the present state, marked `resync`. One of another log is `BAD_USER_INPUT`.',
      }),
      filter: t.arg({
        type: TaskFilterInputRef,
        required: false,
        description:
          'Only changes after which the task matches. Null means all. A subscription with `taskId` completes at the end of the task even if the filter hides that change.',
      }),
      taskId: t.arg.id({
        required: false,
        description: 'Only this task. A `NOT_FOUND` error if it does not exist. Null means all tasks.',
      }),
    },
    subscribe: refuse,
    resolve: toChange,
  }),
);

/** A subscription, read from its operation: what is watched, and the cursor to start after. */
export interface Subscription {
  readonly watch: Watch;
  readonly after: string | null;
  /** The variable that holds the cursor. Null if the cursor is a literal or is missing. */
  readonly afterVariable: string | null;
}

interface Arguments {
  readonly after?: string | null;
  readonly filter?: TaskFilterInput | null;
  readonly taskId?: string | null;
}

/** Reads the root field of a subscription. Returns null if its `taskId` is not the id of a task. Throws `BAD_USER_INPUT`. */
export function toSubscription(args: ValidatedSubscriptionArgs): Subscription | null {
  const node = rootFieldOf(args);
  const fields = args.schema.getSubscriptionType()?.getFields() ?? {};
  const field = node === null ? undefined : fields[node.name.value];
  if (node === null || field === undefined) return null;
  const { after, filter, taskId = null } = getArgumentValues(field, node, args.variableValues) as Arguments;
  const checked = checkTaskFilter(filter ?? {}, ['filter']);
  if (!checked.ok) throw badUserInput(checked.issues);
  const watch = toWatch(taskId === null ? null : (decodeGlobalId(taskId) ?? NO_OBJECT), checked.value);
  if (watch === null) return null;
  return {
    watch,
    after: after ?? null,
    afterVariable: afterVariableOf(node),
  };
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

const TaskResultRef = builder.errorUnion('TaskResult', {
  description: 'The task right after the change, or why it was not changed.',
  types: [LipSyncTaskRef, VoiceTaskRef, ...PAID_FAILURES],
  resolveType: (task) => ('kind' in task ? taskTypeOf(task) : null),
});

builder.mutationFields((t) => ({
  cancelTask: t.field({
    type: TaskResultRef,
    nullable: true,
    description:
      'Cancels a task that Kling has not received yet. Later it is a `ConflictError`, because Kling cannot cancel. Costs nothing.',
    args: { taskId: t.arg.globalID({ description: 'The `id` of a task that is `QUEUED` and was never sent.' }) },
    resolve: (_root, { taskId }, { ledger }) => ledger.write('cancelTask', toNamedTask(taskId)),
  }),
  retryTask: t.field({
    type: TaskResultRef,
    nullable: true,
    description:
      'Creates a new task from one that is `FAILED` or `CANCELLED`, with its label, metadata, `webhookUrl` and `maxUnits`. Uses the scan and the speech again that the old task has paid for, as long as Kling accepts them. Costs 0.05 units for a voice; for a lip-sync 0.5 units for every 5 s of video, and 0.05 for a scan or speech that is made again.',
    args: {
      taskId: t.arg.globalID({
        description:
          'The `id` of a task of either kind. Another state of it is a `ConflictError`. Audio that came in base64 is not kept: an `INPUT_NOT_KEPT` issue.',
      }),
      payAgain: t.arg.boolean({
        defaultValue: false,
        description:
          'Whether to make it again although it may have been charged. Without it, a task of which an answer was lost is a `ConflictError`.',
      }),
      externalId: t.arg.string({
        required: false,
        description:
          "The caller's own id of the new task, 1 to 64 of `A-Z a-z 0-9 . _ : -`. Repeating a call with it returns the same new task and costs nothing, as long as the task is kept. Null makes a new task each time.",
      }),
    },
    resolve: (_root, { taskId, ...input }, { ledger }) =>
      ledger.write('retryTask', { ...toNamedTask(taskId), ...definedOnly(input) }),
  }),
  updateTask: t.field({
    type: TaskResultRef,
    nullable: true,
    description:
      "Changes the caller's own notes on a task, in any status. Costs nothing. An argument that is left out changes nothing; null clears. Subscriptions report the change.",
    args: {
      taskId: t.arg.globalID({ description: 'The `id` of a task of either kind.' }),
      label: t.arg.string({
        required: false,
        description: `The caller's own title, 1 to ${NOTES_MAX.labelChars} characters on one line, trimmed.`,
      }),
      metadata: t.arg({
        type: [MetadataInputRef],
        required: false,
        description: `The caller's own data, at most ${NOTES_MAX.pairs} pairs. Replaces all pairs.`,
      }),
    },
    resolve: (_root, { taskId, ...notes }, { ledger }) =>
      ledger.write('updateTask', { ...toNamedTask(taskId), ...definedOnly(notes) }),
  }),
  deleteTask: t.field({
    type: DeletionResultRef,
    nullable: true,
    description:
      "Deletes a final task with its results, archived files and updates, for good. Costs nothing. A voice that it made stays, without the gateway's copy of its sample. Subscriptions do not report it. A task that is not final is a `ConflictError`. Its external id stays taken, 30 days by default, so that a repeated create is not paid for again.",
    args: {
      taskId: t.arg.globalID({ description: 'The `id` of a task that is `SUCCEEDED`, `FAILED` or `CANCELLED`.' }),
    },
    async resolve(_root, { taskId }, { ledger }) {
      const { id, kind } = await ledger.write('deleteTask', toNamedTask(taskId));
      return { type: taskTypeOf({ kind }), id, answer: null };
    },
  }),
}));

/** The ledger refuses an id of another type, together with all else that is wrong. */
function toNamedTask(taskId: GlobalId): NamedTask {
  return taskHandleOf(taskId) ?? { id: taskId.id, kind: null };
}
