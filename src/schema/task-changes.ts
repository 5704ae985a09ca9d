import { NOTES_MAX } from '../domain/task.ts';
import type { NamedTask } from '../domain/ports.ts';
import { ConflictError, InvalidInputError, QuotaExhaustedError } from '../errors.ts';
import { builder, definedOnly } from './builder.ts';
import { DeletionResultRef } from './deletion.ts';
import { type GlobalId, taskHandleOf } from './global-id.ts';
import { LipSyncTaskRef } from './lip-sync.ts';
import { MetadataInputRef, taskTypeOf } from './task.ts';
import { VoiceTaskRef } from './voice.ts';

const TaskResultRef = builder.errorUnion('TaskResult', {
  description: 'The task right after the change, or why it was not changed.',
  types: [LipSyncTaskRef, VoiceTaskRef, InvalidInputError, ConflictError, QuotaExhaustedError],
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
