import { endedAtMsOf, notesOf, updatedAtMsOf } from '../domain/apply.ts';
import { checkAll } from '../domain/check.ts';
import {
  ALL_TASKS,
  checkTaskFilter,
  TASK_ORDERS,
  type TaskFilter,
  type TaskFilterInput,
  type TaskOrder,
  type Window,
} from '../domain/list.ts';
import { JUDGED_BY } from '../domain/estimate.ts';
import { failureOf } from '../domain/failure.ts';
import { sumOfUnits } from '../domain/cost.ts';
import type { PreparationCost, TaskRecord } from '../domain/records.ts';
import { type Metadata, NOTES_MAX, TASK_KINDS, TASK_STATUSES, type TaskKind, type TaskStatus } from '../domain/task.ts';
import { badUserInput, InvalidInputError, type Issue } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import {
  builder,
  checkWindow,
  enumValues,
  taskHandleOf,
  toConnection,
  WINDOW_COST,
  type WindowArgs,
  windowArgs,
} from './builder.ts';
import { FailureRef, TASK_FAILURE_TYPES } from './failures.ts';

const STATUS_MEANING = {
  PREPARING: 'The gateway prepares it: see `LipSyncTask.stage`.',
  QUEUED:
    'Kept by the gateway: it waits for a free slot at Kling, or the gateway looks up a create whose answer was lost. It goes on without further action.',
  SUBMITTED: "Kling has it and has not begun. It holds one of the account's slots from here to the end.",
  PROCESSING: 'Kling is working on it.',
  SUCCEEDED: 'Final: the results are there, until `expiresAt`.',
  FAILED: 'Final: `failure` says why. A new attempt is a new task with another external id.',
  CANCELLED: 'Final: cancelled by the caller before Kling received it. It costs nothing.',
  UNRECOGNIZED:
    'Kling named a state that this gateway does not know; `kling.klingStatus` has its word. Not final: the task is read again.',
} as const satisfies Record<TaskStatus, string>;

const KIND_MEANING = {
  LIP_SYNC: 'A `LipSyncTask`, made by `createLipSyncTask`.',
  VOICE: 'A `VoiceTask`, made by `createVoiceTask`.',
} as const satisfies Record<TaskKind, string>;

const ORDER_MEANING = {
  NEWEST_FIRST: 'By `createdAt`, the newest task first.',
  OLDEST_FIRST: 'By `createdAt`, the oldest task first. New tasks are added at the end.',
} as const satisfies Record<TaskOrder, string>;

export const TaskStatusRef = builder.enumType('TaskStatus', {
  description: 'How far a task is. A status never goes back. `SUCCEEDED`, `FAILED` and `CANCELLED` are final.',
  values: enumValues(TASK_STATUSES, STATUS_MEANING),
});

const TaskKindRef = builder.enumType('TaskKind', {
  description: 'The kinds of tasks. Each has a type of its own that implements `Task`.',
  values: enumValues(TASK_KINDS, KIND_MEANING),
});

const MetadataRef = builder.objectRef<Metadata>('Metadata').implement({
  description: "A pair of the caller's own data.",
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Unique within the list.' }),
    value: t.exposeString('value', { description: 'The text that belongs to the key. May be empty.' }),
  }),
});

/** A pair of the caller's own data in an input. */
export const MetadataInputRef = builder.inputType('MetadataInput', {
  description: "A pair of the caller's own data.",
  fields: (t) => ({
    key: t.string({
      description: `1 to ${NOTES_MAX.keyChars} characters on one line, trimmed. Unique within the list.`,
    }),
    value: t.string({ description: `At most ${NOTES_MAX.valueChars} characters. May be empty.` }),
  }),
});

/** The meaning of `label` and `metadata` in the inputs that create tasks. */
export const NOTES_MEANING = {
  label: `The caller's own title, 1 to ${NOTES_MAX.labelChars} characters on one line, trimmed. A repeated create does not change it: see \`updateTask\`. Null means no title.`,
  metadata: `The caller's own data, at most ${NOTES_MAX.pairs} pairs. Kling never gets it. A repeated create does not change it: see \`updateTask\`.`,
} as const;

/** The meaning of `webhookUrl` in the inputs that create tasks. */
export const WEBHOOK_URL_MEANING =
  'Receives every change of this task. Its origin must be that of a webhook endpoint of the caller, whose secret signs it. Another origin is a `NOT_FOUND` issue. By the same rules as the URL of an endpoint. Null sends nothing.';

