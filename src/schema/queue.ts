import type { TaskRecord } from '../domain/records.ts';
import { GatewayError } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { taskHandleOf } from './global-id.ts';
import { TaskRef } from './task.ts';

builder.interfaceField(TaskRef, 'queuePosition', (t) =>
  t.int({
    nullable: true,
    description:
      "How many of the caller's own tasks wait before this one; 0 is next. Slots are shared fairly with other callers, so that it tells an order, not a time. Null unless the task waits for a slot.",
    extensions: withCost({ call: true }),
    resolve: ({ id, status }, _args, { ledger }) => (status === 'QUEUED' ? ledger.queuePosition(id) : null),
  }),
);

const CancelQueuedInputRef = builder.inputType('CancelQueuedInput', {
  description: 'Which task is taken back.',
  fields: (t) => ({ taskId: t.globalID({ description: 'The `id` of a task that is `QUEUED`.' }) }),
});

const CancelQueuedPayloadRef = builder.objectRef<{ readonly task: TaskRecord }>('CancelQueuedPayload').implement({
  description: 'What `cancelQueued` did.',
  fields: (t) => ({
    task: t.expose('task', { type: TaskRef, description: '`FAILED`, with the failure `CANCELLED`.' }),
  }),
});

builder.mutationField('cancelQueued', (t) =>
  t.field({
    type: CancelQueuedPayloadRef,
    nullable: true,
    description:
      'Takes back a task that has not been sent to Kling. Costs nothing. Errors: `CONFLICT` once it may be at Kling, which cannot cancel; `NOT_FOUND`. Null with an error when it was not done.',
    args: { input: t.arg({ type: CancelQueuedInputRef, description: 'Names one task.' }) },
    async resolve(_root, { input }, { ledger }) {
      const task = taskHandleOf(input.taskId);
      if (task === null)
        throw new GatewayError({ code: 'NOT_FOUND', message: 'There is no such task.', retryable: false });
      return { task: await ledger.write('cancelQueued', task) };
    },
  }),
);
