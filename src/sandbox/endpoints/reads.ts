import type { AccountContext, Call, Handler } from '../account-context.ts';
import { KlingFailure, invalid } from '../codes.ts';
import type { Task, TaskKind } from '../tasks/task.ts';
import { renderNormalised, renderTask, type Rendering } from '../tasks/wire.ts';
import { readPage } from '../validate/paging.ts';

const normalisedIdsMax = 20;

/** GET of one task, by Kling's id or the client's own. */
export function readTask(kind: TaskKind): Handler {
  return (call, account) => {
    const task = account.tasks.find(call.id, kind);
    if (task === null) throw invalid(`Task not found by id/external id: ${call.id}`);
    return {
      data: renderTask(task, toRendering(task, call, account)),
      taskId: task.taskId,
      numberIds: hasNumberIds(task),
    };
  };
}

/** GET of a page of tasks, the newest first. */
export function listTasks(kind: TaskKind, pageSizeMax: number): Handler {
  return (call, account) => {
    const { page, pageSize } = readPage(call.query, pageSizeMax);
    const tasks = account.tasks.list(kind, page, pageSize);
    return {
      data: tasks.map((task) => renderTask(task, toRendering(task, call, account))),
      numberIds: tasks.some((task) => hasNumberIds(task)),
    };
  };
}

/** GET /tasks?task_ids=a,b: for API keys alone; ids that are not known are left out. */
export const listTasksByIds: Handler = (call, account) => {
  if (call.credential !== 'api-key') throw new KlingFailure(1002, 'Authorization is invalid: API key required');
  const ids = (call.query.get('task_ids') ?? '').split(',').filter((id) => id !== '');
  if (ids.length === 0) throw invalid('taskIds: must not be empty');
  if (ids.length > normalisedIdsMax) throw invalid(`taskIds: size must be between 1 and ${normalisedIdsMax}`);
  const tasks = [...new Set(ids)].flatMap((id) => {
    const task = account.tasks.find(id, null);
    return task?.taskId === id ? [task] : [];
  });
  return {
    data: tasks.map((task) => renderNormalised(task, toRendering(task, call, account))),
    numberIds: tasks.some((task) => hasNumberIds(task)),
  };
};

function toRendering(task: Task, { origin, now }: Call, account: AccountContext): Rendering {
  const { voice } = task.plan;
  const voiceDeleted = voice !== null && account.things.get('voice', voice.id)?.deleted === true;
  return { origin, now, voiceDeleted };
}

function hasNumberIds(task: Task): boolean {
  return task.plan.words.includes('number-id');
}