/** Returns the name of a task's type. */
export function taskTypeOf({ kind }: Pick<TaskRecord, 'kind'>): 'LipSyncTask' | 'VoiceTask' {
  return kind === 'LIP_SYNC' ? 'LipSyncTask' : 'VoiceTask';
}

/** The fields that all kinds of tasks have. */
export const TaskRef = builder.interfaceRef<TaskRecord>('Task').implement({
  description: 'Work that takes time. The gateway stores it before Kling is called, and follows it to its end.',
  interfaces: [builder.nodeInterfaceRef()],
  resolveType: taskTypeOf,
  fields: (t) => ({
    externalId: t.exposeString('externalId', {
      nullable: true,
      description: "The caller's own id, unique among the caller's tasks. Null if none was given.",
    }),
    label: t.string({
      nullable: true,
      description: "The caller's own title. Null if the caller gave no title.",
      resolve: ({ label }) => label,
    }),
    metadata: t.field({
      type: [MetadataRef],
      description: "The caller's own data, in the given order. An old update shows the present data.",
      extensions: withCost({ max: NOTES_MAX.pairs }),
      resolve: (task) => notesOf(task).metadata,
    }),
    status: t.expose('status', {
      type: TaskStatusRef,
      description: 'The last known status. The gateway reads it from Kling on its own.',
    }),
    failure: t.field({
      type: FailureRef,
      nullable: true,
      description: 'Set exactly if `status` is `FAILED`. Not an error of the request that shows it.',
      extensions: withCost({ types: TASK_FAILURE_TYPES }),
      resolve: ({ failure }) => (failure === null ? null : { failure: failureOf(failure) }),
    }),
    createdAt: t.expose('createdAtMs', {
      type: 'DateTime',
      description: 'When the gateway accepted the task. Lists are sorted by this time.',
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'When anything shown here last changed, apart from `estimatedEndAt`.',
      resolve: updatedAtMsOf,
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When Kling received the task. Null before, and in a task that version 0.1 made.',
      resolve: ({ startedAtMs }) => startedAtMs,
    }),
    endedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the task became final. Null before.',
      resolve: endedAtMsOf,
    }),
    estimatedEndAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: `When the task is expected to end, judged by the caller's newest ${JUDGED_BY.max} \`SUCCEEDED\` tasks of its kind. It is the median of those that took longer than this one so far, so it is never in the past. Null if the task is final, with fewer than ${JUDGED_BY.min} such tasks, or if none took longer. An update shows the end that was expected at its \`at\`.`,
      resolve: ({ estimatedEndAtMs }) => estimatedEndAtMs,
    }),
    expiresAt: t.expose('expiresAtMs', {
      type: 'DateTime',
      nullable: true,
      description: 'When Kling deletes the results, 30 days after the end. Null until `SUCCEEDED`.',
    }),
    unitsEstimated: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        'The expected cost of all steps in units, rounded up. The length of the video is the one from Kling, else from the caller, else 60 s. Null if unknown.',
      resolve: (task) =>
        task.unitsEstimated === null
          ? null
          : sumOfUnits([task.unitsEstimated, ...stepsOf(task).map(({ unitsEstimated }) => unitsEstimated)]),
    }),
    unitsCharged: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'The cost so far in units, as Kling reports it. Null while unknown.',
      resolve: (task) => sumOfUnits([task.unitsDeducted, ...stepsOf(task).map(({ unitsCharged }) => unitsCharged)]),
    }),
    webhookUrl: t.field({
      type: 'URL',
      nullable: true,
      description:
        "The URL that receives this task's changes, beside the caller's endpoints. It gets none after its endpoint is deleted. Null if none was given.",
      resolve: ({ details }) => details?.webhook?.url,
    }),
  }),
});

function stepsOf(task: TaskRecord): readonly PreparationCost[] {
  return task.kind === 'LIP_SYNC' ? (task.preparation ?? []) : [];
}

/** Names one task, by either id. */
export const TaskReferenceInputRef = builder.inputType('TaskReferenceInput', {
  description: "Names one task, by its id or by the caller's own.",
  isOneOf: true,
  fields: (t) => ({
    id: t.globalID({ required: false, description: 'The `id` of the task. An id of another type finds nothing.' }),
    externalId: t.string({
      required: false,
      description: 'The `externalId` that the caller gave when making the task.',
    }),
  }),
});

const TaskConnectionRef = builder.connectionObject(
  { type: TaskRef, name: 'TaskConnection', description: "A page of the caller's tasks." },
  { description: 'A task and its position in the list.' },
);

