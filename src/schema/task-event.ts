import type { TaskChangeEvent } from '../domain/ports.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder } from './builder.ts';
import { toConnection, toWindow, WINDOW_COST, windowArgs } from './connection.ts';
import { TaskRef } from './task.ts';

export const TaskEventRef = builder.objectRef<TaskChangeEvent>('TaskEvent').implement({
  description:
    'One change of a task. Changes are kept for a day, and the newest 1,000 of a task, unless set otherwise.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', {
      description: 'Its place in the log: `after: cursor` goes on right behind it, in every place that takes one.',
    }),
    sequence: t.exposeInt('seq', {
      description:
        "Counts the changes of all the caller's tasks, from 1 on, without a gap: proves that none was missed. In a present state all but the last have 0.",
    }),
    at: t.field({
      type: 'DateTime',
      description: 'When the gateway learned of it.',
      resolve: ({ atMs }) => atMs,
    }),
    task: t.expose('task', { type: TaskRef, description: 'The task as it was right after the change.' }),
    resync: t.exposeBoolean('resync', {
      description:
        'True when changes between the given cursor and this one are no longer kept: read the present state of what matters.',
    }),
  }),
});

const TaskEventConnectionRef = builder.connectionObject(
  { type: TaskEventRef, name: 'TaskEventConnection', description: 'A window of a log of changes, oldest first.' },
  { description: 'A change, and its place in the log.' },
);

builder.queryField('events', (t) =>
  t.field({
    type: TaskEventConnectionRef,
    description: "The changes of all the caller's tasks, oldest first: what a client missed while it was away.",
    args: windowArgs(),
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const window = toWindow(args);
      return toConnection(await ledger.events(null, window), window);
    },
  }),
);

builder.interfaceField(TaskRef, 'events', (t) =>
  t.field({
    type: TaskEventConnectionRef,
    description: 'The changes of this task, oldest first.',
    args: windowArgs(),
    extensions: withCost({ ...WINDOW_COST, call: true }),
    async resolve(task, args, { ledger }) {
      const window = toWindow(args);
      return toConnection(await ledger.events(task, window), window);
    },
  }),
);
