import type { TaskReference } from '../domain/ports.ts';
import type { TaskKind } from '../domain/task.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { toConnection, toWindow, WINDOW_COST, windowArgs } from './connection.ts';
import { type GlobalId, idOf } from './global-id.ts';
import { TaskKindRef, TaskRef, TaskStatusRef } from './task.ts';

/** Names one task. */
export const TaskReferenceInputRef = builder.inputType('TaskReferenceInput', {
  description: "One task, by the gateway's id or by the caller's own.",
  isOneOf: true,
  fields: (t) => ({
    id: t.globalID({ required: false, description: 'The `id` of the task. One of another type finds nothing.' }),
    externalId: t.string({
      required: false,
      description: 'The `externalId` that the caller gave when making the task.',
    }),
  }),
});

/** What the ledger is to look for; null when the id is none of a task of this kind. */
export function toTaskReference(
  kind: TaskKind,
  by: { readonly id?: GlobalId | null | undefined; readonly externalId?: string | null | undefined },
): TaskReference | null {
  if (typeof by.externalId === 'string') return { externalId: by.externalId };
  const id = idOf(kind === 'LIP_SYNC' ? 'LipSyncTask' : 'VoiceTask', by.id);
  return id === null ? null : { id };
}

/** The arguments of every list of tasks. */
export function taskListArgs() {
  return {
    ...windowArgs(),
    status: builder.args((t) => ({
      status: t.field({
        type: [TaskStatusRef],
        required: false,
        description: 'Only tasks that stand there now. Null and empty: all of them.',
      }),
    })).status,
  };
}

const TaskConnectionRef = builder.connectionObject(
  { type: TaskRef, name: 'TaskConnection', description: "A window of the caller's tasks of all kinds." },
  { description: 'A task of either kind, and where it stands in the list.' },
);

builder.queryField('tasks', (t) =>
  t.field({
    type: TaskConnectionRef,
    description: "The caller's tasks of all kinds, newest first.",
    args: {
      ...taskListArgs(),
      kind: t.arg({ type: TaskKindRef, required: false, description: 'Only tasks of this kind. Null: of all.' }),
    },
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const window = toWindow(args);
      const slice = await ledger.tasks({ kind: args.kind ?? null, statuses: args.status ?? [] }, window);
      return toConnection(slice, window);
    },
  }),
);