/** Selects tasks, in a list and in a subscription. `checkTaskFilter` checks it. */
export const TaskFilterInputRef = builder.inputType('TaskFilterInput', {
  description:
    'Selects tasks that match every given field. For changes, the filter is matched against the task after the change.',
  fields: (t) => ({
    kind: t.field({ type: TaskKindRef, required: false, description: 'Only tasks of this kind. Null means all.' }),
    status: t.field({
      type: [TaskStatusRef],
      required: false,
      description: 'Only tasks in any of these. Null and empty mean all.',
    }),
    createdFrom: t.field({
      type: 'DateTime',
      required: false,
      description: 'Only tasks that were created at this instant or later. Null means no bound.',
    }),
    createdBefore: t.field({
      type: 'DateTime',
      required: false,
      description:
        'Only tasks that were created before this instant, which must not be before `createdFrom`. Null means no bound.',
    }),
    label: t.string({
      required: false,
      description: `Only tasks with exactly this label, 1 to ${NOTES_MAX.labelChars} characters on one line, trimmed. Null means all.`,
    }),
  }),
});

const TaskOrderRef = builder.enumType('TaskOrder', {
  description: 'The order of a list of tasks.',
  values: enumValues(TASK_ORDERS, ORDER_MEANING),
});

builder.queryField('task', (t) =>
  t.field({
    type: TaskRef,
    nullable: true,
    description: "Returns one of the caller's tasks. Null if it does not exist, or belongs to another tenant.",
    args: { by: t.arg({ type: TaskReferenceInputRef, description: 'Names the task.' }) },
    async resolve(_root, { by }, { ledger }) {
      if (typeof by.externalId === 'string') return ledger.task({ externalId: by.externalId });
      const handle = by.id === null || by.id === undefined ? null : taskHandleOf(by.id);
      const task = handle === null ? null : await ledger.task({ id: handle.id });
      return task?.kind === handle?.kind ? task : null;
    },
  }),
);

builder.queryField('tasks', (t) =>
  t.field({
    type: TaskConnectionRef,
    description:
      "Lists the caller's tasks. A cursor is a place in time: with another filter or order, the list continues from that place.",
    args: {
      ...windowArgs(),
      filter: t.arg({ type: TaskFilterInputRef, required: false, description: 'Which tasks. Null lists all.' }),
      orderBy: t.arg({ type: TaskOrderRef, defaultValue: 'NEWEST_FIRST', description: 'The order of the list.' }),
    },
    extensions: withCost(WINDOW_COST),
    async resolve(_root, { orderBy, ...args }, { ledger }) {
      const { window, filter } = await checkListArgs(args, (each) => ledger.tasks(ALL_TASKS, each));
      return toConnection(await ledger.tasks(filter, window, orderBy), window);
    },
  }),
);

interface ListArgs extends WindowArgs {
  readonly filter?: TaskFilterInput | null | undefined;
}

/**
 * Checks the arguments of a list with a filter. Throws `BAD_USER_INPUT` with everything that is wrong. `read` reads the list
 * without a filter: only its owner can check the cursor.
 */
export async function checkListArgs({ filter, ...args }: ListArgs, read: (window: Window) => Promise<unknown>) {
  const checked = checkAll<{ window: Window; filter: TaskFilter }>({
    window: checkWindow(args),
    filter: checkTaskFilter(filter ?? {}, ['filter']),
  });
  if (checked.ok) return checked.value;
  const after = args.after ?? null;
  const cursorIssues = after === null ? [] : await read({ first: 0, after }).then(() => [], issuesOfInput);
  throw badUserInput([...checked.issues, ...cursorIssues]);
}

function issuesOfInput(error: unknown): readonly Issue[] {
  if (error instanceof InvalidInputError) return error.failure.issues ?? [];
  throw error;
}

builder.interfaceField(TaskRef, 'retryOf', (t) =>
  t.field({
    type: TaskRef,
    nullable: true,
    description:
      'The task that this one retries, of the same kind. Null if it retries none, or if that one is deleted.',
    extensions: withCost({ call: true }),
    resolve: ({ retryOf }, _args, { ledger }) => (retryOf === undefined ? null : ledger.task({ id: retryOf })),
  }),
);

builder.interfaceField(TaskRef, 'queuePosition', (t) =>
  t.int({
    nullable: true,
    description:
      "How many of the caller's tasks are sent before this one. It says nothing about the time, because tenants share the slots. Null unless the task waits for a slot at Kling.",
    extensions: withCost({ call: true }),
    resolve: ({ id, status }, _args, { ledger }) => (status === 'QUEUED' ? ledger.queuePosition(id) : null),
  }),
);
